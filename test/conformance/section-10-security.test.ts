import { startEngine } from '../support/engine';
import { binary, clientFrame, continuation, text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { expectFailed, expectMessage, opened } from './peer';

const LIMIT = 10_000;
const limited = () => opened({ options: { limits: { maxMessageBytes: LIMIT } } });

describe('origins', () => {
  async function statusFor(origins: undefined | string[], headers: Record<string, string>): Promise<number> {
    const engine = await startEngine([{ path: '/' }], origins === undefined ? {} : { origins });
    const client = await RawClient.connect(engine.url);
    client.upgrade('/', headers);
    const { status } = await client.answer();
    if (status === 101) client.destroy();
    else expect(await client.end()).toHaveLength(0);
    return status;
  }

  test.each([
    'https://evil.example',
    'https://good.example.evil.example',
    'https://evil.example/good.example',
    'https://good.example@evil.example',
    'https://evilgood.example',
    'http://good.example',
    'https://good.example:444',
    'https://GOOD.example',
    'https://good.example, https://evil.example',
    'null',
    'good.example',
  ])('10.2 an origin that is not expected gets 403: %s', async (Origin) => {
    expect(await statusFor(['https://good.example'], { Origin })).toBe(403);
  });

  test('10.2 an origin that is expected is let in, and a client that is no page', async () => {
    expect(await statusFor(['https://good.example'], { Origin: 'https://good.example' })).toBe(101);
    expect(await statusFor(['https://good.example'], {})).toBe(101);
  });

  test.each<[string, number]>([
    ['http://our.example', 101],
    ['https://our.example:8443', 101],
    ['http://other.example', 403],
    ['http://our.example.other.example', 403],
    ['null', 403],
  ])('10.2 without a setting pages of the same host are expected: %s %i', async (Origin, status) => {
    expect(await statusFor(undefined, { Host: 'our.example:8080', Origin })).toBe(status);
  });
});

describe('limits', () => {
  test.each([LIMIT - 1, LIMIT])('10.4 a message up to the limit is taken: %i bytes', async (length) => {
    const { client } = await limited();
    client.write(binary(Buffer.alloc(length)));
    await expectMessage(client, Buffer.alloc(length));
    client.write(Buffer.concat([text('x'.repeat(length - 1), { fin: false }), continuation('x')]));
    await expectMessage(client, 'x'.repeat(length));
  });

  test.each([BigInt(LIMIT + 1), 2n ** 31n, 2n ** 32n, 2n ** 32n + 5n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n])(
    '10.4 a frame beyond the limit is refused by its header alone: %i bytes',
    async (declared) => {
      for (const opcode of [1, 2]) {
        const peer = await limited();
        peer.client.write(clientFrame({ opcode, declared }));
        await expectFailed(peer, 1009);
      }
    },
  );

  test.each<[string, Buffer[]]>([
    ['three of 0.4', [4_000, 4_000, 4_000].map((length) => Buffer.alloc(length))],
    ['one byte too many', [LIMIT, 1].map((length) => Buffer.alloc(length))],
    ['many of one byte', Array.from({ length: LIMIT + 1 }, () => Buffer.of(0))],
  ])('10.4 the limit is that of the whole message, whatever its fragments: %s', async (_what, parts) => {
    const peer = await limited();
    const frames = parts.map((part, i) => binary(part, { opcode: i === 0 ? 2 : 0, fin: false }));
    peer.client.write(Buffer.concat(frames));
    await expectFailed(peer, 1009);
    expect(peer.messages).toEqual([]);
  });

  test('10.4 a fragment beyond the limit is refused by its header alone', async () => {
    const peer = await limited();
    const last = continuation(Buffer.alloc(0), { declared: BigInt(LIMIT) });
    peer.client.write(Buffer.concat([text('x', { fin: false }), last]));
    await expectFailed(peer, 1009);
  });

  test('10.4 each message has the limit for itself', async () => {
    const { client } = await limited();
    for (let count = 0; count < 3; count++) {
      client.write(text('x'.repeat(LIMIT)));
      await expectMessage(client, 'x'.repeat(LIMIT));
    }
  });

  test('10.4 fragments without bytes have an end too', async () => {
    const peer = await opened({ options: { limits: { maxEmptyFragments: 128 } } });
    const empty = Array.from({ length: 127 }, () => continuation('', { fin: false }));
    peer.client.write(Buffer.concat([text('', { fin: false }), ...empty, continuation('x')]));
    await expectMessage(peer.client, 'x');
    peer.client.write(Buffer.concat([text('', { fin: false }), ...empty, continuation('', { fin: false })]));
    await expectFailed(peer, 1008);
  });
});

test.each<[string, Buffer, number]>([
  ['in the framing', clientFrame({ opcode: 7 }), 1002],
  ['in the text', text(Buffer.of(0xff)), 1007],
  ['in its size', text('x'.repeat(LIMIT + 1)), 1009],
])('10.7 invalid data after the handshake is told by a code: %s', async (_where, bytes, code) => {
  const peer = await limited();
  peer.client.write(bytes);
  await expectFailed(peer, code);
});
