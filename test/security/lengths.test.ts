import { deflateMessage } from '../support/deflate';
import { BINARY, clientFrame, text, TEXT } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { figure } from '../support/figures';
import { inUse, inWaves, KIB, leave, memoryOf, MIB, startServer } from './memory-process';
import type { ServerProcess } from '../streams/server-process';

const LIMIT = 1_000_000;
const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
const CONTINUATION = 0;

/** Lengths in a frame's header, and the code that refuses them before any payload. */
const LENGTHS: [string, bigint, number][] = [
  ['the limit and 1', BigInt(LIMIT + 1), 1009],
  ['2^31 - 1', 2n ** 31n - 1n, 1009],
  ['2^31', 2n ** 31n, 1009],
  ['2^32', 2n ** 32n, 1009],
  ['2^32 and 5, which is 5 in 32 bits', 2n ** 32n + 5n, 1009],
  ['2^53', 2n ** 53n, 1009],
  ['2^53 and 1, which no number can hold', 2n ** 53n + 1n, 1009],
  ['2^63 - 1', 2n ** 63n - 1n, 1009],
  ['2^63', 2n ** 63n, 1002],
  ['2^63 and 5', 2n ** 63n + 5n, 1002],
  ['2^64 - 1', 2n ** 64n - 1n, 1002],
];

/** Frames that declare a length, with the frames before them. */
const WAYS: Record<string, (declared: bigint) => Buffer[]> = {
  'a whole message': (declared) => [clientFrame({ opcode: BINARY, declared })],
  'a whole text': (declared) => [clientFrame({ opcode: TEXT, declared })],
  'a first fragment': (declared) => [clientFrame({ opcode: BINARY, declared, fin: false })],
  'a continuation': (declared) => [text('x', { fin: false }), clientFrame({ opcode: CONTINUATION, declared })],
  'a compressed message': (declared) => [clientFrame({ opcode: BINARY, declared, rsv: 4 })],
  'a first fragment, compressed': (declared) => [clientFrame({ opcode: TEXT, declared, rsv: 4, fin: false })],
  'a continuation, compressed': (declared) => [
    text(deflateMessage('x').subarray(0, 1), { rsv: 4, fin: false }),
    clientFrame({ opcode: CONTINUATION, declared, fin: false }),
  ],
};

let server: ServerProcess;

beforeEach(async () => {
  server = await startServer({ limits: { maxMessageBytes: LIMIT }, compression: true });
});

test('a length beyond the limit gets 1009, one with its top bit set 1002, in any frame, and takes no memory', async () => {
  /** Sends headers without any payload. */
  const refusals = async (): Promise<void> => {
    for (const [length, declared, code] of LENGTHS) {
      for (const [way, frames] of Object.entries(WAYS)) {
        const client = await RawClient.open(server.url, '/', OFFER);
        client.write(Buffer.concat(frames(declared)));
        expect([length, way, (await client.closeFrame()).code]).toEqual([length, way, code]);
        expect(await client.end()).toHaveLength(0);
        client.destroy();
      }
    }
  };
  await refusals();
  const before = inUse(await memoryOf(server));
  await refusals();
  const { peak } = await memoryOf(server);
  expect(peak - before).toBeLessThan(4 * MIB);
});

test('a declared length is not allocated: 100 peers declare the limit, and send one byte', async () => {
  const count = 100;
  const before = await memoryOf(server);
  const clients = await inWaves(count, async (index) => {
    const client = await RawClient.open(server.url, '/', OFFER);
    const kinds = [{ fin: true }, { fin: false }, { fin: true, rsv: 4 }, { fin: false, rsv: 4 }];
    const first = clientFrame({ opcode: BINARY, declared: BigInt(LIMIT), payload: 'x', ...kinds[index % 4] });
    client.write(first);
    return client;
  });
  // a header of 14 bytes and one of payload
  const { external, connections } = await memoryOf(server, { untilRead: before.read + count * 15 });
  expect(connections).toBe(count);
  leave(clients);
  const each = (external - before.external) / count;
  figure('64-bit lengths', `${Math.round(each)} bytes held of each 1,000,000 that were declared`);
  expect(each).toBeLessThan(8 * KIB);
});
