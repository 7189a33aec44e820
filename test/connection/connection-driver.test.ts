import type { CloseInfo, Connection } from '../../src/engine';
import { BINARY, binary, close, continuation, ping, PING, PONG, pong, text, TEXT } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { deferred, echo, startEngine } from '../support/engine';
import { ManualClock } from '../support/manual-clock';

test('messages are answered in order, text as text and binary as binary', async () => {
  const engine = await startEngine([echo]);
  const client = await RawClient.open(engine.url, '/');
  client.write(Buffer.concat([text('hé'), binary(Buffer.from([1, 2])), text('')]));
  expect(await client.frame()).toMatchObject({ opcode: TEXT, fin: true, masked: false, payload: Buffer.from('hé') });
  expect(await client.frame()).toMatchObject({ opcode: BINARY, payload: Buffer.from([1, 2]) });
  expect(await client.frame()).toMatchObject({ opcode: TEXT, payload: Buffer.alloc(0) });
});

test('a ping inside a fragmented message is answered at once', async () => {
  const engine = await startEngine([echo]);
  const client = await RawClient.open(engine.url, '/');
  client.write(Buffer.concat([text('a', { fin: false }), ping('now')]));
  expect(await client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from('now') });
  client.write(continuation('b'));
  expect((await client.frame()).payload.toString()).toBe('ab');
});

describe('the closing handshake', () => {
  test.each([
    [1000, 'bye'],
    [1001, ''],
    [3000, ''],
    [4999, 'x'.repeat(123)],
    [1005, ''],
  ])('a close with %d is answered with the same code, then the server ends TCP', async (code, reason) => {
    const closed = deferred<CloseInfo>();
    const engine = await startEngine([{ ...echo, close: (_connection, info) => closed.resolve(info) }]);
    const client = await RawClient.open(engine.url, '/');
    client.write(code === 1005 ? close() : close(code, reason));
    expect((await client.closeFrame()).code).toBe(code);
    expect(await client.end()).toHaveLength(0);
    client.socket.end();
    expect(await closed.promise).toEqual({ code, reason, clean: true });
    expect(engine.connections.size).toBe(0);
  });

  test('nothing is answered after a close frame (RFC 6455 5.5.1)', async () => {
    const messages: string[] = [];
    const engine = await startEngine([{ path: '/', text: (_connection, message) => void messages.push(message) }]);
    const client = await RawClient.open(engine.url, '/');
    client.write(Buffer.concat([close(1000), text('late'), ping()]));
    expect((await client.closeFrame()).code).toBe(1000);
    expect(await client.end()).toHaveLength(0);
    expect(messages).toEqual([]);
  });

  test('closed by us: the peer answers, and its answer is what we report', async () => {
    let ours: Promise<CloseInfo> | undefined;
    const engine = await startEngine([
      { path: '/', text: (connection) => void (ours = connection.close(4000, 'enough')) },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.write(text('go'));
    expect(await client.closeFrame()).toEqual({ code: 4000, reason: 'enough' });
    client.write(close(4001, 'fine'));
    await client.end();
    client.socket.end();
    expect(await ours).toEqual({ code: 4001, reason: 'fine', clean: true });
  });

  test('a message under way when we close is still delivered, one that begins later is not', async () => {
    const messages: string[] = [];
    const delivered = deferred();
    const engine = await startEngine([
      {
        path: '/',
        binary: (connection) => void connection.close(1000),
        text: (_connection, message) => {
          messages.push(message);
          delivered.resolve();
        },
        ping: (connection) => void connection.close(1000),
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.write(Buffer.concat([text('under ', { fin: false }), ping('close!')]));
    expect((await client.frame()).opcode).toBe(PONG);
    expect((await client.closeFrame()).code).toBe(1000);
    client.write(Buffer.concat([continuation('way'), text('later'), close(1000)]));
    await delivered.promise;
    await client.end();
    expect(messages).toEqual(['under way']);
  });

  test('a peer that never answers our close is terminated at closeTimeoutMs and reported as 1006', async () => {
    const clock = new ManualClock();
    let ours: Promise<CloseInfo> | undefined;
    const engine = await startEngine([{ path: '/', text: (connection) => void (ours = connection.close(1000)) }], {
      clock,
    });
    const client = await RawClient.open(engine.url, '/');
    client.write(text('go'));
    await client.closeFrame();
    clock.advance(4_999);
    expect(engine.connections.size).toBe(1);
    clock.advance(1);
    expect(await ours).toEqual({ code: 1006, reason: '', clean: false });
    await client.end();
  });

  test('a peer that answers but never ends TCP is terminated at closeTimeoutMs', async () => {
    const clock = new ManualClock();
    const closed = deferred<CloseInfo>();
    const engine = await startEngine([{ ...echo, close: (_connection, info) => closed.resolve(info) }], { clock });
    const client = await RawClient.open(engine.url, '/');
    client.write(close(1000));
    await client.end();
    expect(engine.connections.size).toBe(1);
    clock.advance(5_000);
    expect(await closed.promise).toEqual({ code: 1000, reason: '', clean: true });
  });

  test.each([
    ['resets', (client: RawClient) => client.socket.resetAndDestroy()],
    ['ends TCP', (client: RawClient) => client.socket.end()],
    ['ends TCP inside a frame', (client: RawClient) => client.socket.end(text('cut').subarray(0, 5))],
  ])('a peer that %s without a close frame is reported as 1006', async (_how, leave) => {
    const closed = deferred<CloseInfo>();
    const engine = await startEngine([{ ...echo, close: (_connection, info) => closed.resolve(info) }]);
    const client = await RawClient.open(engine.url, '/');
    leave(client);
    expect(await closed.promise).toEqual({ code: 1006, reason: '', clean: false });
  });

  test('close, terminate and send in every order are harmless', async () => {
    const ended = deferred<Connection>();
    const engine = await startEngine([
      {
        path: '/',
        text: (connection) => {
          void connection.close(1000);
          void connection.close(1001);
          expect(connection.send('x')).toBe(false);
          connection.terminate();
          connection.terminate();
          void connection.close();
          connection.pong();
        },
        close: (connection) => ended.resolve(connection),
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.write(text('go'));
    const connection = await ended.promise;
    expect(connection.state).toBe('closed');
    expect(connection.send('x')).toBe(false);
    expect(await connection.close()).toEqual({ code: 1006, reason: '', clean: false });
    await expect(connection.ping()).rejects.toThrow('closed');
  });
});

test.each([
  ['a reserved bit', text('x', { rsv: 4 }), 1002],
  ['an unmasked frame', text('x', { mask: null }), 1002],
  ['invalid UTF-8', text(Buffer.from([0xff])), 1007],
  ['a declared length beyond the limit', text('', { declared: 1_048_577n }), 1009],
  ['a close code that may not travel', close(1005), 1002],
])('%s closes the connection, reported as 1006', async (_what, bytes, code) => {
  const closed = deferred<CloseInfo>();
  const engine = await startEngine([{ ...echo, close: (_connection, info) => closed.resolve(info) }]);
  const client = await RawClient.open(engine.url, '/');
  client.write(Buffer.concat([text('before'), bytes]));
  expect((await client.frame()).payload.toString()).toBe('before');
  expect((await client.closeFrame()).code).toBe(code);
  expect(await client.end()).toHaveLength(0);
  client.socket.end();
  expect(await closed.promise).toEqual({ code: 1006, reason: '', clean: false });
});

test.each([
  ['text', text('x')],
  ['binary', binary(Buffer.from('x'))],
])('a %s message without a handler is answered with 1003', async (_kind, bytes) => {
  const engine = await startEngine([{ path: '/' }]);
  const client = await RawClient.open(engine.url, '/');
  client.write(bytes);
  expect((await client.closeFrame()).code).toBe(1003);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('boom');
    },
  ],
  ['rejects', () => Promise.reject(new Error('boom'))],
])('a hook that %s is reported and closes with 1011; the neighbours are served', async (_how, fail) => {
  const failures: string[] = [];
  const engine = await startEngine(
    [
      { ...echo, name: 'Echo', text: fail },
      { ...echo, path: '/other' },
    ],
    {
      observer: { failed: (error, where) => void failures.push(`${where}: ${(error as Error).message}`) },
    },
  );
  const neighbour = await RawClient.open(engine.url, '/other');
  const client = await RawClient.open(engine.url, '/');
  client.write(text('x'));
  expect(await client.closeFrame()).toEqual({ code: 1011, reason: 'internal error' });
  expect(failures).toEqual(['Echo (text): boom']);
  neighbour.write(text('still here'));
  expect((await neighbour.frame()).payload.toString()).toBe('still here');
});

describe('order and pressure', () => {
  test('no message is handed over before the open hook settles', async () => {
    const events: string[] = [];
    const opening = deferred();
    const arrived = deferred();
    const engine = await startEngine([
      {
        path: '/',
        open: async (connection) => {
          arrived.resolve();
          await opening.promise;
          events.push('open');
          connection.send('welcome');
        },
        text: (connection, message) => {
          events.push(message);
          connection.send(message);
        },
      },
    ]);
    const client = await RawClient.connect(engine.url);
    client.upgrade('/', {}, Buffer.concat([text('in the first packet'), ping()]));
    await client.answer();
    await arrived.promise;
    expect((await client.frame()).opcode).toBe(PONG);
    opening.resolve();
    expect((await client.frame()).payload.toString()).toBe('welcome');
    expect((await client.frame()).payload.toString()).toBe('in the first packet');
    expect(events).toEqual(['open', 'in the first packet']);
  });

  test('an asynchronous handler holds the next messages back, in order', async () => {
    const events: string[] = [];
    const engine = await startEngine([
      {
        path: '/',
        text: async (connection, message) => {
          events.push(`begin ${message}`);
          await new Promise(setImmediate);
          events.push(`end ${message}`);
          connection.send(message);
        },
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.write(Buffer.concat(['a', 'b', 'c'].map((message) => text(message))));
    for (const message of ['a', 'b', 'c']) expect((await client.frame()).payload.toString()).toBe(message);
    expect(events).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
  });

  test('100,000 messages at a slow handler: few are pending, none is lost', async () => {
    const total = 100_000;
    let begun = 0;
    let parsed = 0;
    const gate = deferred();
    const all = deferred();
    const engine = await startEngine([
      {
        path: '/',
        text: () => {
          if (++begun === 1) return gate.promise;
          if (begun === total) all.resolve();
          return begun % 100 === 0 ? new Promise<void>((resolve) => setImmediate(resolve)) : undefined;
        },
        ping: () => void parsed++,
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    const burst = Buffer.concat([...Array.from({ length: 100 }, () => text('x')), ping()]);
    for (let i = 0; i < total / 100; i++) client.write(burst);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(begun).toBe(1);
    expect(parsed).toBe(0);
    gate.resolve();
    await all.promise;
    expect(begun).toBe(total);
  });

  test('what was received before the close is handled before the close hook', async () => {
    const events: string[] = [];
    const closed = deferred();
    const engine = await startEngine([
      {
        path: '/',
        text: async (connection, message) => {
          await new Promise(setImmediate);
          events.push(`${message} ${connection.send(message)}`);
        },
        close: () => {
          events.push('close');
          closed.resolve();
        },
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.write(Buffer.concat([text('a'), text('b'), text('c'), close(1000)]));
    await client.closeFrame();
    client.destroy();
    await closed.promise;
    expect(events.map((event) => event.split(' ')[0])).toEqual(['a', 'b', 'c', 'close']);
  });

  test('a handler that never settles does not keep the close hook from running', async () => {
    const clock = new ManualClock();
    const closed = deferred();
    const engine = await startEngine(
      [{ path: '/', text: () => new Promise(() => {}), close: () => closed.resolve() }],
      { clock },
    );
    const client = await RawClient.open(engine.url, '/');
    client.write(Buffer.concat([text('a'), close(1000)]));
    await client.closeFrame();
    client.destroy();
    while (engine.connections.size > 0) await new Promise(setImmediate);
    clock.advance(5_000);
    await closed.promise;
  });

  test('concurrency lets several be handled at once', async () => {
    const works = [deferred(), deferred(), deferred()];
    let begun = 0;
    const engine = await startEngine([
      {
        path: '/',
        concurrency: 2,
        text: async (connection, message) => {
          await works[begun++]!.promise;
          connection.send(message);
        },
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.write(Buffer.concat(['a', 'b', 'c'].map((message) => text(message))));
    works[1]!.resolve();
    expect((await client.frame()).payload.toString()).toBe('b');
    works[2]!.resolve();
    expect((await client.frame()).payload.toString()).toBe('c');
    works[0]!.resolve();
    expect((await client.frame()).payload.toString()).toBe('a');
  });
});

describe('a peer that does not read', () => {
  test('costs at most the hard limit, and is closed with 1008', async () => {
    const clock = new ManualClock();
    const full = deferred<Connection>();
    const engine = await startEngine(
      [
        {
          path: '/',
          text: (connection) => {
            const message = 'x'.repeat(100_000);
            while (connection.state === 'open') {
              connection.send(message);
              expect(connection.bufferedBytes).toBeLessThanOrEqual(1_048_576 + 100_014);
            }
            full.resolve(connection);
          },
        },
      ],
      { clock },
    );
    const client = await RawClient.open(engine.url, '/');
    client.socket.pause();
    client.write(text('go'));
    const connection = await full.promise;
    expect(connection.state).toBe('closing');
    clock.advance(5_000);
    expect(await connection.close()).toMatchObject({ code: 1006 });
  });

  test('drained resolves, and the drain hook is called, when it reads again', async () => {
    const events: string[] = [];
    const hooked = deferred();
    const engine = await startEngine([
      {
        path: '/',
        limits: { maxBufferedBytes: 100_000_000 },
        text: async (connection) => {
          while (connection.send(Buffer.alloc(60_000)));
          client.socket.resume();
          await connection.drained();
          events.push('drained');
        },
        drain: () => {
          events.push('hook');
          hooked.resolve();
        },
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.socket.pause();
    client.write(text('go'));
    await hooked.promise;
    await new Promise(setImmediate);
    expect(events.sort()).toEqual(['drained', 'hook']);
  });

  test.each<[string, (client: RawClient, connection: Connection) => void]>([
    ['the server closes', (_client, connection) => void connection.close()],
    ['the client says Close', (client) => client.write(close(1000))],
    ['the client breaks a rule', (client) => client.write(Buffer.from([0xff, 0xff]))],
  ])('drained resolves when %s: nothing can be sent any more', async (_how, end) => {
    const full = deferred<{ connection: Connection; drained: Promise<void> }>();
    const engine = await startEngine([
      {
        path: '/',
        limits: { maxBufferedBytes: 100_000_000 },
        text: (connection) => {
          while (connection.send(Buffer.alloc(60_000)));
          full.resolve({ connection, drained: connection.drained() });
        },
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.socket.pause();
    client.write(text('go'));
    const { connection, drained } = await full.promise;
    end(client, connection);
    await drained;
    expect(connection.state).not.toBe('open');
    await connection.drained();
    connection.terminate();
  });
});

test('pings of ours resolve with the time to their pong; the pong hook sees it', async () => {
  const clock = new ManualClock();
  const measured = deferred<number>();
  const pongs: string[] = [];
  const engine = await startEngine(
    [
      {
        path: '/',
        text: (connection) => void connection.ping('beat').then(measured.resolve),
        pong: (_connection, payload) => void pongs.push(payload.toString()),
      },
    ],
    { clock },
  );
  const client = await RawClient.open(engine.url, '/');
  client.write(text('go'));
  expect(await client.frame()).toMatchObject({ opcode: PING, payload: Buffer.from('beat') });
  clock.advance(30);
  client.write(Buffer.concat([pong('unasked'), pong('beat')]));
  expect(await measured.promise).toBe(30);
  expect(pongs).toEqual(['unasked', 'beat']);
});
