import { constants } from 'node:zlib';
import type { KeptHandle } from './kept-zlib';

/** The bytes that a sender removes from the end of a message and a receiver appends (RFC 7692 7.2.1, 7.2.2). */
export const TAIL: Buffer = Buffer.from([0x00, 0x00, 0xff, 0xff]);

export const NO_HISTORY: Buffer = Buffer.alloc(0);

/** Final blocks in one message. Blocks may follow a final one (RFC 7692 7.2.3.4), but each costs a fresh start. */
export const MAX_FINAL_BLOCKS = 256;

/** Bytes that DEFLATE can refer back (RFC 1951). */
export const MAX_HISTORY = 32 * 1024;

/** The last bytes, at most `size`, of `history` followed by `message`. The result has memory of its own. */
export function latest(history: Buffer, message: Uint8Array, size: number): Buffer {
  if (message.length >= size) return Buffer.from(message.subarray(message.length - size));
  const kept = history.subarray(Math.max(0, history.length + message.length - size));
  return Buffer.concat([kept, message]);
}

/**
 * Resets a context, and gives it the bytes that the sender may refer back to, as a stored block (RFC 1951 3.2.4): raw
 * DEFLATE has no other state between messages. Returns the length of the history, which lies at the start of `output`
 * then.
 */
export function prime(zlib: KeptHandle, history: Buffer, output: Buffer): number {
  zlib.reset();
  if (history.length === 0) return 0;
  const room = output.length < history.length + 1 ? Buffer.allocUnsafe(history.length + 1) : output;
  const block = storedBlock(history);
  zlib.run(constants.Z_SYNC_FLUSH, block, 0, block.length, room, 0);
  return history.length;
}

export function storedBlock(bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  const header = Buffer.from([0x00, bytes.length, bytes.length >>> 8, ~bytes.length, ~bytes.length >>> 8]);
  return Buffer.concat([header, bytes]);
}
