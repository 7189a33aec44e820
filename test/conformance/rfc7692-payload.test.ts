import { randomBytes } from 'node:crypto';
import type { Compression } from '../../src/engine';
import { deflateMessage, inflateMessage } from '../support/deflate';
import { farthestReference } from '../support/deflate-distance';
import { BINARY, TEXT } from '../support/frames';
import { Blocks } from './deflate-blocks';
import { DeflatePeer, prose } from './deflate-peer';
import { hex } from './peer';

const WINDOWS = [8, 9, 10, 11, 12, 13, 14, 15];
const BOTH: Compression = { serverContextTakeover: true, clientContextTakeover: true };

describe('compressing', () => {
  test('7.2.1 what the server sends is DEFLATE, ends with an empty stored block, and lacks its last four bytes', async () => {
    const { client, peer } = await DeflatePeer.open();
    for (const message of ['', 'a', 'Hello', prose(5_000), 'x'.repeat(100_000)]) {
      peer.connection.send(message);
      const { payload } = await client.frame();
      expect(payload.subarray(-4)).not.toEqual(hex('0000ffff'));
      expect(inflateMessage(payload).toString()).toBe(message);
      // reads to the end, block after block
      expect(farthestReference(payload)).toBeLessThanOrEqual(32_768);
    }
  });

  test('7.2.3.6 an empty message is one byte 00', async () => {
    const { client, peer } = await DeflatePeer.open();
    peer.connection.send('');
    expect((await client.frame()).payload).toEqual(hex('00'));
  });

  test('7.2.1 with server_no_context_takeover each message stands for itself', async () => {
    const { client, peer, agreed } = await DeflatePeer.open(
      { serverContextTakeover: true },
      {
        headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_no_context_takeover' },
      },
    );
    expect(agreed.serverTakeover).toBe(false);
    const payloads: Buffer[] = [];
    for (let count = 0; count < 3; count++) {
      peer.connection.send(prose(1_000));
      payloads.push((await client.frame()).payload);
      expect(inflateMessage(payloads[count]!).toString()).toBe(prose(1_000));
    }
    expect(new Set(payloads.map((payload) => payload.toString('hex'))).size).toBe(1);
  });

  test('7.2.1 without server_no_context_takeover a message may refer to the one before, and does', async () => {
    const deflate = await DeflatePeer.open({ serverContextTakeover: true });
    deflate.peer.connection.send(prose(1_000));
    deflate.peer.connection.send(prose(1_000));
    const [first, second] = [await deflate.receive(), await deflate.receive()];
    expect(second.message).toBe(prose(1_000));
    expect(second.payload.length).toBeLessThan(first.payload.length / 4);
  });

  test.each(WINDOWS.flatMap((bits) => [true, false].map((takeover) => [bits, takeover] as const)))(
    '7.2.1 no reference goes back farther than server_max_window_bits says: %i, context takeover %s',
    async (bits, serverContextTakeover) => {
      const headers = { 'Sec-WebSocket-Extensions': `permessage-deflate; server_max_window_bits=${bits}` };
      const deflate = await DeflatePeer.open({ serverContextTakeover }, { headers });
      expect(deflate.agreed.serverBits).toBe(bits);
      const unique = randomBytes(40_000)
        .toString('latin1')
        .replace(/[^\x20-\x7e]/g, '')
        .slice(0, 12_000);
      for (const message of [prose(6_000), unique, unique.slice(0, 3_000), unique]) {
        deflate.peer.connection.send(message);
        const answer = await deflate.receive();
        expect(answer.message).toBe(message);
        expect(farthestReference(answer.payload)).toBeLessThanOrEqual(2 ** bits);
      }
    },
  );

  test.each([
    [true, 'sent'],
    [true, 'broadcast'],
    [false, 'sent'],
  ])(
    '7.2.1 a message that was dropped, because the peer does not read, is not referred to: context takeover %s, %s',
    async (serverContextTakeover, how) => {
      const limits = { slowConsumer: 'drop', maxBufferedBytes: 200_000 } as const;
      const deflate = await DeflatePeer.open({ serverContextTakeover }, { options: { limits } });
      const { connection, engine } = deflate.peer;
      deflate.client.socket.pause();
      const accepted: Buffer[] = [];
      const send = (message: Buffer): boolean => {
        const before = connection.bufferedBytes;
        if (how === 'sent') connection.send(message);
        else engine.connections.broadcast(message);
        const taken = before === 0 || connection.bufferedBytes !== before;
        if (taken) accepted.push(message);
        return taken;
      };
      while (send(randomBytes(50_000 + accepted.length)));
      const dropped = randomBytes(60_000);
      expect(send(dropped)).toBe(false);
      expect(send(dropped.subarray(-1_000))).toBe(true);
      deflate.client.socket.resume();
      for (const message of accepted) {
        const received = await deflate.receive();
        expect(message.equals(received.message as Buffer)).toBe(true);
      }
    },
  );
});

describe('decompressing', () => {
  const hello: [string, string, number][] = [
    ['7.2.3.1 one block with the fixed codes', 'f248cdc9c90700', Infinity],
    ['7.2.3.1 in two fragments', 'f248cdc9c90700', 3],
    ['7.2.3.3 a block without compression', '000500faff48656c6c6f00', Infinity],
    ['7.2.3.4 a final block', 'f348cdc9c9070000', Infinity],
    ['7.2.3.5 two blocks', 'f24805000000ffffcac9c90700', Infinity],
  ];

  test.each(hello)('7.2.3 the examples are read: %s', async (_which, payload, size) => {
    const deflate = await DeflatePeer.open(BOTH);
    for (let count = 0; count < 2; count++) {
      deflate.sendRaw(hex(payload), size);
      expect((await deflate.receive()).message).toBe('Hello');
    }
  });

  test('7.2.3.2 the second Hello may refer to the first', async () => {
    const deflate = await DeflatePeer.open(BOTH);
    for (const payload of ['f248cdc9c90700', 'f200110000', 'f200110000']) {
      deflate.sendRaw(hex(payload));
      expect((await deflate.receive()).message).toBe('Hello');
    }
  });

  const padded = (): Blocks => new Blocks().fixed('ab', true).align();
  const finals: [string, Buffer, string][] = [
    ['one, then a block that is not', padded().fixed('cd').message(), 'abcd'],
    ['two', padded().fixed('cd', true).align().message(), 'abcd'],
    ['a stored one', new Blocks().stored(Buffer.from('ab'), true).stored(Buffer.from('cd')).message(), 'abcd'],
    ['an empty one', new Blocks().fixed('', true).align().fixed('x').message(), 'x'],
    [
      'one that the next block refers to',
      padded().header(false, 1).code(2, 7).code(1, 5).code(0, 7).message(),
      'abab'.slice(0, 2) + 'abab',
    ],
    [
      'ten',
      Array.from({ length: 10 })
        .reduce<Blocks>((all) => all.fixed('z', true).align(), new Blocks())
        .message(),
      'z'.repeat(10),
    ],
  ];

  test.each(finals)(
    '7.2.1 final blocks may be inside a message, and the next is read all the same: %s',
    async (_what, payload, message) => {
      for (const compression of [BOTH, {}]) {
        const deflate = await DeflatePeer.open(compression);
        for (const size of [Infinity, 1]) {
          deflate.sendRaw(payload, size);
          expect((await deflate.receive()).message).toBe(message);
          deflate.sendRaw(deflateMessage('next'), size);
          expect((await deflate.receive()).message).toBe('next');
        }
      }
    },
  );

  test.each(WINDOWS)(
    '7.2.2 a message may refer to the one before, as far back as was agreed on: 2^%i bytes',
    async (bits) => {
      const deflate = await DeflatePeer.open({ ...BOTH, clientMaxWindowBits: bits });
      expect(deflate.agreed).toMatchObject({ clientTakeover: true, clientBits: bits });
      const first = randomBytes(2 ** bits);
      deflate.sendRaw(
        new Blocks().stored(first.subarray(0, 200)).stored(first.subarray(200)).message(),
        Infinity,
        BINARY,
      );
      expect((await deflate.receive()).message).toEqual(first);
      deflate.sendRaw(new Blocks().reference(2 ** bits).message(), Infinity, BINARY);
      const again = Buffer.concat([first, first]).subarray(0, 258);
      expect((await deflate.receive()).message).toEqual(again);
    },
  );

  test.each<[string, string]>([
    ['it cannot be told', 'permessage-deflate'],
    ['it was told nothing', 'permessage-deflate; client_max_window_bits'],
  ])('7.2.2 a client has a window of 32 KiB where no other was agreed on: %s', async (_what, offer) => {
    const wish = offer.endsWith('bits') ? {} : { clientMaxWindowBits: 9 };
    const headers = { 'Sec-WebSocket-Extensions': offer };
    const deflate = await DeflatePeer.open({ ...BOTH, ...wish }, { headers });
    expect(deflate.agreed.clientBits).toBe(15);
    const first = randomBytes(32_768);
    for (const half of [first.subarray(0, 16_384), first.subarray(16_384)]) {
      deflate.sendRaw(new Blocks().stored(half).message(), Infinity, BINARY);
      await deflate.receive();
    }
    deflate.sendRaw(new Blocks().reference(32_768).message(), Infinity, BINARY);
    expect((await deflate.receive()).message).toEqual(first.subarray(0, 258));
  });

  test('7.2.2 without context takeover a message may still refer 32 KiB back in itself', async () => {
    const deflate = await DeflatePeer.open();
    const bytes = randomBytes(32_768);
    deflate.sendRaw(new Blocks().stored(bytes).reference(32_768).message(), Infinity, BINARY);
    expect((await deflate.receive()).message).toEqual(Buffer.concat([bytes, bytes.subarray(0, 258)]));
  });

  test('7.2.2 messages that were not compressed are not referred to', async () => {
    const deflate = await DeflatePeer.open(BOTH);
    deflate.sendRaw(hex('f248cdc9c90700'));
    await deflate.receive();
    deflate.client.write(Buffer.from([0x81, 0x83, 0, 0, 0, 0, 0x78, 0x79, 0x7a]));
    await deflate.receive();
    deflate.sendRaw(hex('f200110000'), Infinity, TEXT);
    expect((await deflate.receive()).message).toBe('Hello');
  });

  test('7.2.2 an empty payload is an empty message', async () => {
    const deflate = await DeflatePeer.open(BOTH);
    for (const payload of ['', '00', '0200', '030000']) {
      deflate.sendRaw(hex(payload));
      expect((await deflate.receive()).message).toBe('');
    }
    await deflate.expectEcho('next');
  });
});
