import { isArrayBuffer } from 'node:util/types';
import { takeRejection } from '../messages';

/** What is sent as bytes, as the `WebSocket` of browsers takes it: any view, such as a `Uint8Array` or a `DataView`, of its own part. */
export type Bytes = ArrayBufferView | ArrayBuffer;

/** Where they lie; undefined for what has none, such as a `Blob`, whose bytes are to be awaited. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return isArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

/** @throws TypeError for what has no bytes */
export function requireBytes(value: unknown): Uint8Array {
  const bytes = bytesOf(value);
  if (bytes !== undefined) return bytes;
  // of what somebody forgot to await
  takeRejection(value, () => {});
  throw new TypeError('a message must be a string, an ArrayBuffer or a view of one');
}
