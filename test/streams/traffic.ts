import { once } from 'node:events';
import { constants, deflateRawSync } from 'node:zlib';
import { BINARY, clientFrame, text, type FrameParts } from '../support/frames';
import type { RawClient } from '../support/raw-client';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** RSV1, as in `FrameParts.rsv`: the message is compressed. */
export const COMPRESSED = 4;
export const OFFER_DEFLATE = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };

/** A divisor of all sizes here, and a multiple of the masking key's four bytes. */
const CHUNK = 64 * KIB;
const HEADER = 14;

/** Resolves when there is room for more: at once, unless the peer does not read. */
async function write(client: RawClient, bytes: Uint8Array): Promise<void> {
  if (!client.socket.write(bytes)) await once(client.socket, 'drain');
}

/** One binary message of one frame. */
export async function sendInOneFrame(client: RawClient, size: number): Promise<void> {
  const frame = clientFrame({ opcode: BINARY, payload: Buffer.alloc(CHUNK), declared: BigInt(size) });
  const maskedChunk = frame.subarray(HEADER);
  await write(client, frame);
  for (let sent = CHUNK; sent < size; sent += CHUNK) await write(client, maskedChunk);
}

/** One binary message in fragments of 64 KiB. */
export async function sendInFragments(client: RawClient, size: number): Promise<void> {
  await sendRepeated(client, Buffer.alloc(CHUNK), size / CHUNK);
}

/** One binary message, compressed a thousandfold, in a fragment for each MiB. */
export async function sendCompressed(client: RawClient, size: number): Promise<void> {
  await sendRepeated(client, zeroMebibyte(), size / MIB, { rsv: COMPRESSED });
}

/** DEFLATE of 1 MiB that ends on a byte, so that more may follow. */
export function zeroMebibyte(): Buffer {
  return deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_SYNC_FLUSH });
}

async function sendRepeated(client: RawClient, payload: Buffer, times: number, first?: Partial<FrameParts>) {
  await write(client, clientFrame({ opcode: BINARY, payload, fin: false, ...first }));
  const fragment = clientFrame({ opcode: 0, payload, fin: false });
  for (let sent = 1; sent < times; sent++) await write(client, fragment);
  await write(client, clientFrame({ opcode: 0 }));
}

/**
 * Sends `count` messages, one after the other, on a connection that echoes. In that time a server has had every chance to
 * do its other work.
 */
export async function roundTrips(echo: RawClient, count = 200): Promise<void> {
  for (let i = 0; i < count; i++) {
    echo.write(text('turn'));
    await echo.frame();
  }
}
