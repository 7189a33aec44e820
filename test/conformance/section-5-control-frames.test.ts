import { randomBytes } from 'node:crypto';
import type { CloseInfo } from '../../src/engine';
import { deferred } from '../support/engine';
import { clientFrame, close, CLOSE, continuation, ping, PING, PONG, pong, text } from '../support/frames';
import { expectClosed, expectFailed, expectMessage, expectSilence, opened, writeChopped } from './peer';

const CONTROLS: [string, number][] = [
  ['close', CLOSE],
  ['ping', PING],
  ['pong', PONG],
];

/** A body of so many bytes that would be in order but for its length. */
const body = (opcode: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length, 'x');
  if (opcode === CLOSE && length >= 2) bytes.writeUInt16BE(1000);
  return bytes;
};

describe('all control frames', () => {
  test.each(CONTROLS)('5.5 a control frame may have 125 bytes: %s', async (_name, opcode) => {
    const peer = await opened();
    peer.client.write(clientFrame({ opcode, payload: body(opcode, 125) }));
    if (opcode === CLOSE) return expectClosed(peer, 1000, 'x'.repeat(123));
    if (opcode === PING) expect((await peer.client.frame()).payload).toHaveLength(125);
    return expectSilence(peer);
  });

  const tooLong = CONTROLS.flatMap(([name, opcode]) =>
    [126, 127, 65_536].map((length) => [name, length, opcode] as const),
  );

  test.each(tooLong)('5.5 more than 125 bytes fail the connection: %s of %i', async (_name, length, opcode) => {
    const peer = await opened();
    peer.client.write(Buffer.concat([clientFrame({ opcode, payload: body(opcode, length) }), text('late')]));
    await expectFailed(peer, 1002);
  });

  test.each(CONTROLS)('5.5 the length is judged before the rest of the header has come: %s', async (_name, opcode) => {
    const peer = await opened();
    peer.client.write(clientFrame({ opcode, declared: 126n }).subarray(0, 2));
    await expectFailed(peer, 1002);
  });

  test.each(CONTROLS)('5.5 a control frame may not be fragmented: %s', async (_name, opcode) => {
    for (const tail of [Buffer.alloc(0), continuation('rest'), text('late')]) {
      const peer = await opened();
      peer.client.write(Buffer.concat([clientFrame({ opcode, fin: false, payload: body(opcode, 2) }), tail]));
      await expectFailed(peer, 1002);
    }
  });

  test('5.5 a control frame may not be fragmented between fragments either', async () => {
    const peer = await opened();
    const frames = [text('a', { fin: false }), clientFrame({ opcode: PING, fin: false }), continuation('b')];
    peer.client.write(Buffer.concat(frames));
    await expectFailed(peer, 1002);
    expect(peer.messages).toEqual([]);
  });

  test('5.5 the server sends at most 125 bytes, whole', async () => {
    const { client, connection } = await opened();
    void connection.ping('x'.repeat(125));
    connection.pong(Buffer.alloc(125));
    void connection.close(1000, 'x'.repeat(123));
    expect(() => connection.ping('x'.repeat(126))).toThrow(RangeError);
    expect(() => connection.pong(Buffer.alloc(126))).toThrow(RangeError);
    for (let count = 0; count < 3; count++) {
      const { fin, payload } = await client.frame();
      expect([fin, payload.length]).toEqual([true, 125]);
    }
    await expect(async () => connection.close(1000, 'x'.repeat(124))).rejects.toThrow(RangeError);
    await expect(async () => connection.close(1000, 'é'.repeat(62))).rejects.toThrow(RangeError);
  });
});

describe('Close', () => {
  test.each<[string, Buffer, number, string]>([
    ['without a body', close(), 1005, ''],
    ['with a code', close(1000), 1000, ''],
    ['with a code and a reason', close(1001, 'bye'), 1001, 'bye'],
    ['with a reason of 123 bytes', close(4999, 'é'.repeat(61) + 'x'), 4999, 'é'.repeat(61) + 'x'],
  ])('5.5.1 a Close is answered with a Close of its code: %s', async (_what, bytes, code, reason) => {
    const peer = await opened();
    peer.client.write(bytes);
    await expectClosed(peer, code, reason);
    const chopped = await opened();
    await writeChopped(chopped.client, bytes, 1);
    await expectClosed(chopped, code, reason);
  });

  test('5.5.1 a body of one byte fails the connection', async () => {
    const peer = await opened();
    peer.client.write(clientFrame({ opcode: CLOSE, payload: Buffer.from([3]) }));
    await expectFailed(peer, 1002);
  });

  test('5.5.1 a reason of 124 bytes fails the connection', async () => {
    const peer = await opened();
    peer.client.write(close(1000, 'x'.repeat(124)));
    await expectFailed(peer, 1002);
  });

  test.each<[string, string]>([
    ['a byte that is in no text', 'ff'],
    ['a cut character', 'e282'],
    ['a surrogate', 'eda080'],
  ])('5.5.1 a reason that is no UTF-8 fails the connection: %s', async (_what, reason) => {
    const peer = await opened();
    peer.client.write(clientFrame({ opcode: CLOSE, payload: Buffer.from(`03e8${reason}`, 'hex') }));
    await expectFailed(peer, 1007);
  });

  test.each<[string, Buffer[]]>([
    ['a message', [text('late')]],
    ['a ping', [ping('late')]],
    ['another Close', [close(1001)]],
    ['what would be an error', [text('x', { rsv: 7, mask: null })]],
    ['256 KiB', [text('x'.repeat(262_144)), ping()]],
  ])('5.5.1 nothing that comes behind a Close is looked at: %s', async (_what, late) => {
    const peer = await opened();
    peer.client.write(Buffer.concat([close(1000), ...late]));
    for (const frame of late) peer.client.write(frame);
    await expectClosed(peer, 1000);
    expect(peer.messages).toEqual([]);
  });

  test('5.5.1 the server sends no data after its Close', async () => {
    const { client, connection } = await opened();
    const sent = connection.sendStream(
      (async function* () {
        yield 'begun';
        void connection.close(1000);
        yield 'late';
      })(),
    );
    expect((await client.frame()).payload.toString()).toBe('begun');
    expect((await client.closeFrame()).code).toBe(1000);
    expect(connection.send('late')).toBe(false);
    expect(connection.send(Buffer.from('late'))).toBe(false);
    await sent;
    await connection.sendStream(['late']);
    client.write(close(1000));
    expect(await client.end()).toHaveLength(0);
  });

  test('5.5.1 a Close that crosses ours ends the handshake, and none is sent twice', async () => {
    let ours: Promise<CloseInfo> | undefined;
    const peer = await opened({ endpoint: { text: (connection) => void (ours = connection.close(4000)) } });
    peer.client.write(Buffer.concat([text('close!'), close(4001)]));
    expect((await peer.client.closeFrame()).code).toBe(4000);
    expect(await peer.client.end()).toHaveLength(0);
    peer.client.socket.end();
    expect(await ours).toEqual({ code: 4001, reason: '', clean: true });
  });

  const cut = text('under way');
  const begun: [string, Buffer, Buffer][] = [
    ['in fragments', text('under ', { fin: false }), continuation('way')],
    ['cut inside a frame', cut.subarray(0, -3), cut.subarray(-3)],
    ['cut before its payload', cut.subarray(0, 6), cut.subarray(6)],
  ];

  test.each(begun)(
    '5.5.1 a message under way when the server closes is delivered, one that begins later is not: %s',
    async (_how, first, rest) => {
      const messages: string[] = [];
      const peer = await opened({
        endpoint: {
          text: (_, message) => void messages.push(message),
          ping: (connection) => void setImmediate(() => void connection.close(1000)),
        },
      });
      peer.client.write(Buffer.concat([ping(), first]));
      expect((await peer.client.frame()).opcode).toBe(PONG);
      expect((await peer.client.closeFrame()).code).toBe(1000);
      peer.client.write(Buffer.concat([rest, text('later'), text('and later'), close(1000)]));
      await peer.client.end();
      peer.client.socket.end();
      expect(await peer.closed).toEqual({ code: 1000, reason: '', clean: true });
      expect(messages).toEqual(['under way']);
    },
  );
});

describe('Ping and Pong', () => {
  test.each([0, 1, 2, 124, 125])(
    '5.5.2 a ping is answered with a pong of the same payload: %i bytes',
    async (length) => {
      const { client } = await opened();
      for (const payload of [randomBytes(length), Buffer.alloc(length, 0xfe)]) {
        client.write(ping(payload));
        expect(await client.frame()).toMatchObject({ opcode: PONG, fin: true, rsv: 0, payload });
        await writeChopped(client, ping(payload), 1);
        expect(await client.frame()).toMatchObject({ opcode: PONG, payload });
      }
    },
  );

  test('5.5.2 ten pings in one packet, and byte by byte, have ten pongs', async () => {
    const { client } = await opened();
    const bytes = Buffer.concat(Array.from({ length: 10 }, (_, i) => ping(`payload ${i}`)));
    for (const size of [bytes.length, 1]) {
      await writeChopped(client, bytes, size);
      for (let i = 0; i < 10; i++) {
        expect(await client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from(`payload ${i}`) });
      }
    }
  });

  test('5.5.2 a ping is answered while a handler is at work', async () => {
    const gate = deferred();
    const peer = await opened({ endpoint: { text: () => gate.promise } });
    peer.client.write(text('work'));
    await expectSilence(peer);
    gate.resolve();
  });

  test('5.5.1 after our Close nothing is echoed, pings included (docs/decisions/pings-after-close.md)', async () => {
    const peer = await opened();
    void peer.connection.close(1000);
    await peer.client.closeFrame();
    peer.client.write(Buffer.concat([ping('still here'), close(1000)]));
    expect(await peer.client.end()).toHaveLength(0);
  });

  test('5.5.3 a pong that nobody asked for is taken in silence', async () => {
    const peer = await opened();
    peer.client.write(Buffer.concat([pong(), pong('x'), pong('x'.repeat(125))]));
    await expectSilence(peer);
    peer.client.write(Buffer.concat([pong('one'), ping('two'), text('three')]));
    expect((await peer.client.frame()).payload.toString()).toBe('two');
    await expectMessage(peer.client, 'three');
  });

  test('5.5.3 of several pings that a peer sends without reading, the latest is answered', async () => {
    const third = deferred();
    const peer = await opened({
      endpoint: { ping: (_, payload) => void (payload.toString() === '3' && third.resolve()) },
      options: { limits: { maxBufferedBytes: 100_000_000 } },
    });
    const { client, connection } = peer;
    client.socket.pause();
    let sent = 0;
    // more than any operating system buffers
    for (; connection.bufferedBytes < 10_000_000; sent++) connection.send('x'.repeat(1_000_000));
    client.write(Buffer.concat([ping('1'), ping('2'), ping('3')]));
    await third.promise;
    client.socket.resume();
    while (sent-- > 0) expect((await client.frame()).payload).toHaveLength(1_000_000);
    const pongs: string[] = [];
    while (pongs.at(-1) !== '3') {
      const { opcode, payload } = await client.frame();
      expect(opcode).toBe(PONG);
      pongs.push(payload.toString());
    }
    // a stream holds each write for a moment, so that others may be answered too
    expect(process.env.PORTAL_STREAM_SOCKETS === undefined ? pongs : pongs.slice(-1)).toEqual(['3']);
    await expectSilence(peer);
  });

  test('5.5.3 a pong may answer only the latest of several pings', async () => {
    const { client, connection } = await opened();
    const answers = [connection.ping('1'), connection.ping('2'), connection.ping('3')];
    for (const payload of ['1', '2', '3']) expect((await client.frame()).payload.toString()).toBe(payload);
    client.write(Buffer.concat([pong('unknown'), pong('2')]));
    await Promise.all(answers.slice(0, 2));
    client.write(pong('3'));
    await answers[2];
  });
});
