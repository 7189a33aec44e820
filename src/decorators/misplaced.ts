import 'reflect-metadata';
import { keyFor } from '../copies';
import type { Constructor } from './constructor';

/** A decorator without effect where it stands. Binding refuses it at boot, with the name of the class. */
export interface Misplaced {
  /** Such as `@OnMessage()`. */
  readonly decorator: string;
  /** Such as `stands on the static member say, …`. */
  readonly fault: string;
}

const MISPLACED = keyFor('misplaced');

const METHOD = 'a method of a controller, as say() { … } is';
const PARAMETER = 'a parameter of a handler: of a method with @OnMessage() or one of its kin';
const CLASS = 'a class';

/** True where a method decorator stands on a method. Notes the mistake where it does not. */
export function standsOnMethod(decorator: string, target: object, name: unknown): boolean {
  return isNamedMethod(target, name) || noted(decorator, target, whatIs(target, name), METHOD);
}

/** The same for a decorator of parameters. */
export function standsOnParameter(decorator: string, target: object, name: unknown, index: unknown): boolean {
  if (isNamedMethod(target, name) && typeof index === 'number') return true;
  const at = typeof index === 'number' ? `parameter ${index + 1} of ` : '';
  const what = at !== '' && name === undefined ? 'the constructor' : whatIs(target, name);
  return noted(decorator, target, at + what, PARAMETER);
}

/** The same for a decorator of classes. */
export function standsOnClass(decorator: string, target: object, name: unknown): boolean {
  const isClass = typeof target === 'function' && name === undefined;
  return isClass || noted(decorator, target, whatIs(target, name), CLASS);
}

/** The misplaced decorators of a class and its base classes. */
export function misplacedOn(target: Constructor): Misplaced[] {
  const found: Misplaced[] = [];
  for (let at: unknown = target; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    found.push(...((Reflect.getOwnMetadata(MISPLACED, at) as Misplaced[] | undefined) ?? []));
  }
  return found;
}

function isNamedMethod(target: object, name: unknown): boolean {
  return typeof target !== 'function' && typeof name === 'string';
}

/** The name of a class or a member in an error. */
export function whatIs(target: object, name: unknown): string {
  if (name === undefined) return 'the class';
  if (typeof name === 'symbol') return `${String(name)}, which has a symbol for a name`;
  return `${typeof target === 'function' ? 'the static member ' : ''}${name as string}`;
}

function noted(decorator: string, target: object, on: string, belongs: string): false {
  note(target, { decorator, fault: `stands on ${on}, where it does nothing. It belongs on ${belongs}.` });
  return false;
}

/** Notes a misplaced decorator on a class or a member of it. */
export function note(target: object, misplaced: Misplaced): void {
  const owner = typeof target === 'function' ? target : target.constructor;
  const own = (Reflect.getOwnMetadata(MISPLACED, owner) as Misplaced[] | undefined) ?? [];
  Reflect.defineMetadata(MISPLACED, [...own, misplaced], owner);
}
