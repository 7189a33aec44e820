import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, Validator, type ValidationError, type ValidatorOptions } from 'class-validator';
import type { Constructor } from '../decorators';
import { ClassPlan } from './class-plan';
import { issue, validationFailed, type Issue } from './issues';
import { nestedIssues } from './nested-shape';
import type { Check } from './type-check';

/** class-validator's own options; Portal's defaults refuse whatever the class does not name. */
export type ValidationOptions = Pick<
  ValidatorOptions,
  'skipMissingProperties' | 'whitelist' | 'forbidNonWhitelisted' | 'groups' | 'always' | 'stopAtFirstError'
>;

const STRICT = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true } as const;

/** How deep objects and arrays may stand in each other in a message for a class. */
const MAX_DEPTH = 32;

/** Names by which a message would change what an object is (CVE-2019-18413, CVE-2020-7637). */
const REFUSED = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether class-validator knows anything of the class; without that it could check nothing. */
export function isValidated(type: Constructor): boolean {
  return getMetadataStorage().getTargetValidationMetadatas(type, '', false, false).length > 0;
}

/**
 * Validates by the decorators of class-validator, after class-transformer made an instance of the class.
 * `path`: where the value stands in the message.
 */
export function classCheck(type: Constructor, options: ValidationOptions, path = ''): Check {
  const validator = new Validator();
  // an option that is there and undefined is none: it must not take the place of what is strict
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings: ValidatorOptions = { ...STRICT, ...given, validationError: { target: false, value: false } };
  const make = type as new () => object;
  const plan = Object.keys(given).length === 0 ? ClassPlan.of(type) : undefined;
  return (value) => {
    const accepted = plan !== undefined && isObject(value) && !Array.isArray(value) ? plan.accept(value) : undefined;
    if (accepted !== undefined) return accepted;
    if (!isObject(value) || Array.isArray(value)) {
      throw validationFailed([issue(path, 'isObject', `${path || 'data'} must be an object`)]);
    }
    const unfit = unfitIn(value, 1, path);
    if (unfit !== undefined) throw validationFailed([unfit]);
    const instance = plainToInstance(make, value);
    // validateSync leaves out what is asynchronous: a check that waits would let everything pass
    return validator.validate(instance, settings).then((errors) => {
      const issues = errors.length > 0 ? issuesOf(errors, path, []) : nestedIssues(instance, path);
      if (issues.length > 0) throw validationFailed(issues);
      return instance;
    });
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}

/** What class-transformer must not see, whatever the class says of it. */
function unfitIn(object: object, depth: number, path: string): Issue | undefined {
  if (depth > MAX_DEPTH) return issue(path, 'maxDepth', `objects may stand in each other ${MAX_DEPTH} deep`);
  for (const key of Object.keys(object)) {
    if (REFUSED.has(key)) {
      return issue(join(path, key), 'whitelistValidation', `property ${key} should not exist`);
    }
    const value = (object as Record<string, unknown>)[key];
    const unfit = isObject(value) ? unfitIn(value, depth + 1, join(path, key)) : undefined;
    if (unfit !== undefined) return unfit;
  }
  return undefined;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function issuesOf(errors: readonly ValidationError[], parent: string, found: Issue[]): Issue[] {
  for (const { property, constraints, children } of errors) {
    const path = property === undefined ? parent : join(parent, property);
    if (constraints !== undefined) found.push({ path, constraints });
    if (children !== undefined) issuesOf(children, path, found);
  }
  return found;
}
