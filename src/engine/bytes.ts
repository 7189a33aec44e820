import { isAnyArrayBuffer } from 'node:util/types';

/** What can be sent as bytes, as `WebSocket.send` of browsers takes it. */
export type Bytes = ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/** The bytes of a buffer or of any view of one, which stay where they are; undefined for what has none. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (isAnyArrayBuffer(value)) return new Uint8Array(value);
  return undefined;
}
