import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Endpoint } from '../../src/engine';
import { text } from '../support/frames';
import { deferred, echo } from '../support/engine';
import { attached, opened, portOf, tcpClient } from '../support/foreign';
import { ManualClock } from '../support/manual-clock';
import type { HttpAnswer, RawClient } from '../support/raw-client';

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

const chat: Endpoint = { ...echo, path: '/chat' };
const TIMEOUT_MS = 10_000;

let server: Server;

beforeEach(async () => {
  server = await opened(createServer((_request, response) => void response.end('plain')));
});

async function ask(path: string, headers: Record<string, string> = {}): Promise<HttpAnswer & { client: RawClient }> {
  const client = await tcpClient(server);
  client.upgrade(path, headers);
  return { ...(await client.answer()), client };
}

/** What a socket says first. */
async function firstWord(path: string): Promise<string> {
  const socket = new WebSocket(`ws://localhost:${portOf(server)}${path}`);
  const [message] = (await once(socket, 'message')) as [Buffer];
  socket.terminate();
  return message.toString();
}

/** Attaches an application to /chat, before or after somebody else begins to listen. */
function beside(order: string, listen: () => void, endpoint: Endpoint = chat, clock = new ManualClock()) {
  if (order === 'before') listen();
  const attachment = attached(server, [endpoint], { clock, limits: { handshakeTimeoutMs: TIMEOUT_MS } });
  if (order === 'after') listen();
  return { ...attachment, clock };
}

/** Hears an upgrade without doing anything about it. */
function ignored(): { promise: Promise<Socket> } {
  const { promise, resolve } = deferred<Socket>();
  server.on('upgrade', (_request, socket) => resolve(socket as Socket));
  return { promise };
}

/** A `ws` server for the path /theirs that leaves all others alone. */
function listenWithWs(): void {
  const theirs = new WebSocketServer({ noServer: true });
  server.on('upgrade', ((request, socket, head) => {
    if (request.url === '/theirs') theirs.handleUpgrade(request, socket, head, (client) => client.send('theirs'));
  }) satisfies UpgradeListener);
}

describe.each(['before', 'after'])('a listener that was there %s us', (order) => {
  test('has its own paths, and we have ours: ws without a server', async () => {
    beside(order, listenWithWs, { ...chat, open: (connection) => void connection.send('ours') });
    expect(await firstWord('/theirs')).toBe('theirs');
    expect(await firstWord('/chat')).toBe('ours');
  });

  test('answers what it likes: it is left alone', async () => {
    const listen = (): void => {
      server.on('upgrade', ((request, socket) => {
        if (request.url !== '/chat') socket.end('HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      }) satisfies UpgradeListener);
    };
    const { clock } = beside(order, listen);
    const { status, client } = await ask('/old');
    expect(status).toBe(410);
    expect(await client.end()).toHaveLength(0);
    client.socket.end();
    expect((await ask('/chat')).status).toBe(101);
    clock.advance(TIMEOUT_MS);
  });

  test('that ignores a path of nobody: 404 when its time is over, and the connection ends', async () => {
    let heard!: Promise<Socket>;
    const { clock } = beside(order, () => void (heard = ignored().promise));
    const client = await tcpClient(server);
    client.upgrade('/nowhere');
    const socket = await heard;
    clock.advance(TIMEOUT_MS - 1);
    expect(socket.bytesWritten).toBe(0);
    clock.advance(1);
    expect(await client.answer()).toMatchObject({ status: 404, body: 'No WebSocket is served at this path.' });
    expect(await client.end()).toHaveLength(0);
  });

  test('that has answered keeps its connection, however long that is ago', async () => {
    const { clock } = beside(order, listenWithWs);
    const socket = new WebSocket(`ws://localhost:${portOf(server)}/theirs`);
    await once(socket, 'message');
    clock.advance(10 * TIMEOUT_MS);
    const answered = once(socket, 'pong');
    socket.ping();
    await answered;
    socket.terminate();
  });

  test('that writes and never reads keeps its connection', async () => {
    let heard!: Promise<Socket>;
    const { clock } = beside(order, () => void (heard = ignored().promise));
    const client = await tcpClient(server);
    client.upgrade('/ticker');
    (await heard).write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: ticker\r\nConnection: Upgrade\r\n\r\n');
    expect((await client.answer()).status).toBe(101);
    clock.advance(TIMEOUT_MS);
    (await heard).end('tick');
    expect((await client.end()).toString()).toBe('tick');
  });

  test.each(['data', 'readable'])('that reads what comes (%s) is still at it', async (event) => {
    let heard!: Promise<Socket>;
    const { clock } = beside(order, () => void (heard = ignored().promise));
    const client = await tcpClient(server);
    client.upgrade('/nowhere');
    const socket = await heard;
    socket.on(event, () => {});
    clock.advance(TIMEOUT_MS);
    expect(clock.pending).toBe(0);
    socket.end('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n');
    expect((await client.answer()).status).toBe(204);
  });
});

test('a listener that comes later is heard from then on', async () => {
  attached(server, [chat]);
  expect((await ask('/theirs')).status).toBe(404);
  listenWithWs();
  expect(await firstWord('/theirs')).toBe('theirs');
});

test('of two applications that wait for others, one answers', async () => {
  const { promise } = ignored();
  const clock = new ManualClock();
  const options = { clock, limits: { handshakeTimeoutMs: TIMEOUT_MS } };
  attached(server, [{ ...chat, path: '/a' }], options);
  attached(server, [{ ...chat, path: '/b' }], options);
  const client = await tcpClient(server);
  client.upgrade('/nowhere');
  await promise;
  expect(clock.pending).toBe(1);
  clock.advance(TIMEOUT_MS);
  expect((await client.answer()).status).toBe(404);
  expect(await client.end()).toHaveLength(0);
});

describe('while we wait for others', () => {
  const closeOf = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.on('close', () => resolve()));

  async function waiting() {
    const { promise } = ignored();
    const attachment = beside('after', () => {});
    const client = await tcpClient(server);
    client.upgrade('/nowhere');
    const socket = await promise;
    expect(attachment.clock.pending).toBe(1);
    return { ...attachment, socket, client };
  }

  test('a client that goes away is forgotten', async () => {
    const { clock, socket, client } = await waiting();
    const closed = closeOf(socket);
    client.socket.resetAndDestroy();
    socket.resume();
    await closed;
    expect(clock.pending).toBe(0);
  });

  test('a connection that breaks harms nobody', async () => {
    const { clock, socket } = await waiting();
    const closed = closeOf(socket);
    socket.destroy(new Error('ECONNRESET'));
    await closed;
    expect(clock.pending).toBe(0);
    expect((await ask('/chat')).status).toBe(101);
  });

  test('detaching ends the wait', async () => {
    const { clock, socket, detach } = await waiting();
    detach();
    expect(clock.pending).toBe(0);
    expect(socket.listenerCount('close')).toBe(0);
    expect(socket.bytesWritten).toBe(0);
  });
});

describe('a listener that destroys all that it does not know', () => {
  const destroyAll = (): void => void server.on('upgrade', (_request, socket) => void socket.destroy());

  test('before us: no connection is made of what is left', async () => {
    const seen: string[] = [];
    const endpoint = { ...chat, upgrade: () => void seen.push('upgrade'), open: () => void seen.push('open') };
    const { engine } = beside('before', destroyAll, endpoint);
    const client = await tcpClient(server);
    client.upgrade('/chat');
    expect(await client.end()).toHaveLength(0);
    expect(seen).toEqual([]);
    await engine.close();
  });

  test('after us: the connection is closed as one that was lost', async () => {
    const { promise, resolve } = deferred<number>();
    const { engine } = beside('after', destroyAll, { ...chat, close: (_connection, { code }) => resolve(code) });
    const client = await tcpClient(server);
    client.upgrade('/chat');
    expect(await promise).toBe(1006);
    expect(engine.connections.size).toBe(0);
    await engine.close();
  });

  test('while a hook decides: it is told that the client has gone', async () => {
    const aborted = deferred();
    const upgrade: Endpoint['upgrade'] = ({ signal }) => {
      signal.addEventListener('abort', () => aborted.resolve());
      return new Promise<undefined>(() => {});
    };
    const { engine } = beside('after', destroyAll, { ...chat, upgrade });
    (await tcpClient(server)).upgrade('/chat');
    await aborted.promise;
    await engine.close();
  });
});

test('a ws server of its own path, there before us, answers ours with 400 and makes no connection', async () => {
  const opened: string[] = [];
  new WebSocketServer({ server, path: '/theirs' });
  beside('after', () => {}, { ...chat, open: () => void opened.push('open') });
  const { status, client } = await ask('/chat');
  expect(status).toBe(400);
  await client.end();
  expect(opened).toEqual([]);
});

test('what is pipelined behind a refused upgrade is not served', async () => {
  const served: string[] = [];
  server.on('request', ({ url }) => void served.push(url ?? ''));
  attached(server, [chat]);
  const client = await tcpClient(server);
  client.upgrade('/chat', { 'Content-Length': '9000' }, Buffer.from('GET /secret HTTP/1.1\r\nHost: a\r\n\r\n'));
  expect((await client.answer()).status).toBe(400);
  expect(await client.end()).toHaveLength(0);
  expect(served).toEqual([]);
});

test('frames in the packet of the handshake are handled', async () => {
  attached(server, [chat]);
  const client = await tcpClient(server);
  client.upgrade('/chat', {}, text('at once'));
  expect((await client.answer()).status).toBe(101);
  expect((await client.frame()).payload.toString()).toBe('at once');
});

test("the server's own limit of headers counts, and ours does not", async () => {
  server = await opened(createServer({ maxHeaderSize: 2000 }));
  attached(server, [chat], { limits: { maxHeaderBytes: 1000 } });
  expect((await ask('/chat', { 'X-Long': 'x'.repeat(1500) })).status).toBe(101);
  expect((await ask('/chat', { 'X-Long': 'x'.repeat(2500) })).status).toBe(431);
});

test("the server's time-out of idle sockets does not end a WebSocket", async () => {
  server.timeout = 60_000;
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  attached(server, [chat]);
  const { client } = await ask('/chat');
  client.write(text('open'));
  await client.frame();
  expect(sockets.map(({ timeout }) => timeout)).toEqual([0]);
});
