import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { WebSocketServer } from 'ws';
import type { Application } from '../../src';
import { codeOf, createChat, enter, refusalOf, say, Sessions } from './chat';

/** Requests that reached the middleware of Express. */
let seen: string[];
let app: Application;
let server: Server;

function createRest(): express.Express {
  const rest = express();
  rest.use((request: Request, _response: Response, next: NextFunction) => {
    seen.push(`${request.method} ${request.path}`);
    next();
  });
  rest.use(express.json());
  rest.post('/login', (request: Request<object, unknown, { user: string }>, response) => {
    const id = app.container.resolve(Sessions).begin(request.body.user);
    response.cookie('session', id, { httpOnly: true }).status(204).end();
  });
  rest.get('/rooms', (_request, response) => void response.json(['lobby']));
  return rest;
}

async function listening(): Promise<Server> {
  const started = createRest().listen(0, '127.0.0.1');
  await once(started, 'listening');
  return started;
}

const at = (path: string, scheme = 'http'): string =>
  `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

async function login(user: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(at('/login'), { method: 'POST', headers, body: JSON.stringify({ user }) });
  return answer.headers.get('set-cookie')!;
}

beforeEach(async () => {
  seen = [];
  app = await createChat();
});

afterEach(async () => {
  await app.close();
  await new Promise((resolve) => server.close(resolve));
});

test.each(['before', 'after'])(
  'REST and WebSockets on one port share a session: attached %s it listens',
  async (order) => {
    if (order === 'before') {
      server = createServer(createRest());
      await app.attach(server);
      await once(server.listen(0, '127.0.0.1'), 'listening');
    } else {
      server = await listening();
      await app.attach(server);
    }
    if (!server.listening) await once(server, 'listening');
    const cookie = await login('ann');
    const socket = await enter(at('/chat/lobby', 'ws'), { headers: { cookie } });
    expect(await say(socket, 'hi')).toBe('ann in lobby over 1.1: hi');
    expect(await (await fetch(at('/rooms'))).json()).toEqual(['lobby']);
    expect(await refusalOf(at('/chat/lobby', 'ws'))).toBe(401);
    expect(await refusalOf(at('/rooms', 'ws'))).toBe(404);
    expect(seen).toEqual(['POST /login', 'GET /rooms']);
  },
);

test('Express answers plain requests to a WebSocket path', async () => {
  server = await listening();
  await app.attach(server);
  const answer = await fetch(at('/chat/lobby'));
  expect(answer.status).toBe(404);
  expect(answer.headers.get('x-powered-by')).toBe('Express');
});

test('an application of Express is refused with the name of what to pass', async () => {
  const rest = createRest();
  server = rest.listen(0, '127.0.0.1');
  await expect(app.attach(rest as never)).rejects.toThrow('what listen() of Express returns');
});

test('app.close(), then server.close() ends the process of both: 1001, and no connection is left', async () => {
  server = await listening();
  await app.attach(server);
  const socket = await enter(at('/chat/lobby', 'ws'), { headers: { cookie: await login('ann') } });
  const code = codeOf(socket);
  await app.close();
  expect(await code).toBe(1001);
  expect((await fetch(at('/rooms'))).status).toBe(200);
  server.close();
  await once(server, 'close');
});

test('beside a server of ws, each has its own path', async () => {
  server = await listening();
  const theirs = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/theirs') theirs.handleUpgrade(request, socket, head, (client) => client.send('theirs'));
  });
  await app.attach(server);
  const socket = await enter(at('/chat/lobby', 'ws'), { headers: { cookie: await login('bob') } });
  expect(await say(socket, 'hi')).toBe('bob in lobby over 1.1: hi');
  const other = await enter(at('/theirs', 'ws'));
  expect(other.readyState).toBe(other.OPEN);
  other.terminate();
});
