import type { Connection } from '../../src/engine';
import { BINARY, PING, PONG, TEXT, binary, close, continuation, ping, pong, text } from '../support/frames';
import { deferred, echo, startEngine } from '../support/engine';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';

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

test('a connection goes through its states once, whatever is asked of it later', async () => {
  const states: string[] = [];
  const note = (what: string) => (connection: Connection) => void states.push(`${what}: ${connection.state}`);
  const released = deferred<Connection>();
  const engine = await startEngine([
    {
      path: '/',
      upgrade: (connection) => {
        note('upgrade')(connection);
        return undefined;
      },
      open: note('open'),
      text: (connection) => {
        void connection.close(1000);
        note('text')(connection);
      },
      close: note('close'),
      release: (connection) => {
        note('release')(connection);
        released.resolve(connection);
      },
    },
  ]);
  const client = await RawClient.open(engine.url, '/');
  client.write(text('go'));
  await client.closeFrame();
  client.write(close(1000));
  client.socket.end();
  const connection = await released.promise;
  connection.terminate();
  expect(await connection.close()).toMatchObject({ code: 1000 });
  note('later')(connection);
  expect(states).toEqual([
    'upgrade: closed',
    'open: open',
    'text: closing',
    'close: closed',
    'release: closed',
    'later: closed',
  ]);
});
