import type { PortalError } from '../messages';
import { invalid } from './issues';

/** Limits of the size of a body. */
export interface BodyLimits extends WalkLimits {
  readonly maxMessageBytes: number;
}

interface WalkLimits {
  /** Properties and items in all levels. */
  readonly maxKeys: number;
  /** Objects and arrays in each other. */
  readonly maxDepth: number;
}

/**
 * Names that no body for a class may have. Some would change the class of an object (CVE-2019-18413, CVE-2020-7637); the others are methods
 * of every object.
 */
export const REFUSED_NAMES: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
]);

/** True for an object or array, false for bytes too. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}

/**
 * Checks the shape of a body before a library does, which may take long for each key.
 * @throws PortalError for a body that is too deep, has too many keys, or a refused name
 */
export function walkBody(body: object, limits: WalkLimits, path: string, refused?: ReadonlySet<string>): void {
  new BodyWalk(limits, path === '' ? [] : [path], refused).enter(body, 1);
}

/** `trail` has the keys that lead to the value. */
export class BodyWalk {
  private keys = 0;

  constructor(
    private readonly limits: WalkLimits,
    private readonly trail: (string | number)[],
    private readonly refused: ReadonlySet<string> | undefined,
  ) {}

  enter(object: object, depth: number): void {
    this.refuseTooDeep(depth);
    if (Array.isArray(object)) {
      this.count(object.length);
      for (let index = 0; index < object.length; index++) {
        const item: unknown = object[index];
        if (isObject(item)) this.under(index, item, depth);
      }
      return;
    }
    const names = Object.keys(object);
    this.count(names.length);
    for (const name of names) {
      if (this.refused?.has(name) === true) throw this.refusal(name);
      const value = (object as Record<string, unknown>)[name];
      if (isObject(value)) this.under(name, value, depth);
    }
  }

  refuseTooDeep(depth: number): void {
    const { maxDepth } = this.limits;
    if (depth <= maxDepth) return;
    throw invalid(this.trail.join('.'), 'maxDepth', `objects may stand in each other ${maxDepth} deep`);
  }

  refusal(name: string): Error {
    return invalid([...this.trail, name].join('.'), 'whitelistValidation', `property ${name} should not exist`);
  }

  private under(key: string | number, value: object, depth: number): void {
    this.trail.push(key);
    this.enter(value, depth + 1);
    this.trail.pop();
  }

  private count(keys: number): void {
    const { maxKeys } = this.limits;
    this.keys += keys;
    if (this.keys <= maxKeys) return;
    throw tooManyKeys(this.trail.join('.'), maxKeys);
  }
}

export function tooManyKeys(path: string, maxKeys: number): PortalError {
  return invalid(path, 'maxKeys', `there may be ${maxKeys} properties and items at most`);
}
