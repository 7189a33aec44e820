import { isError } from './runtime';

/** Types whose objects would lose their contents, and the value to send in their place. */
const INSTEAD: readonly (readonly [type: Function, instead: string])[] = [
  [Map, 'Object.fromEntries(map) or [...map]'],
  [Set, '[...set]'],
  [WeakMap, 'a plain object'],
  [WeakSet, 'an array'],
  [Promise, 'what it resolves with: await it'],
  [RegExp, 'its source'],
  [Blob, 'its bytes, in a codec that has bytes'],
];

const INSTEAD_OF_ERROR = 'what the client may know of it, or throw it';

const BYTES = 'its bytes through MessagePackCodec, or a text of base64';

/**
 * Says why an object cannot be sent, and what to send in its place; `undefined` where it can be sent. The peer would get `{}` of an object
 * whose contents are not in its properties. `hasBytes` is true for a codec that carries bytes.
 */
export function whyUnsendable(data: object, hasBytes: boolean): string | undefined {
  const prototype = Object.getPrototypeOf(data) as object | null;
  if (prototype === Object.prototype || prototype === null || Array.isArray(data)) return undefined;
  const name = typeof prototype.constructor === 'function' ? prototype.constructor.name : 'object';
  if (ArrayBuffer.isView(data)) return hasBytes ? undefined : `bytes (${name}) are no JSON: send ${BYTES}`;
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) {
    return `${name} is no data: send ${hasBytes ? 'new Uint8Array(buffer)' : BYTES}`;
  }
  if (data instanceof Date || isWrittenAsJson(data, hasBytes)) return undefined;
  const instead = insteadOf(data);
  return instead === undefined ? undefined : `${name} would be sent as {}: send ${instead}`;
}

function insteadOf(data: object): string | undefined {
  // it may reject, and nobody waits for it any more
  if (data instanceof Promise) data.catch(() => {});
  for (const [type, instead] of INSTEAD) if (data instanceof type) return instead;
  if (isError(data)) return INSTEAD_OF_ERROR;
  if (isObservable(data)) return 'an async iterable of its values';
  if (Object.keys(data).length > 0 || data instanceof String) return undefined;
  if (Symbol.iterator in data) return 'an array of its items';
  return hasGetters(data) ? 'an object with what its getters give, or give its class a toJSON()' : undefined;
}

/** True for an object with `toJSON`, which MessagePack does not call. */
function isWrittenAsJson(data: object, hasBytes: boolean): boolean {
  return !hasBytes && typeof (data as { toJSON?: unknown }).toJSON === 'function';
}

/** True for an observable of RxJS, which a handler of NestJS may return. */
function isObservable(data: object): boolean {
  const { subscribe, pipe } = data as { subscribe?: unknown; pipe?: unknown };
  return typeof subscribe === 'function' && typeof pipe === 'function';
}

/** True where the class of an object has getters, whose values no codec sends, such as `Response`. */
function hasGetters(data: object): boolean {
  for (let at = Object.getPrototypeOf(data) as object | null; at !== null; at = Object.getPrototypeOf(at) as object) {
    // that of Object has one, __proto__
    if (Object.getPrototypeOf(at) === null) return false;
    if (Object.values(Object.getOwnPropertyDescriptors(at)).some((found) => found.get !== undefined)) return true;
  }
  return false;
}

/** The same for a value without cycles and all that it contains. The text begins with the path. */
export function whyUnsendableWithin(data: unknown, hasBytes: boolean, path = 'data'): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const why = whyUnsendable(data, hasBytes);
  if (why !== undefined) return `${path}: ${why}`;
  if (ArrayBuffer.isView(data) || isWrittenAsJson(data, hasBytes)) return undefined;
  let first: string | undefined;
  // to the end, since each promise in it may reject
  for (const [key, value] of Object.entries(data)) {
    const inside = whyUnsendableWithin(value, hasBytes, `${path}.${key}`);
    first ??= inside;
  }
  return first;
}
