import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Connection, Endpoint, Engine, EngineOptions } from '../../src/engine';
import { connect } from '../support/app';
import { echo, startEngine } from '../support/engine';
import { figure } from '../support/figures';
import { close, text } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';
import { until } from '../support/until';

const ROW = 'the clock jumps';
const HOUR_MS = 3_600_000;
const HEALTHY = 20;
const SHORT_MS = 200;

/** A path whose closing handshake may take longer than any test. */
const patient: Endpoint = { path: '/patient', limits: { closeTimeoutMs: HOUR_MS / 2 } };

afterEach(() => void jest.useRealTimers());

/** Moves the date, and no other clock or timer. */
function jumpHours(hours: number): void {
  jest.useFakeTimers({
    now: Date.now() + hours * HOUR_MS,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'requestAnimationFrame',
      'cancelAnimationFrame',
      'requestIdleCallback',
      'cancelIdleCallback',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}

/** An engine, with the limits by which it cut connections and the ends that it reported. */
async function startWatched(options: EngineOptions) {
  const cut = new Map<Connection, string>();
  const closed = new Map<Connection, { code: number; clean: boolean }>();
  let read = 0;
  const engine = await startEngine([echo, patient], {
    limits: { closeTimeoutMs: SHORT_MS },
    observer: {
      limited: (connection, limit) => void cut.set(connection, limit),
      closed: (connection, { code, clean }) => void closed.set(connection, { code, clean }),
      bytesRead: () => void read++,
    },
    ...options,
  });
  return { engine, cut, closed, reads: () => read };
}

/** A client that answers pings by itself. */
const healthyPeer = async (engine: Engine): Promise<WebSocket> => (await connect(engine, '/')).socket;

/** A client that sends nothing by itself, and the server's connection for it. */
async function silentPeer(engine: Engine, path = '/'): Promise<{ client: RawClient; connection: Connection }> {
  const before = new Set(engine.connections);
  const client = await RawClient.open(engine.url, path);
  return { client, connection: [...engine.connections].find((connection) => !before.has(connection))! };
}

test.each([6, -12])(
  'when the date jumps by %i hours, peers that answer stay, and a silent one is cut',
  async (hours) => {
    const { engine, cut } = await startWatched({ heartbeat: { intervalMs: SHORT_MS, timeoutMs: 3 * SHORT_MS } });
    const healthy = await Promise.all(Array.from({ length: HEALTHY }, () => healthyPeer(engine)));
    const first = healthy[0]!;
    const earlier = Date.now();
    // right after a ping, before its answer; and again
    for (let round = 0; round < 2; round++) {
      await once(first, 'ping');
      jumpHours(hours);
    }
    expect(Math.abs(Date.now() - earlier)).toBeGreaterThan(2 * 5 * HOUR_MS);
    for (let pings = 0; pings < 3; pings++) await once(first, 'ping');
    expect(cut.size).toBe(0);

    const { client, connection } = await silentPeer(engine);
    await once(first, 'ping');
    jumpHours(hours);
    await client.end();
    await until(() => cut.size > 0);
    expect([...cut]).toEqual([[connection, 'heartbeat']]);
    expect(healthy.map(({ readyState }) => readyState)).toEqual(Array(HEALTHY).fill(WebSocket.OPEN));
  },
);

test('when the date jumps, a closing handshake has neither more nor less time', async () => {
  const { engine, cut, closed } = await startWatched({ heartbeat: false });
  const [long, ahead, behind] = [
    await silentPeer(engine, '/patient'),
    await silentPeer(engine),
    await silentPeer(engine),
  ];
  void long.connection.close(1000);
  void ahead.connection.close(1000);
  jumpHours(6);
  await until(() => closed.has(ahead.connection));
  expect([...cut]).toEqual([[ahead.connection, 'closeTimeoutMs']]);

  void behind.connection.close(1000);
  jumpHours(-12);
  await until(() => closed.has(behind.connection));
  expect([...cut.keys()]).toEqual([ahead.connection, behind.connection]);

  expect(long.connection.state).toBe('closing');
  long.client.write(close(1000));
  await long.client.end();
  long.client.destroy();
  await until(() => closed.has(long.connection));
  expect(closed.get(long.connection)).toEqual({ code: 1000, clean: true });
});

test('when the date jumps, a ping still measures the time to its answer', async () => {
  const { engine } = await startWatched({ heartbeat: false });
  const socket = await healthyPeer(engine);
  const [connection] = [...engine.connections];
  for (const hours of [6, -12]) {
    const answer = connection!.ping();
    jumpHours(hours);
    const ms = await answer;
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThan(HOUR_MS);
  }
  expect(socket.readyState).toBe(WebSocket.OPEN);
});

test('hours in which the machine slept do not count as silence; a peer that stays silent afterwards is cut', async () => {
  const clock = new ManualClock();
  const { engine, cut, reads } = await startWatched({ clock, heartbeat: { intervalMs: 500, timeoutMs: 1_000 } });
  const healthy = await Promise.all(Array.from({ length: HEALTHY }, () => healthyPeer(engine)));
  const silent = await silentPeer(engine);
  silent.client.write(text('a sign of life'));
  await silent.client.frame();

  // the machine sleeps before a ping
  clock.sleep(8 * HOUR_MS);
  clock.advance(0);
  expect(cut.size).toBe(0);
  // and after it, before its answer is read: at each tick of the time-out, and once more
  const before = reads();
  clock.advance(500);
  for (let sleeps = 0; sleeps < 3; sleeps++) {
    clock.sleep(8 * HOUR_MS);
    clock.advance(0);
  }
  expect(cut.size).toBe(0);

  await until(() => reads() === before + HEALTHY);
  clock.advance(1_000);
  expect([...cut]).toEqual([[silent.connection, 'heartbeat']]);
  for (const socket of healthy) {
    socket.send('still there');
    expect(((await once(socket, 'message')) as [Buffer])[0].toString()).toBe('still there');
  }
  figure(ROW, `4 sleeps of 8 hours: ${HEALTHY} of ${HEALTHY} who answer stay, the silent one is cut`);
});
