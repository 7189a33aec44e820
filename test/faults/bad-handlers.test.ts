import type { PortalOptions } from '../../src';
import { close, ping, text } from '../support/frames';
import { figure, mebibytes } from '../support/figures';
import { RawClient } from '../support/raw-client';
import { KIB, MIB, roundTrips } from '../streams/traffic';
import type { ServerProcess } from '../streams/server-process';
import { command, startServer } from './fault-process';
import type { Leftovers } from './fault-server';

/** A rejection that nobody handles ends the server's process, as any of Node, and its tests with it. */

const EACH = 25;
const CLOSE_TIMEOUT = 1_000;
/** No upgrade takes that long unless its hook never settles, and the other visits take longer. */
const HANDSHAKE_TIMEOUT = 10_000;
/** Messages to handlers that never settle, and the connections that they come on. */
const MESSAGES = 100_000;
const STUCK = 100;
/** Of `limits.maxQueuedMessages`. */
const MAX_QUEUED = 64;
/** Three times what the queues and a read of each connection hold, and less than half of what is sent. */
const MOST_MEMORY = 40 * MIB;
const TURNS = 200;
const CLOSES = 1_500;
/** Half of what a connection and its session take. */
const MOST_FOR_CLOSE = 1.5 * KIB;
const WAYS = ['throw', 'reject', 'never'] as const;

const clients = new Set<RawClient>();

afterEach(() => {
  for (const client of clients) client.destroy();
  clients.clear();
});

const start = (heartbeat: PortalOptions['heartbeat'] = false): Promise<ServerProcess> =>
  startServer({ heartbeat, limits: { closeTimeoutMs: CLOSE_TIMEOUT, handshakeTimeoutMs: HANDSHAKE_TIMEOUT } });

const quiet = (server: ServerProcess): Promise<Leftovers> => server.ask<Leftovers>({ leftovers: true });

async function open(url: string, path: string): Promise<RawClient> {
  const client = await RawClient.open(url, path);
  clients.add(client);
  return client;
}

/** Closes as a client does, unless the server does; the server's code. */
async function closeOf(client: RawClient, byServer: boolean): Promise<number> {
  if (!byServer) client.write(close(1000));
  let frame = await client.frame();
  while (frame.opcode !== 8) frame = await client.frame();
  if (byServer) client.write(close(1000));
  await client.end();
  return frame.payload.readUInt16BE();
}

/** Does what makes that place fail, and leaves: the status of the refusal, or the server's code. */
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
  /** When it throws, rejects, and never settles. */
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

/** So many visits to each place, and what they should come to. */
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
    const neighbour = await open(url, '/echo');
    await roundTrips(neighbour, 1);
    neighbour.destroy();
  }
  await Promise.all(late);
}

const ROW = 'handlers that throw, reject, never settle, 100,000 times each';

test('whatever throws, rejects or never settles: each peer is let go in order, neighbours are served, nothing is left', async () => {
  const server = await start();
  await round(server.url);
  const { resources, listeners } = await quiet(server);
  await round(server.url);
  expect(await quiet(server)).toMatchObject({ connections: 0, resources, listeners });
  // twice; and those who fail as they take an error are reported beside that error
  const failed = 2 * EACH * 2 * (PLACES.length + 2);
  // a handler that never settles is given up at `closeTimeoutMs`
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
  // that a peer has left whom nobody reads is seen when it is pinged
  const server = await start({ intervalMs: 500, timeoutMs: 60_000 });
  const { heap } = await quiet(server);
  const neighbour = await open(server.url, '/echo');
  const before = server.memory().now;
  const message = text('x'.repeat(KIB));
  const messages = Buffer.concat(Array<Buffer>(MESSAGES / STUCK).fill(message));
  for (let i = 0; i < STUCK; i++) (await open(server.url, '/failing?plain=never')).write(messages);

  // one is at work, and what is queued waits for it
  const all = STUCK * (1 + MAX_QUEUED);
  let { received } = await command(server, {});
  while (received < all) ({ received } = await command(server, {}));
  await roundTrips(neighbour, TURNS);
  const grown = server.memory().peak - before;
  expect((await command(server, {})).received - TURNS).toBe(all);
  expect(grown).toBeLessThan(MOST_MEMORY);

  for (const client of clients) client.destroy();
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
