import { constants } from 'node:zlib';
import type { KeptHandle } from './kept-zlib';

/** What a sender takes off the end of a message and a receiver puts back (RFC 7692 7.2.1, 7.2.2). */
export const TAIL: Buffer = Buffer.from([0x00, 0x00, 0xff, 0xff]);

export const NO_HISTORY: Buffer = Buffer.alloc(0);

/** RFC 7692 7.2.3.4: blocks may follow a final one. Each costs a fresh start, so there is an end to it. */
export const MAX_FINAL_BLOCKS = 256;

/** The farthest that DEFLATE can refer back, in bytes (RFC 1951). */
export const MAX_HISTORY = 32 * 1024;

/** The last bytes, at most `size`, of `history` followed by `message`, in memory of their own. */
export function latest(history: Buffer, message: Uint8Array, size: number): Buffer {
  if (message.length >= size) return Buffer.from(message.subarray(message.length - size));
  const kept = history.subarray(Math.max(0, history.length + message.length - size));
  return Buffer.concat([kept, message]);
}

/**
 * Resets a context and lets it know what the sender may refer back to, as a stored block (RFC 1951 3.2.4) that comes first:
 * raw DEFLATE has no other state between messages. Returns the length of the history, which is at the start of `output` now.
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
