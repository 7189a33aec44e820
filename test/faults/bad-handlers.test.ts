import type { PortalOptions } from '../../src';
import { close, ping, text } from '../support/frames';
import { figure, mebibytes } from '../support/figures';
import { RawClient } from '../support/raw-client';
import { KIB, MIB, roundTrips } from '../streams/traffic';
import type { ServerProcess } from '../streams/server-process';
import { command, startServer } from './fault-process';
import type { Leftovers } from './fault-server';

/** The server runs in a process that an unhandled rejection ends, and then its tests fail. */

const EACH = 25;
const CLOSE_TIMEOUT = 1_000;
/** No other upgrade takes so long; the visits whose hook never settles wait it out beside the others. */
const HANDSHAKE_TIMEOUT = 10_000;
/** Messages to handlers that never settle, and the number of their connections. */
const MESSAGES = 100_000;
const STUCK = 100;
/** The default of `limits.maxQueuedMessages`. */
const MAX_QUEUED = 64;
/** Three times what the queues and a read of each connection hold, and less than half of what is sent. */
const MOST_MEMORY = 40 * MIB;
const TURNS = 200;
const CLOSES = 1_500;
/** Half of what a connection and its session take. */
const MOST_FOR_CLOSE = 1.5 * KIB;
const WAYS = ['throw', 'reject', 'never'] as const;

const start = (heartbeat: PortalOptions['heartbeat'] = false): Promise<ServerProcess> =>
  startServer({ heartbeat, limits: { closeTimeoutMs: CLOSE_TIMEOUT, handshakeTimeoutMs: HANDSHAKE_TIMEOUT } });

const quiet = (server: ServerProcess): Promise<Leftovers> => server.ask<Leftovers>({ leftovers: true });

/** Closes, unless the server does first. Resolves with the server's code. */
async function closeOf(client: RawClient, byServer: boolean): Promise<number> {
  if (!byServer) client.write(close(1000));
  let frame = await client.frame();
  while (frame.opcode !== 8) frame = await client.frame();
  if (byServer) client.write(close(1000));
  await client.end();
  return frame.payload.readUInt16BE();
}

/** Makes that place fail, and leaves. Resolves with the status of the refusal or the server's code. */
async function visit(url: string, place: Place, way: string): Promise<number> {
  const client = await RawClient.connect(url);
  try {
    client.upgrade(`${place.path}?${place.name.replace(' ', '+')}=${way}`);
    const { status } = await client.answer();
    if (status !== 101) return status;
    client.write(ping());
    client.write(text(place.name === 'plain' ? 'a message' : '{"event":"event"}'));
    return await closeOf(client, place.outcomes[WAYS.indexOf(way as 'throw')] === 1011);
  } finally {
    client.destroy();
  }
}

interface Place {
  name: string;
  path: string;
  /** The outcomes when it throws, rejects and never settles. */
  outcomes: readonly number[];
}

const place = (name: string, path: string, ...outcomes: number[]): Place => ({ name, path, outcomes });

const CLOSE = place('close', '/failing', 1000, 1000, 1000);

const PLACES = [
  place('upgrade', '/failing', 500, 500, 408),
  place('guard', '/failing', 500, 500, 408),
  place('open', '/failing', 1011, 1011, 1000),
  place('ping', '/failing', 1011, 1011, 1000),
  place('plain', '/failing', 1011, 1011, 1000),
  place('event', '/failing', 1000, 1000, 1000),
  place('method guard', '/failing', 1000, 1000, 1000),
  place('interceptor', '/failing', 1000, 1000, 1000),
  CLOSE,
  place('error', '/caught', 1011, 1011, 1000),
  place('filter', '/caught', 1011, 1011, 1000),
];

const many = (place: Place, way: string, url: string): Promise<number[]> =>
  Promise.all(Array.from({ length: EACH }, () => visit(url, place, way)));

/** Visits each place `EACH` times in each way, and checks the outcomes. */
async function round(url: string): Promise<void> {
  const late: Promise<void>[] = [];
  for (const place of PLACES) {
    for (const [at, way] of WAYS.entries()) {
      const expected = place.outcomes[at]!;
      const visits = many(place, way, url).then((outcomes) =>
        expect({ ...place, way, outcomes }).toEqual({ ...place, way, outcomes: Array(EACH).fill(expected) }),
      );
      if (expected === 408) late.push(visits);
      else await visits;
    }
    const neighbour = await RawClient.open(url, '/echo');
    await roundTrips(neighbour, 1);
    neighbour.destroy();
  }
  await Promise.all(late);
}

const ROW = 'handlers that throw, reject, never settle, 100,000 times each';

// takes long: each of two rounds waits out HANDSHAKE_TIMEOUT
test('user code throws, rejects or never settles: its peer gets an orderly end, others are served, nothing is left', async () => {
  const server = await start();
  await round(server.url);
  const { resources, listeners } = await quiet(server);
  await round(server.url);
  expect(await quiet(server)).toMatchObject({ connections: 0, resources, listeners });
  // two ways, two rounds; an error handler and a filter that fail are reported beside the first error
  const failed = 2 * EACH * 2 * (PLACES.length + 2);
  // handlers that never settle are given up at `closeTimeoutMs`
  let figures = await command(server, {});
  while (figures.closed < figures.opened) figures = await command(server, {});
  expect(figures).toMatchObject({ closed: figures.opened, failed });
  figure(ROW, `${PLACES.length} places for them to do so, ${figures.opened} connections: none left`);
});

test('an @OnClose that never settles keeps nothing of its connection', async () => {
  const server = await start();
  const times = async (count: number): Promise<number> => {
    for (let done = 0; done < count; done += EACH) await many(CLOSE, 'never', server.url);
    return (await quiet(server)).heap;
  };
  const before = await times(CLOSES / 3);
  const grown = (await times(CLOSES)) - before;
  expect(grown).toBeLessThan(CLOSES * MOST_FOR_CLOSE);
  figure(ROW, `${CLOSES} @OnClose that never settle: the heap grows by ${mebibytes(grown)}`);
});

test('100,000 messages for handlers that never settle: each connection has its queue full, and no more is read', async () => {
  // nobody reads from these peers: only a ping shows that they have left
  const server = await start({ intervalMs: 500, timeoutMs: 60_000 });
  const { heap } = await quiet(server);
  const neighbour = await RawClient.open(server.url, '/echo');
  const before = server.memory().now;
  const message = text('x'.repeat(KIB));
  const messages = Buffer.concat(Array<Buffer>(MESSAGES / STUCK).fill(message));
  const clients: RawClient[] = [];
  for (let i = 0; i < STUCK; i++) clients.push(await RawClient.open(server.url, '/failing?plain=never'));
  for (const client of clients) client.write(messages);

  // on each connection one message is handled, and a full queue waits
  const all = STUCK * (1 + MAX_QUEUED);
  let { received } = await command(server, {});
  while (received < all) ({ received } = await command(server, {}));
  await roundTrips(neighbour, TURNS);
  const grown = server.memory().peak - before;
  expect((await command(server, {})).received - TURNS).toBe(all);
  expect(grown).toBeLessThan(MOST_MEMORY);

  for (const client of [neighbour, ...clients]) client.destroy();
  expect((await quiet(server)).connections).toBe(0);
  let figures = await command(server, {});
  while (figures.closed < figures.opened) figures = await command(server, {});
  expect(figures).toMatchObject({ failed: 0, limited: 0 });
  expect((await quiet(server)).heap - heap).toBeLessThan((all * KIB) / 2);
  figure(
    ROW,
    `${MESSAGES} that never settle, on ${STUCK} connections: ${all - STUCK} messages wait, memory grows by ${mebibytes(grown)}`,
  );
});
