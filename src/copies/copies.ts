/** Copies of Portal with the same major version understand each other's decorators, classes and errors. */
export const MAJOR = 0;

const KEY = /^portal-ws:\w+@(\d+)$/;

/** The key of a value that all copies of this major version in a process share. */
export function keyFor(name: string): symbol {
  return Symbol.for(`portal-ws:${name}@${MAJOR}`);
}

/** The other major versions of Portal among the owners of these keys. */
export function keysOfOtherMajors(keys: Iterable<unknown>): number[] {
  const majors = [...keys].flatMap((key) => {
    const major = typeof key === 'symbol' ? KEY.exec(key.description ?? '')?.[1] : undefined;
    return major === undefined ? [] : [Number(major)];
  });
  return majors.filter((major) => major !== MAJOR);
}

type Class = abstract new (...args: never[]) => unknown;

const NAME = keyFor('class');

/** The classes of this copy, by the names that they have in all copies. */
const own = new Map<string, Class>();

const hasInstance = Function.prototype[Symbol.hasInstance] as (this: Function, value: unknown) => boolean;

/** Makes `instanceof` true for instances of another copy's class too. Subclasses are not affected. */
export function recognise(constructor: Class, name: string): void {
  const mark = keyFor(name);
  own.set(name, constructor);
  Object.defineProperty(constructor.prototype, mark, { value: true });
  Object.defineProperty(constructor, NAME, { value: name });
  Object.defineProperty(constructor, Symbol.hasInstance, {
    value(this: Function, value: unknown) {
      if (this !== constructor) return hasInstance.call(this, value);
      return ((typeof value === 'object' && value !== null) || typeof value === 'function') && mark in value;
    },
  });
}

/** This copy's class in the place of another copy's class; any other value as it is. */
export function ownClass<Value>(value: Value): Value {
  if (typeof value !== 'function' || !Object.hasOwn(value, NAME)) return value;
  return (own.get((value as unknown as Record<symbol, string>)[NAME]!) as Value | undefined) ?? value;
}

/** The major version of a class of another major version of Portal; `undefined` for any other value. */
export function otherMajorOf(value: unknown): number | undefined {
  return typeof value === 'function' ? keysOfOtherMajors(Object.getOwnPropertySymbols(value))[0] : undefined;
}
