import { once } from 'node:events';
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Endpoint } from '../../../src/engine';
import { text } from '../../support/frames';
import { deferred, echo } from '../../support/engine';
import { attached, opened, portOf, tcpClient } from '../../support/foreign';
import { ManualClock } from '../../support/manual-clock';
import type { HttpAnswer, RawClient } from '../../support/raw-client';

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

/** Those that take every upgrade of a server, whatever its path. */
const GREEDY: Record<string, () => void> = {
  'destroys all that it does not know': () => void server.on('upgrade', (_request, socket) => void socket.destroy()),
  'ends it later, as @hono/node-ws does': () => {
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    server.on('upgrade', async (_request, socket) => {
      await Promise.resolve();
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
  },
  'answers it as a plain request, as @fastify/websocket does': () => {
    server.on('upgrade', (request, socket) => {
      const response = new ServerResponse(request);
      response.assignSocket(socket as Socket);
      response.writeHead(404, { 'content-length': 2, connection: 'close' }).end('no');
    });
  },
  'takes it for its own, as express-ws does': () => {
    new WebSocketServer({ server }).on('connection', (client) => client.close());
  },
  'is a ws server of another path': () => void new WebSocketServer({ server, path: '/theirs' }),
  'destroys it after a while, as Socket.IO does': () => {
    server.on('upgrade', (_request, socket) => setImmediate(() => socket.destroy()));
  },
};

describe.each(Object.entries(GREEDY))('a listener that %s', (_what, listen) => {
  test.each(['before', 'after'])('does not hear of ours: there %s us', async (order) => {
    const heard: string[] = [];
    const text: Endpoint['text'] = (connection, message) => void connection.send(`${message}!`);
    const { detach } = beside(order, listen, { ...chat, text });
    server.on('upgrade', ({ url }) => void heard.push(url!));
    const socket = new WebSocket(`ws://localhost:${portOf(server)}/chat`);
    await once(socket, 'open');
    for (const word of ['one', 'two']) {
      socket.send(word);
      const [answer] = (await once(socket, 'message')) as [Buffer];
      expect(answer.toString()).toBe(`${word}!`);
    }
    expect(heard).toEqual([]);
    detach();
    const gone = new WebSocket(`ws://localhost:${portOf(server)}/chat`);
    await new Promise((resolve) => gone.on('close', resolve).on('error', () => {}));
    expect(heard).toEqual(['/chat']);
    socket.send('three');
    expect(String((await once(socket, 'message'))[0])).toBe('three!');
    socket.terminate();
  });
});

test('others hear of an upgrade to something else on our paths', async () => {
  attached(server, [chat]);
  const heard = deferred<string>();
  server.on('upgrade', (request, socket) => {
    heard.resolve(request.headers.upgrade!);
    socket.destroy();
  });
  const client = await tcpClient(server);
  client.upgrade('/chat', { Upgrade: 'ticker' });
  expect(await heard.promise).toBe('ticker');
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
