import { deferred, startEngine } from '../support/engine';
import { binary, BINARY, clientFrame, close, CLOSE, continuation, ping, PONG, text, TEXT } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { expectClosed, expectMessage, expectSilence, opened, summary, writeChopped } from './peer';

describe('sending', () => {
  test('6.1 nothing is sent after the server has closed', async () => {
    const { client, connection } = await opened();
    connection.send('open');
    void connection.close(1000);
    expect(connection.send('late')).toBe(false);
    await expectMessage(client, 'open');
    await client.closeFrame();
    client.write(close(1000));
    expect(await client.end()).toHaveLength(0);
    expect(connection.send('late')).toBe(false);
  });

  test('6.1 nothing is sent after the peer has closed', async () => {
    const gate = deferred();
    const sent = deferred<boolean>();
    const peer = await opened({
      endpoint: {
        text: async (connection) => {
          await gate.promise;
          sent.resolve(connection.send('late'));
        },
      },
    });
    peer.client.write(Buffer.concat([text('x'), close(1000)]));
    expect((await peer.client.closeFrame()).code).toBe(1000);
    gate.resolve();
    expect(await sent.promise).toBe(false);
    expect(await peer.client.end()).toHaveLength(0);
  });

  test('6.1 nothing is sent after the peer broke a rule', async () => {
    const peer = await opened();
    peer.client.write(text('x', { mask: null }));
    await peer.client.closeFrame();
    expect(peer.connection.send('late')).toBe(false);
    expect(await peer.client.end()).toHaveLength(0);
  });

  test('6.1 a message that is being sent in fragments stops when the connection leaves the open state', async () => {
    const { client, connection } = await opened();
    const gate = deferred();
    const chunks = async function* () {
      yield 'a';
      await gate.promise;
    };
    const sent = connection.sendStream(chunks());
    expect(summary(await client.frame())).toEqual({ opcode: TEXT, fin: false, rsv: 0 });
    client.write(close(1000));
    expect((await client.closeFrame()).code).toBe(1000);
    expect(await client.end()).toHaveLength(0);
    await sent;
    // the engine closes when the source has ended
    gate.resolve();
  });

  test('6.1 the opcode says text or binary, and FIN is in the last frame', async () => {
    const { client, connection } = await opened();
    connection.send('text');
    connection.send(Buffer.from('binary'));
    connection.send(new Uint8Array(20_000));
    connection.send(new ArrayBuffer(3));
    await connection.sendStream(['a']);
    await connection.sendStream([Buffer.from('b')]);
    const frames = [];
    for (let count = 0; count < 8; count++) frames.push(summary(await client.frame()));
    expect(frames.map(({ opcode, fin }) => [opcode, fin])).toEqual([
      [TEXT, true],
      [BINARY, true],
      [BINARY, true],
      [BINARY, true],
      [TEXT, false],
      [0, true],
      [BINARY, false],
      [0, true],
    ]);
  });

  test('6.1 what is sent arrives, in order, whatever its size', async () => {
    const { client, connection } = await opened({ options: { limits: { maxBufferedBytes: 50_000_000 } } });
    const messages = [1, 100_000, 0, 16_384, 3, 1_000_000, 125, 70_000].flatMap((size, i) => [
      String.fromCharCode(97 + i).repeat(size),
      Buffer.alloc(size, i),
    ]);
    for (const message of messages) connection.send(message);
    for (const message of messages) await expectMessage(client, message);
  });

  test('6.1 what was sent before a Close arrives before it', async () => {
    const { client, connection } = await opened();
    connection.send('x'.repeat(200_000));
    connection.send('last');
    void connection.close(1000, 'done');
    await expectMessage(client, 'x'.repeat(200_000));
    await expectMessage(client, 'last');
    expect(await client.closeFrame()).toEqual({ code: 1000, reason: 'done' });
  });
});

describe('receiving', () => {
  const stream = Buffer.concat([
    text('one'),
    binary(Buffer.from('two')),
    text('é'.repeat(70)),
    text('thr', { fin: false }),
    ping('p'),
    continuation('ee'),
    text(''),
  ]);
  const expected = [
    [TEXT, 'one'],
    [BINARY, 'two'],
    [TEXT, 'é'.repeat(70)],
    [PONG, 'p'],
    [TEXT, 'three'],
    [TEXT, ''],
  ];

  test('6.2 bytes are read as frames wherever they are cut in two', async () => {
    const { client } = await opened();
    for (let at = 1; at < stream.length; at++) {
      await writeChopped(client, stream.subarray(0, at), at);
      client.write(stream.subarray(at));
      const read = [];
      for (let count = 0; count < expected.length; count++) {
        const { opcode, payload } = await client.frame();
        read.push([opcode, payload.toString()]);
      }
      expect(read).toEqual(expected);
    }
  });

  test.each([1, 2, 3, 5, 7, 100])('6.2 bytes are read as frames in chops of any size: %i', async (size) => {
    const { client } = await opened();
    await writeChopped(client, stream, size);
    for (const [opcode, payload] of expected) {
      const frame = await client.frame();
      expect([frame.opcode, frame.payload.toString()]).toEqual([opcode, payload]);
    }
  });

  test('6.2 bytes are read as frames from the packet of the handshake on', async () => {
    const engine = await startEngine([{ path: '/', text: (connection, message) => void connection.send(message) }]);
    const client = await RawClient.connect(engine.url);
    const cut = text('cut by the end of the packet');
    client.upgrade('/', {}, Buffer.concat([text('first'), cut.subarray(0, 9)]));
    expect((await client.answer()).status).toBe(101);
    await expectMessage(client, 'first');
    client.write(cut.subarray(9));
    await expectMessage(client, 'cut by the end of the packet');
  });

  test('6.2 the type of a message is that of its opcode, whatever its bytes', async () => {
    const types: string[] = [];
    const peer = await opened({
      endpoint: {
        text: (_, message) => void types.push(`text ${typeof message} ${message}`),
        binary: (_, message) => void types.push(`binary ${Buffer.isBuffer(message)} ${message.toString()}`),
      },
    });
    peer.client.write(Buffer.concat([text('same'), binary(Buffer.from('same'))]));
    await expectSilence(peer);
    expect(types).toEqual(['text string same', 'binary true same']);
  });

  test('6.2 the frames after a whole message belong to a new one', async () => {
    const { client } = await opened();
    client.write(
      Buffer.concat([text('a', { fin: false }), continuation('b'), binary(Buffer.from('c'), { fin: false })]),
    );
    await expectMessage(client, 'ab');
    client.write(Buffer.concat([continuation('d'), text('e')]));
    await expectMessage(client, Buffer.from('cd'));
    await expectMessage(client, 'e');
  });

  test('6.2 a large message that comes before a Close is answered before it', async () => {
    const peer = await opened();
    peer.client.write(Buffer.concat([text('x'.repeat(262_144)), close(1000), ping('late')]));
    await expectMessage(peer.client, 'x'.repeat(262_144));
    await expectClosed(peer, 1000);
  });

  test('6.2 control frames are no part of a message', async () => {
    const peer = await opened();
    peer.client.write(
      Buffer.concat([text('a', { fin: false }), clientFrame({ opcode: PONG, payload: 'X' }), continuation('b')]),
    );
    await expectMessage(peer.client, 'ab');
    peer.client.write(clientFrame({ opcode: CLOSE }));
    await expectClosed(peer, 1005);
  });

  test('6.2 the mask is taken off before anything is handed over', async () => {
    const peer = await opened();
    peer.client.write(text('plain', { mask: Buffer.from([1, 2, 3, 4]) }));
    await expectMessage(peer.client, 'plain');
    peer.client.write(binary(Buffer.from([0xff, 0, 0xff]), { mask: Buffer.from([0xff, 0, 0xff, 0]) }));
    await expectMessage(peer.client, Buffer.from([0xff, 0, 0xff]));
    expect(peer.messages).toEqual(['plain', Buffer.from([0xff, 0, 0xff])]);
  });
});
