/** What to send in place of an object that would lose what it holds. */
const INSTEAD: readonly (readonly [type: Function, instead: string])[] = [
  [Map, 'Object.fromEntries(map) or [...map]'],
  [Set, '[...set]'],
  [WeakMap, 'a plain object'],
  [WeakSet, 'an array'],
  [Promise, 'what it resolves with: await it'],
  [RegExp, 'its source'],
  [Error, 'what the client may know of it, or throw it'],
  [Blob, 'its bytes, in a codec that has bytes'],
];

const BYTES = 'its bytes through MessagePackCodec, or a text of base64';

/**
 * Why an object cannot be sent, and what can; undefined where it can be. It would be `{}` for the peer, as what it holds is not in its
 * properties. `hasBytes`: the codec carries bytes.
 */
export function whyUnsendable(data: object, hasBytes: boolean): string | undefined {
  const prototype = Object.getPrototypeOf(data) as object | null;
  if (prototype === Object.prototype || prototype === null || Array.isArray(data)) return undefined;
  const name = typeof prototype.constructor === 'function' ? prototype.constructor.name : 'object';
  if (ArrayBuffer.isView(data)) return hasBytes ? undefined : `bytes (${name}) are no JSON: send ${BYTES}`;
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) {
    return `${name} is no data: send ${hasBytes ? 'new Uint8Array(buffer)' : BYTES}`;
  }
  if (typeof (data as { toJSON?: unknown }).toJSON === 'function') return undefined;
  for (const [type, instead] of INSTEAD) {
    if (data instanceof type) return `${name} would be sent as {}: send ${instead}`;
  }
  const isEmpty = Symbol.iterator in data && !(data instanceof String) && Object.keys(data).length === 0;
  return isEmpty ? `${name} would be sent as {}: send an array of its items` : undefined;
}

/** The same for all that stands in data which contains no cycle; begins with the path. */
export function whyUnsendableWithin(data: unknown, hasBytes: boolean, path = 'data'): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const why = whyUnsendable(data, hasBytes);
  if (why !== undefined) return `${path}: ${why}`;
  if (ArrayBuffer.isView(data) || typeof (data as { toJSON?: unknown }).toJSON === 'function') return undefined;
  for (const [key, value] of Object.entries(data)) {
    const inside = whyUnsendableWithin(value, hasBytes, `${path}.${key}`);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

/** Read when it is needed: it costs more than all the rest. */
export function isDevelopment(): boolean {
  return process.env.NODE_ENV !== 'production';
}
