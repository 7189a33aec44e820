import type { Connection, LimitName } from '../../src/engine';
import { deferred, echo, startEngine } from '../support/engine';
import { binary, close, PING, PONG, pong, text } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';
import { until } from '../support/until';

async function statusOf(url: string, path = '/'): Promise<number> {
  const client = await RawClient.connect(url);
  client.upgrade(path);
  const { status } = await client.answer();
  client.destroy();
  return status;
}

/** What was sent to the server before is read when this has been answered. */
async function roundTrip(url: string, path = '/'): Promise<void> {
  const client = await RawClient.open(url, path);
  client.write(text('x'));
  await client.frame();
  client.destroy();
}

test('more connections than maxConnections get 503, until one leaves', async () => {
  const engine = await startEngine([echo], { limits: { maxConnections: 2 } });
  const [first] = [await RawClient.open(engine.url, '/'), await RawClient.open(engine.url, '/')];
  expect(await statusOf(engine.url)).toBe(503);
  first.destroy();
  await until(() => engine.connections.size === 1);
  await RawClient.open(engine.url, '/');
});

test('more than maxConnectionsPerAddress get 429; a trusted proxy speaks for many addresses', async () => {
  const engine = await startEngine([echo], {
    limits: { maxConnectionsPerAddress: 1 },
    trustedProxies: ['127.0.0.1'],
  });
  const from = (address: string) => RawClient.open(engine.url, '/', { 'X-Forwarded-For': address });
  await from('192.0.2.1');
  await expect(from('192.0.2.1')).rejects.toThrow('refused with 429');
  await from('192.0.2.2');
});

test('upgrades under way count, and those that are refused or given up count no more', async () => {
  const gates = [deferred<undefined>(), deferred<undefined>()];
  let asked = 0;
  const refusals: number[] = [];
  const upgrade = (): Promise<undefined> => gates[asked++]?.promise ?? Promise.reject(new Error('no'));
  const engine = await startEngine([{ ...echo, upgrade }], {
    limits: { maxConnections: 1 },
    observer: { handshakeRefused: ({ status }) => void refusals.push(status) },
  });
  const waiting = await RawClient.connect(engine.url);
  waiting.upgrade('/');
  await until(() => asked === 1);
  expect(await statusOf(engine.url)).toBe(503);
  waiting.destroy();
  // until the server has noticed
  while (asked < 2) {
    const next = await RawClient.connect(engine.url);
    next.upgrade('/');
    await Promise.race([until(() => asked === 2), next.end()]);
  }
  gates[1]!.reject(new Error('no'));
  await until(() => refusals.includes(500));
  expect(await statusOf(engine.url)).toBe(500);
});

test('a path has its own limits beside those of the application', async () => {
  const engine = await startEngine([
    { ...echo, limits: { maxConnections: 1 } },
    { ...echo, path: '/other' },
  ]);
  await RawClient.open(engine.url, '/');
  expect(await statusOf(engine.url)).toBe(503);
  expect(await statusOf(engine.url, '/other')).toBe(101);
});

test('the n + 1st message of a second closes a path without events, and says why', async () => {
  const limited: LimitName[] = [];
  const clock = new ManualClock();
  const engine = await startEngine([echo], {
    clock,
    limits: { messagesPerSecond: 3 },
    observer: { limited: (_connection, limit) => void limited.push(limit) },
  });
  const client = await RawClient.open(engine.url, '/');
  client.write(Buffer.concat([text('1'), text('2'), text('3')]));
  for (const expected of ['1', '2', '3']) expect((await client.frame()).payload.toString()).toBe(expected);
  clock.advance(1_000);
  client.write(Buffer.concat([text('4'), text('5'), text('6'), text('7')]));
  for (const expected of ['4', '5', '6']) expect((await client.frame()).payload.toString()).toBe(expected);
  expect(await client.closeFrame()).toEqual({ code: 1008, reason: 'rate limited' });
  expect(limited).toEqual(['messagesPerSecond']);
});

test('bytes of a second are limited, also of messages that are streamed', async () => {
  const engine = await startEngine(
    [
      {
        path: '/',
        binaryStream: async (_connection, message) => {
          for await (const chunk of message) void chunk;
        },
      },
    ],
    { clock: new ManualClock(), limits: { bytesPerSecond: 100_000 } },
  );
  const client = await RawClient.open(engine.url, '/');
  client.write(binary(Buffer.alloc(300_000)));
  expect((await client.closeFrame()).code).toBe(1008);
});

describe('the heartbeat', () => {
  async function beating() {
    const limited: LimitName[] = [];
    const connection = deferred<Connection>();
    const clock = new ManualClock();
    const engine = await startEngine([echo], {
      clock,
      observer: { opened: connection.resolve, limited: (_connection, limit) => void limited.push(limit) },
    });
    const client = await RawClient.open(engine.url, '/');
    return { engine, client, clock, limited, connection: await connection.promise };
  }

  test('pings after 25 s, and ends a connection that says nothing for 20 s more', async () => {
    const { client, clock, limited, connection } = await beating();
    clock.advance(25_000);
    expect(await client.frame()).toMatchObject({ opcode: PING, payload: Buffer.alloc(0) });
    clock.advance(19_000);
    expect(connection.state).toBe('open');
    clock.advance(1_500);
    await client.end();
    expect(limited[0]).toBe('heartbeat');
  });

  test.each([
    ['a pong', pong()],
    ['any other message', text('x')],
    ['a part of one', text('x'.repeat(100)).subarray(0, 3)],
  ])('%s is life enough', async (_name, bytes) => {
    const { engine, client, clock, limited, connection } = await beating();
    clock.advance(25_000);
    await client.frame();
    client.write(bytes);
    await roundTrip(engine.url);
    clock.advance(21_000);
    expect([connection.state, limited]).toEqual(['open', []]);
  });

  test('it is off with heartbeat: false', async () => {
    const clock = new ManualClock();
    const engine = await startEngine([echo], { clock, heartbeat: false });
    const client = await RawClient.open(engine.url, '/');
    clock.advance(3_600_000);
    client.write(text('still here'));
    expect((await client.frame()).payload.toString()).toBe('still here');
  });

  test('a connection that is not read at the moment is not judged', async () => {
    const gate = deferred();
    const clock = new ManualClock();
    const engine = await startEngine(
      [
        { ...echo, text: () => gate.promise },
        { ...echo, path: '/echo' },
      ],
      {
        clock,
        limits: { maxQueuedMessages: 1 },
      },
    );
    const client = await RawClient.open(engine.url, '/');
    client.write(Buffer.concat([text('1'), text('2'), text('3')]));
    await roundTrip(engine.url, '/echo');
    clock.advance(200_000);
    gate.resolve();
    client.write(close(1000));
    for (;;) {
      const { opcode } = await client.frame();
      if (opcode === PONG || opcode === PING) continue;
      expect(opcode).toBe(8);
      break;
    }
  });
});
