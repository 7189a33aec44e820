import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { RawClient } from '../support/raw-client';
import { text } from '../support/frames';
import { command, startServer } from './fault-process';

jest.setTimeout(60_000);

const FILES = 64;
/** More than there is room for. */
const MANY = 2 * FILES;

/** In which there is room again once somebody has left. */
const WITHIN_MS = 1_000;

const clients = new Set<RawClient>();

afterEach(() => {
  for (const client of clients) client.destroy();
  clients.clear();
});

async function echoes(client: RawClient, message: string): Promise<void> {
  client.write(text(message));
  expect((await client.frame()).payload.toString()).toBe(message);
}

/** What becomes of one more client: let in, refused with a status, or cut without an answer. */
async function tryToOpen(url: string): Promise<RawClient | number | 'cut'> {
  const client = await RawClient.connect(url);
  clients.add(client);
  client.upgrade('/echo');
  try {
    const { status } = await client.answer();
    if (status === 101) return client;
    return status;
  } catch {
    return 'cut';
  }
}

/** Opens connections until there is no more room. */
async function fill(url: string): Promise<{ inside: RawClient[]; refused: number | 'cut' }> {
  const inside: RawClient[] = [];
  while (inside.length < MANY) {
    const opened = await tryToOpen(url);
    if (!(opened instanceof RawClient)) return { inside, refused: opened };
    inside.push(opened);
  }
  throw new Error(`${MANY} connections were let in`);
}

async function leave(client: RawClient): Promise<void> {
  client.destroy();
  await once(client.socket, 'close');
}

async function acceptsAgain(url: string): Promise<RawClient> {
  const from = performance.now();
  for (;;) {
    const opened = await tryToOpen(url);
    if (opened instanceof RawClient) return opened;
    expect(performance.now() - from).toBeLessThan(WITHIN_MS);
  }
}

test('by default the connections stop short of the file limit: more get 503, and are let in when some have left', async () => {
  const server = await startServer({}, `ulimit -n ${FILES}`);
  const { inside, refused } = await fill(server.url);
  expect(refused).toBe(503);
  for (const [at, client] of inside.entries()) await echoes(client, `number ${at}`);

  await leave(inside.pop()!);
  inside.push(await acceptsAgain(server.url));
  for (const [at, client] of inside.entries()) await echoes(client, `again ${at}`);
  expect(await command(server, {})).toMatchObject({ limited: 0, closed: 1 });
});

test('with no file left, those inside go on, others are cut, and there is room again when some have left', async () => {
  const server = await startServer({ limits: { maxConnections: MANY } }, `ulimit -n ${FILES}`);
  const inside = await RawClient.open(server.url, '/echo');
  clients.add(inside);
  const { hostname, port } = new URL(server.url);
  const bare: Socket[] = [];
  let cut = 0;
  while (bare.length < MANY) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.on('close', () => void cut++);
    await once(socket, 'connect');
    bare.push(socket);
  }
  await echoes(inside, 'all files are taken');
  expect(await tryToOpen(server.url)).toBe('cut');
  expect(cut).toBeGreaterThan(MANY - FILES);
  expect(cut).toBeLessThan(MANY);
  await echoes(inside, 'still');
  expect(await command(server, {})).toMatchObject({ opened: 1, closed: 0, limited: 0 });

  for (const socket of bare) socket.destroy();
  await echoes(await acceptsAgain(server.url), 'welcome');
  await echoes(inside, 'and so am I');
});
