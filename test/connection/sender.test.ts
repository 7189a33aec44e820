import type { Connection, Endpoint } from '../../src/engine';
import { close, PING, text, TEXT } from '../support/frames';
import { deflateMessage, inflateMessage } from '../support/deflate';
import { deferred, echo, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
const LONG = '{"event":"chat.message"}'.repeat(100);

async function opened(endpoint: Partial<Endpoint> = {}, headers: Record<string, string> = OFFER) {
  const connection = deferred<Connection>();
  const engine = await startEngine([{ ...echo, ...endpoint, open: (each) => connection.resolve(each) }], {
    compression: true,
  });
  const client = await RawClient.open(engine.url, '/', headers);
  return { engine, client, connection: await connection.promise };
}

test('messages from the threshold on are compressed; others are sent as they are', async () => {
  const { client, connection } = await opened();
  expect(connection.compressed).toBe(true);
  connection.send('short');
  connection.send(LONG);
  connection.send(Buffer.from(LONG));
  connection.send('x'.repeat(1023));
  connection.send('x'.repeat(1024));
  expect(await client.frame()).toMatchObject({ rsv: 0, payload: Buffer.from('short') });
  for (let i = 0; i < 2; i++) {
    const { rsv, fin, payload } = await client.frame();
    expect([rsv, fin]).toEqual([4, true]);
    expect(payload.length).toBeLessThan(LONG.length / 10);
    expect(inflateMessage(payload).toString()).toBe(LONG);
  }
  expect((await client.frame()).rsv).toBe(0);
  expect((await client.frame()).rsv).toBe(4);
});

test('a message may say itself whether it is compressed', async () => {
  const { client, connection } = await opened();
  connection.send(LONG, { compress: false });
  connection.send('short', { compress: true });
  connection.send(Buffer.from('short'), { compress: true });
  connection.send('', { compress: true });
  expect((await client.frame()).rsv).toBe(0);
  for (const expected of ['short', 'short', '']) {
    const { rsv, payload } = await client.frame();
    expect([rsv, inflateMessage(payload).toString()]).toEqual([4, expected]);
  }
});

test('without agreement nothing is compressed, whatever is asked', async () => {
  const { client, connection } = await opened({}, {});
  expect(connection.compressed).toBe(false);
  connection.send(LONG, { compress: true });
  expect(await client.frame()).toMatchObject({ rsv: 0, payload: Buffer.from(LONG) });
});

test('a path may turn compression off, or on with settings of its own', async () => {
  const off = await opened({ compression: false });
  expect(off.connection.compressed).toBe(false);
  const own = await opened({ compression: { threshold: 0, serverContextTakeover: true } });
  own.connection.send('portal');
  own.connection.send('portal');
  const first = (await own.client.frame()).payload;
  const second = (await own.client.frame()).payload;
  expect(second.length).toBeLessThan(first.length);
  expect(inflateMessage(second, { dictionary: Buffer.from('portal') }).toString()).toBe('portal');
});

test('a broadcast is compressed once, and plain for those without compression', async () => {
  const { engine, client } = await opened();
  const plain = await RawClient.open(engine.url, '/');
  const other = await RawClient.open(engine.url, '/', OFFER);
  engine.connections.broadcast(LONG);
  expect(await plain.frame()).toMatchObject({ rsv: 0, payload: Buffer.from(LONG) });
  const [one, two] = [await client.frame(), await other.frame()];
  expect(one.rsv).toBe(4);
  expect(two.payload).toEqual(one.payload);
  expect(inflateMessage(one.payload).toString()).toBe(LONG);
});

test('30,000 compressed sends at once stay small', async () => {
  const { client, connection } = await opened({ limits: { maxBufferedBytes: 100_000_000 } });
  client.socket.pause();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 30_000; i++) connection.send(`${i} ${LONG}`);
  expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
});

describe('a message in fragments', () => {
  async function received(client: RawClient): Promise<string> {
    const parts: string[] = [];
    for (;;) {
      const { fin, opcode, payload } = await client.frame();
      if (opcode < 8) parts.push(payload.toString('latin1'));
      else parts.push(`(${opcode})`);
      if (fin && opcode < 8) return parts.join('|');
    }
  }

  test.each<[string, () => Iterable<string> | AsyncIterable<string>, string]>([
    ['an array', () => ['a', 'b'], 'a|b|'],
    [
      'an async generator',
      async function* () {
        yield 'a';
        await new Promise(setImmediate);
        yield 'b';
      },
      'a|b|',
    ],
    ['nothing', () => [], ''],
    ['empty strings', () => ['', 'a', ''], 'a|'],
  ])('from %s', async (_what, chunks, expected) => {
    const { client, connection } = await opened();
    await connection.sendStream(chunks());
    expect(await received(client)).toBe(expected);
  });

  test('from a web stream, as binary', async () => {
    const { client, connection } = await opened();
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array([1, 2]));
        controller.close();
      },
    });
    await connection.sendStream(stream);
    expect(await client.frame()).toMatchObject({ opcode: 2, fin: false, payload: Buffer.from([1, 2]) });
    expect(await client.frame()).toMatchObject({ opcode: 0, fin: true, payload: Buffer.alloc(0) });
  });

  test('a character that is cut between two strings is whole, a lone half is U+FFFD', async () => {
    const { client, connection } = await opened();
    await connection.sendStream(['a\ud83d', '\ude00b', '\ud83d']);
    const parts: Buffer[] = [];
    for (let last = false; !last;) {
      const { fin, payload } = await client.frame();
      parts.push(payload);
      last = fin;
    }
    expect(Buffer.concat(parts).toString()).toBe('a😀b\ufffd');
  });

  test('control frames pass between fragments; other messages wait for its end', async () => {
    const { client, connection } = await opened({}, {});
    const gate = deferred();
    const sent = connection.sendStream(
      (async function* () {
        yield 'a';
        connection.send('after');
        connection.send(Buffer.alloc(20_000, 'z'));
        void connection.ping('p');
        await gate.promise;
        yield 'b';
      })(),
    );
    const second = connection.sendStream(['second']);
    expect(await client.frame()).toMatchObject({ opcode: TEXT, fin: false, payload: Buffer.from('a') });
    expect((await client.frame()).opcode).toBe(PING);
    gate.resolve();
    await Promise.all([sent, second]);
    const frames = [];
    for (let i = 0; i < 6; i++) frames.push(await client.frame());
    expect(frames.map(({ opcode, fin, payload }) => [opcode, fin, payload.length])).toEqual([
      [0, false, 1],
      [0, true, 0],
      [1, true, 5],
      [2, true, 20_000],
      [1, false, 6],
      [0, true, 0],
    ]);
  });

  test.each<[string, () => Iterable<unknown>]>([
    [
      'a source that throws',
      function* () {
        yield 'a';
        throw new Error('broke');
      },
    ],
    ['text and bytes in one message', () => ['a', new Uint8Array(1)]],
    ['a number', () => ['a', 5]],
  ])('%s closes with 1011 and rejects', async (_what, chunks) => {
    const { client, connection } = await opened();
    await expect(connection.sendStream(chunks() as Iterable<string>)).rejects.toThrow();
    expect((await client.frame()).payload.toString()).toBe('a');
    expect((await client.closeFrame()).code).toBe(1011);
  });

  test('it ends when the connection does, and returns its source', async () => {
    const { client, connection } = await opened();
    const returned = deferred();
    const sent = connection.sendStream(
      (async function* () {
        try {
          for (;;) {
            yield 'tick';
            await new Promise(setImmediate);
          }
        } finally {
          returned.resolve();
        }
      })(),
    );
    await client.frame();
    client.write(close(1000));
    await returned.promise;
    await sent;
    await connection.sendStream(['late']);
  });

  test('it waits for a peer that does not read: little is made ahead', async () => {
    const { client, connection } = await opened();
    client.socket.pause();
    let made = 0;
    void connection.sendStream(
      (function* () {
        for (;;) {
          made++;
          yield Buffer.alloc(65_536);
        }
      })(),
    );
    let before = -1;
    while (made !== before) {
      before = made;
      for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    }
    expect(connection.bufferedBytes).toBeLessThan(200_000);
    client.socket.resume();
    while (made < before + 50) await new Promise(setImmediate);
    client.destroy();
  });
});

describe('compressed messages of the peer', () => {
  test('are inflated, whole and in fragments', async () => {
    const { client } = await opened();
    const payload = deflateMessage(LONG);
    client.write(text(payload, { rsv: 4 }));
    client.write(text(payload.subarray(0, 5), { rsv: 4, fin: false }));
    client.write(
      Buffer.concat(
        [0, 1].map((i) => text(payload.subarray(5 + i * 5, i === 0 ? 10 : undefined), { opcode: 0, fin: i === 1 })),
      ),
    );
    client.write(text('plain'));
    for (let i = 0; i < 2; i++) expect(inflateMessage((await client.frame()).payload).toString()).toBe(LONG);
    expect((await client.frame()).payload.toString()).toBe('plain');
  });

  test('may refer back where that was agreed on', async () => {
    const { client } = await opened({ compression: { clientContextTakeover: true } });
    client.write(text(deflateMessage('Hello'), { rsv: 4 }));
    client.write(text(Buffer.from('f200110000', 'hex'), { rsv: 4 }));
    expect((await client.frame()).payload.toString()).toBe('Hello');
    expect((await client.frame()).payload.toString()).toBe('Hello');
  });

  test.each<[string, Buffer, number]>([
    ['corrupt data', text(Buffer.from([0xff]), { rsv: 4 }), 1007],
    ['invalid UTF-8 inside', text(deflateMessage(Buffer.from([0x61, 0xff])), { rsv: 4 }), 1007],
    ['a bomb', text(deflateMessage(Buffer.alloc(6 * 1024 * 1024)), { rsv: 4 }), 1009],
    ['RSV1 on a continuation', Buffer.concat([text('a', { fin: false }), text('b', { opcode: 0, rsv: 4 })]), 1002],
    ['RSV1 on a ping', text('', { opcode: PING, rsv: 4 }), 1002],
    ['RSV2', text('', { rsv: 2 }), 1002],
    ['RSV3', text('', { rsv: 1 }), 1002],
  ])('%s closes the connection', async (_what, bytes, code) => {
    const { client } = await opened();
    client.write(bytes);
    expect((await client.closeFrame()).code).toBe(code);
  });

  test('RSV1 without agreement is a protocol error', async () => {
    const { client } = await opened({}, {});
    client.write(text(deflateMessage('x'), { rsv: 4 }));
    expect((await client.closeFrame()).code).toBe(1002);
  });
});
