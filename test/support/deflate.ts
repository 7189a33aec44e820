import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** Deflates as a client does (RFC 7692 7.2.1). */
export function deflateMessage(
  message: string | Uint8Array,
  options: { windowBits?: number; dictionary?: Buffer } = {},
): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...options }).subarray(0, -4);
}

/** Inflates as a client does (RFC 7692 7.2.2). */
export function inflateMessage(payload: Buffer, options: { windowBits?: number; dictionary?: Buffer } = {}): Buffer {
  return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH, ...options });
}
