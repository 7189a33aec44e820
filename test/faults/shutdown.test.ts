import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { PortalOptions } from '../../src';
import { connect as connectTo } from '../support/app';
import { figure } from '../support/figures';
import { RawClient } from '../support/raw-client';
import type { ServerProcess } from '../streams/server-process';
import { command, startServer } from './fault-process';
import type { Figures } from './fault-server';

const CLIENTS = 20;
const IN_FLIGHT = 32;
const BEFORE_SIGNAL = 5_000;

let server: ServerProcess;

async function start(options: PortalOptions = {}): Promise<void> {
  server = await startServer({ shutdown: { signals: true }, ...options });
}

async function connect(path: string): Promise<{ socket: WebSocket; replies: string[]; closed: Promise<number> }> {
  const { socket, closed } = await connectTo(server, path);
  const replies: string[] = [];
  socket.on('message', (reply: Buffer) => replies.push(reply.toString()));
  return { socket, replies, closed: closed.then(({ code }) => code) };
}

async function statusOf(path: string): Promise<number> {
  const request = get(server.url.replace('ws:', 'http:') + path, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode!;
}

/** Starts a server, and has one handler wait. */
async function holding(options: PortalOptions = {}) {
  await start({ health: true, ...options });
  const client = await connect('/held');
  client.socket.send('last words');
  await command(server, { untilHeld: 1 });
  return client;
}

/** Has the server shut down while that handler waits. */
async function shuttingDown() {
  const client = await holding();
  expect(await statusOf('/readyz')).toBe(200);
  server.signal('SIGTERM');
  while ((await statusOf('/readyz')) !== 503);
  return client;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s under load: all received messages are answered, then all clients get 1001, and the process ends with 0',
  async (signal) => {
    await start();
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect('/echo')));
    let replies = 0;
    const loaded = new Promise<void>((resolve) => {
      for (const { socket } of clients) {
        let sent = 0;
        const send = (): void => socket.send(String(sent++));
        socket.on('message', () => {
          if (++replies === BEFORE_SIGNAL) resolve();
          if (socket.readyState === WebSocket.OPEN) send();
        });
        for (let i = 0; i < IN_FLIGHT; i++) send();
      }
    });
    await loaded;
    const from = performance.now();
    server.signal(signal);
    const figures = await server.message<Figures>();

    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(Array(CLIENTS).fill(1001));
    for (const client of clients) expect(client.replies).toEqual(client.replies.map((_, at) => String(at)));
    expect(figures).toMatchObject({ received: replies, handled: replies, closed: CLIENTS });
    expect(await server.ended).toBe(0);
    const ms = (performance.now() - from).toFixed(0);
    figure(
      'SIGTERM under load',
      `${signal}: ${replies} received, handled and answered, 1001 to ${CLIENTS}, ended with 0 in ${ms} ms`,
    );
  },
);

test('while a handler runs, the server is healthy but not ready, and accepts nobody', async () => {
  const client = await shuttingDown();
  expect(await statusOf('/healthz')).toBe(200);
  const late = await RawClient.connect(server.url);
  late.upgrade('/echo');
  expect(await late.answer()).toMatchObject({ status: 503, body: 'The server is shutting down.' });
  late.destroy();
  expect(client.replies).toEqual([]);

  await command(server, { release: true });
  expect(await client.closed).toBe(1001);
  expect(client.replies).toEqual(['last words']);
  expect(await server.ended).toBe(0);
});

test('idle connections get 1001 at once, though a handler of another connection runs', async () => {
  await start();
  const [idle, busy] = [await connect('/echo'), await connect('/held')];
  busy.socket.send('x');
  await command(server, { untilHeld: 1 });
  server.signal('SIGTERM');
  expect(await idle.closed).toBe(1001);
  expect(busy.socket.readyState).toBe(WebSocket.OPEN);
});

test('a second signal ends the process at once', async () => {
  const client = await shuttingDown();
  server.signal('SIGTERM');
  expect(await server.ended).toBe('SIGTERM');
  expect(await client.closed).toBe(1006);
});

test('a handler that never settles is given up at the deadline, and the process still ends with 0', async () => {
  const client = await holding({ shutdown: { signals: true, deadlineMs: 500 } });
  server.signal('SIGTERM');
  const figures = await server.message<Figures>();
  expect(figures.limited).toBe(1);
  expect(await client.closed).toBe(1006);
  expect(await server.ended).toBe(0);
});

test('without the option `signals` the signal ends the process at once', async () => {
  await start({ shutdown: {} });
  server.signal('SIGTERM');
  expect(await server.ended).toBe('SIGTERM');
});
