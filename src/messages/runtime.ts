import { types } from 'node:util';

// All that this room takes from Node. A client in a browser brings its own file in place of this one.

export { isUtf8 } from 'node:buffer';

/** Bytes as text in UTF-8; U+FFFD where they are none. */
export function textIn(bytes: Uint8Array, start: number, end: number): string {
  return bufferOf(bytes).toString('utf8', start, end);
}

export function includesText(bytes: Uint8Array, text: string): boolean {
  return bufferOf(bytes).includes(text);
}

/** True for an error of another realm too, which is no `Error` here. */
export function isError(value: object): boolean {
  return value instanceof Error || ('stack' in value && types.isNativeError(value));
}

/** Reading the environment takes longer than encoding a small message: ask only where the answer matters. */
export function isDevelopment(): boolean {
  return process.env.NODE_ENV !== 'production';
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
