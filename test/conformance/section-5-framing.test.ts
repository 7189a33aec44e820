import { randomBytes } from 'node:crypto';
import {
  binary,
  BINARY,
  clientFrame,
  close,
  CLOSE,
  continuation,
  ping,
  PING,
  PONG,
  text,
  TEXT,
} from '../support/frames';
import { expectFailed, expectMessage, expectSilence, hex, opened, summary, tap, writeChopped } from './peer';

/** Each opcode that a frame may have outside of a fragmented message. */
const OPCODES: [string, number][] = [
  ['text', TEXT],
  ['binary', BINARY],
  ['close', CLOSE],
  ['ping', PING],
  ['pong', PONG],
];
const LATE = Buffer.concat([text('late'), ping('late'), close(1000)]);

/** Checks that the bytes break a rule: messages before them are answered, bytes after them ignored. */
async function expectBroken(bytes: Uint8Array, code: number, chopped = false): Promise<void> {
  const peer = await opened({ options: { limits: { maxMessageBytes: 100_000 } } });
  if (chopped) await writeChopped(peer.client, Buffer.concat([text('early'), bytes]), 1);
  else peer.client.write(Buffer.concat([text('early'), bytes, LATE]));
  await expectMessage(peer.client, 'early');
  await expectFailed(peer, code);
  expect(peer.messages).toEqual(['early']);
}

describe('masking', () => {
  test.each(OPCODES)('5.1 a frame that is not masked fails the connection: %s', async (_name, opcode) => {
    const payload = opcode === CLOSE ? hex('03e8') : 'x';
    await expectBroken(clientFrame({ opcode, payload, mask: null }), 1002);
  });

  test('5.1 a continuation that is not masked fails the connection', async () => {
    await expectBroken(Buffer.concat([text('a', { fin: false }), continuation('b', { mask: null })]), 1002);
  });

  test('5.1 the server masks no frame', async () => {
    const { client, connection } = await opened();
    client.write(Buffer.concat([text('a'), binary(Buffer.from('b')), ping('c')]));
    const frames = [await client.frame(), await client.frame(), await client.frame()];
    await connection.sendStream(['d', 'e']);
    connection.pong('f');
    void connection.ping('g');
    connection.send(Buffer.alloc(70_000));
    void connection.close(1000, 'h');
    do frames.push(await client.frame());
    while (frames.at(-1)!.opcode !== CLOSE);
    expect(frames.map(({ opcode }) => opcode)).toEqual([TEXT, BINARY, PONG, TEXT, 0, 0, PONG, PING, BINARY, CLOSE]);
    expect(frames.filter(({ masked }) => masked)).toEqual([]);
  });

  test.each(['00000000', 'ffffffff', '37fa213d', '80000000', '00000001'])(
    '5.3 the payload is unmasked with the key of its frame: %s',
    async (key) => {
      const { client } = await opened();
      const mask = hex(key);
      for (const length of [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 1000]) {
        const payload = randomBytes(length);
        client.write(binary(payload, { mask }));
        await expectMessage(client, payload);
      }
    },
  );

  test('5.3 each fragment has a key of its own, and control frames between them too', async () => {
    const { client } = await opened();
    const masked = (bytes: Partial<Parameters<typeof clientFrame>[0]> & { opcode: number }): Buffer =>
      clientFrame({ ...bytes, mask: randomBytes(4) });
    client.write(
      Buffer.concat([
        masked({ opcode: TEXT, payload: 'one ', fin: false }),
        masked({ opcode: PING, payload: 'two' }),
        masked({ opcode: 0, payload: 'three' }),
      ]),
    );
    expect((await client.frame()).payload.toString()).toBe('two');
    await expectMessage(client, 'one three');
  });
});

describe('the first byte', () => {
  const reserved = [1, 2, 3, 4, 5, 6, 7].flatMap((rsv) =>
    OPCODES.map(([name, opcode]) => [rsv, name, opcode] as const),
  );

  test.each(reserved)('5.2 a reserved bit without an extension fails the connection: RSV %i of %s', async (...row) => {
    const [rsv, , opcode] = row;
    await expectBroken(clientFrame({ opcode, rsv, payload: opcode === CLOSE ? hex('03e8') : 'x' }), 1002);
  });

  test.each([1, 2, 4])('5.2 a reserved bit of a continuation fails the connection: RSV %i', async (rsv) => {
    await expectBroken(Buffer.concat([text('a', { fin: false }), continuation('b', { rsv })]), 1002);
  });

  const unknown = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) =>
    ['', 'payload'].map((payload) => [opcode, payload] as const),
  );

  test.each(unknown)('5.2 an unknown opcode fails the connection: %i "%s"', async (opcode, payload) => {
    await expectBroken(clientFrame({ opcode, payload }), 1002);
  });

  test.each<[string, number]>([
    ['an unknown opcode', 0x83],
    ['a reserved bit', 0x91],
    ['a ping without FIN', 0x09],
    ['a continuation of nothing', 0x80],
  ])('5.2 the first byte is judged before the second has come: %s', async (_what, first) => {
    await expectBroken(Buffer.from([first]), 1002, true);
  });

  test.each<[string, Buffer]>([
    ['a reserved bit', text('x', { rsv: 2 })],
    ['an unknown opcode', clientFrame({ opcode: 5, payload: 'x' })],
    ['an unmasked frame', text('x', { mask: null })],
  ])('5.2 the outcome is the same byte by byte: %s', async (_what, bytes) => {
    await expectBroken(bytes, 1002, true);
  });
});

describe('the length', () => {
  /** Lengths, and the end of the header of a server's frame with that length. */
  const lengths: [number, string][] = [
    [0, '00'],
    [1, '01'],
    [125, '7d'],
    [126, '7e007e'],
    [127, '7e007f'],
    [128, '7e0080'],
    [258, '7e0102'],
    [65_535, '7effff'],
    [65_536, '7f0000000000010000'],
    [65_537, '7f0000000000010001'],
    [300_000, '7f00000000000493e0'],
  ];

  test.each(lengths)(
    '5.2 a message is echoed, its length written the shortest way: %i bytes',
    async (length, field) => {
      const { client } = await opened();
      const bytes = tap(client);
      const payload = randomBytes(length);
      client.write(text('*'.repeat(length)));
      await expectMessage(client, '*'.repeat(length));
      client.write(binary(payload));
      await expectMessage(client, payload);
      const header = `81${field}${'2a'.repeat(length)}82${field}`;
      expect(
        bytes()
          .subarray(0, header.length / 2)
          .equals(hex(header)),
      ).toBe(true);
    },
  );

  test.each([
    [65_536, 997],
    [1_000, 1],
    [200_000, 4_096],
  ])('5.2 it does not matter how the bytes are chopped: %i in chops of %i', async (length, size) => {
    const { client } = await opened();
    const payload = randomBytes(length);
    await writeChopped(client, binary(payload), size);
    await expectMessage(client, payload);
  });

  test.each([0, 16, 64, 256, 1_024, 4_096])('5.2 a hundred messages are echoed: %i bytes each', async (length) => {
    const { client } = await opened();
    for (let count = 0; count < 100; count++) {
      const payload = count % 2 === 0 ? '*'.repeat(length) : Buffer.alloc(length, 0xfe);
      client.write(typeof payload === 'string' ? text(payload) : binary(payload));
      await expectMessage(client, payload);
    }
  });

  test.each<[2 | 8, number]>([
    [2, 0],
    [2, 1],
    [2, 125],
    [8, 0],
    [8, 125],
    [8, 126],
    [8, 65_535],
  ])('5.2 a length in more bytes than it needs fails the connection: %i bytes for %i', async (lengthBytes, length) => {
    await expectBroken(binary(Buffer.alloc(length), { lengthBytes }), 1002);
    await expectBroken(binary(Buffer.alloc(0), { lengthBytes, declared: BigInt(length) }), 1002);
  });

  test.each([2n ** 63n, 2n ** 63n + 1n, 2n ** 64n - 1n])(
    '5.2 a length whose most significant bit is set fails the connection: %i',
    async (declared) => {
      await expectBroken(binary(Buffer.alloc(0), { declared }), 1002);
    },
  );
});

describe('data', () => {
  test('5.6 text may be cut inside a character by a frame, but is valid as a whole', async () => {
    const { client } = await opened();
    const [first, ...rest] = Buffer.from('aé€😀');
    client.write(text(Buffer.from([first!]), { fin: false }));
    rest.forEach((byte, index) => client.write(continuation(Buffer.from([byte]), { fin: index === rest.length - 1 })));
    await expectMessage(client, 'aé€😀');
  });

  test('5.6 binary data are any bytes', async () => {
    const { client } = await opened();
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    client.write(binary(every));
    await expectMessage(client, every);
  });

  const examples: [string, string, string][] = [
    ['a text', '818537fa213d7f9f4d5158', '810548656c6c6f'],
    ['a text in two fragments', '018337fa213d7f9f4d 80820000000 06c6f', '810548656c6c6f'],
    ['a ping', '898537fa213d7f9f4d5158', '8a0548656c6c6f'],
    ['256 bytes', `82fe010000000000${'61'.repeat(256)}`, `827e0100${'61'.repeat(256)}`],
    ['64 KiB', `82ff000000000001000000000000${'61'.repeat(65_536)}`, `827f0000000000010000${'61'.repeat(65_536)}`],
  ];

  test.each(examples)('5.7 the examples are read and written: %s', async (_what, sent, expected) => {
    const { client } = await opened();
    const bytes = tap(client);
    client.write(hex(sent));
    await client.frame();
    expect(bytes().equals(hex(expected))).toBe(true);
  });

  test('5.8 no extension is used that was not negotiated, also where the server could', async () => {
    const peer = await opened({ options: { compression: { threshold: 0 } } });
    expect(peer.connection.compressed).toBe(false);
    for (const message of ['', 'x', 'x'.repeat(5_000)]) {
      peer.connection.send(message, { compress: true });
      expect(summary(await peer.client.frame()).rsv).toBe(0);
    }
    await expectSilence(peer);
    peer.client.write(text('x', { rsv: 4 }));
    await expectFailed(peer, 1002);
  });
});
