import { randomBytes } from 'node:crypto';
import type { Compression } from '../../src/engine';
import { deflateMessage } from '../support/deflate';
import { BINARY, continuation, text } from '../support/frames';
import { Blocks } from './deflate-blocks';
import { compressedFrames, DeflatePeer } from './deflate-peer';
import { expectFailed, hex } from './peer';

const LIMIT = 100_000;
const BOTH: Compression = { serverContextTakeover: true, clientContextTakeover: true };
const limited = (compression: Compression = BOTH): Promise<DeflatePeer> =>
  DeflatePeer.open(compression, { options: { limits: { maxMessageBytes: LIMIT } } });

/** A payload that compresses well. */
const even = (length: number): Buffer => Buffer.alloc(length, 'x');

describe.each<[string, Compression]>([
  ['with context takeover', BOTH],
  ['without', {}],
])('%s', (_what, compression) => {
  test.each([LIMIT, LIMIT - 1, 65_535, 65_536, 65_537, 32_768])(
    '10.4 the limit is one of inflated bytes: %i are taken',
    async (length) => {
      const deflate = await limited(compression);
      await deflate.expectEcho('before');
      await deflate.expectEcho(even(length));
      await deflate.expectEcho('behind');
    },
  );

  test.each<[string, number, number]>([
    ['one byte too many', LIMIT + 1, Infinity],
    ['a bomb', 6 * 1024 * 1024, Infinity],
    ['a bomb in fragments', 6 * 1024 * 1024, 100],
  ])('10.4 beyond the limit the connection fails while it inflates: %s', async (_which, length, size) => {
    const deflate = await limited(compression);
    deflate.client.write(Buffer.concat([compressedFrames(BINARY, deflateMessage(even(length)), size), text('late')]));
    await expectFailed(deflate.peer, 1009);
    expect(deflate.peer.messages).toEqual([]);
  });

  test('10.4 three fragments that inflate to 0.4 of the limit each are too much', async () => {
    const deflate = await limited(compression);
    const parts = [0, 1, 2].map(() => Buffer.concat([deflateMessage(even(LIMIT * 0.4)), hex('0000ffff')]));
    deflate.client.write(
      Buffer.concat(
        parts.map((part, i) => text(part, i === 0 ? { opcode: 2, rsv: 4, fin: false } : { opcode: 0, fin: i === 2 })),
      ),
    );
    await expectFailed(deflate.peer, 1009);
  });

  test('10.4 the limit counts what was inflated before a final block too', async () => {
    const deflate = await limited(compression);
    const blocks = new Blocks();
    for (let count = 0; count < 3; count++) blocks.stored(even(40_000), true);
    deflate.sendRaw(blocks.message(), Infinity, BINARY);
    await expectFailed(deflate.peer, 1009);
  });
});

test('10.4 the fragment with which a compressed message grows beyond the limit is refused by its header', async () => {
  const deflate = await limited();
  const first = text(deflateMessage(randomBytes(100)), { rsv: 4, fin: false });
  deflate.client.write(Buffer.concat([first, continuation('', { declared: BigInt(LIMIT) })]));
  await expectFailed(deflate.peer, 1009);
});
