import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { RawClient } from '../support/raw-client';
import { figure } from '../support/figures';
import { text } from '../support/frames';
import type { ServerProcess } from '../streams/server-process';
import { command, startServer } from './fault-process';
import type { Figures } from './fault-server';

const FILES = 64;
/** More connections than there is room for. */
const MANY = 2 * FILES;

async function echoes(client: RawClient, message: string): Promise<void> {
  client.write(text(message));
  expect((await client.frame()).payload.toString()).toBe(message);
}

/** Resolves with a client that was accepted, the status that refused it, or `cut` where no answer came. */
async function tryToOpen(url: string): Promise<RawClient | number | 'cut'> {
  const client = await RawClient.connect(url);
  client.upgrade('/echo');
  try {
    const { status } = await client.answer();
    if (status === 101) return client;
    return status;
  } catch {
    return 'cut';
  }
}

/** Opens connections until one is refused. */
async function fill(url: string): Promise<{ inside: RawClient[]; refused: number | 'cut' }> {
  const inside: RawClient[] = [];
  while (inside.length < MANY) {
    const opened = await tryToOpen(url);
    if (!(opened instanceof RawClient)) return { inside, refused: opened };
    inside.push(opened);
  }
  throw new Error(`${MANY} connections were let in`);
}

/** Lets clients leave. Resolves, once the server has seen that, with the next client, and the milliseconds all of it took. */
async function letsInAfter(
  leave: () => void,
  server: ServerProcess,
  seen: (figures: Figures) => boolean,
): Promise<[RawClient, number]> {
  const from = performance.now();
  leave();
  while (!seen(await command(server, {})));
  const opened = await tryToOpen(server.url);
  const ms = performance.now() - from;
  if (opened instanceof RawClient) return [opened, ms];
  throw new Error(`not let in: ${opened}`);
}

function report(what: string, ms: number): void {
  figure('out of file descriptors', `${what}: accepts again ${ms.toFixed(0)} ms after some have left`);
}

test('by default connections stop short of the file limit: more get 503, and are accepted when some have left', async () => {
  const server = await startServer({}, `ulimit -n ${FILES}`);
  const { inside, refused } = await fill(server.url);
  expect(refused).toBe(503);
  for (const [at, client] of inside.entries()) await echoes(client, `number ${at}`);

  const leaving = inside.pop()!;
  const [next, ms] = await letsInAfter(
    () => leaving.destroy(),
    server,
    ({ closed }) => closed === 1,
  );
  inside.push(next);
  for (const [at, client] of inside.entries()) await echoes(client, `again ${at}`);
  expect(await command(server, {})).toMatchObject({ limited: 0, closed: 1 });
  report(`${inside.length} connections, the default`, ms);
});

test('with no file descriptor left, open connections go on, new ones are cut, and there is room again when some have left', async () => {
  const server = await startServer({ limits: { maxConnections: MANY } }, `ulimit -n ${FILES}`);
  const inside = await RawClient.open(server.url, '/echo');
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
  while (cut <= MANY - FILES) await new Promise(setImmediate);
  expect(cut).toBeLessThan(MANY);
  await echoes(inside, 'still');
  expect(await command(server, {})).toMatchObject({ opened: 1, closed: 0, limited: 0 });

  const leave = (): void => bare.forEach((socket) => socket.destroy());
  const [next, ms] = await letsInAfter(leave, server, ({ sockets }) => sockets === 1);
  await echoes(next, 'welcome');
  await echoes(inside, 'and so am I');
  report('no file left', ms);
});
