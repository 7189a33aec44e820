import { isArrayBuffer } from 'node:util/types';
import { takeRejection } from '../messages';

/**
 * Bytes to send, as the `WebSocket` of browsers takes them: a buffer, or the part of it that a view such as a
 * `Uint8Array` or a `DataView` shows.
 */
export type Bytes = ArrayBufferView | ArrayBuffer;

/** The bytes of a value, not copied. Undefined for a value without bytes at hand, such as a `Blob`. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return isArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

/**
 * The bytes of a value, not copied.
 * @throws TypeError for a value without bytes
 */
export function requireBytes(value: unknown): Uint8Array {
  const bytes = bytesOf(value);
  if (bytes !== undefined) return bytes;
  // a promise that was not awaited
  takeRejection(value, () => {});
  throw new TypeError('a message must be a string, an ArrayBuffer or a view of one');
}
