import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, serve, upgradeWebSocket, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { getCookie } from 'hono/cookie';
import { WebSocketServer } from 'ws';
import type { Application } from '../../src';
import { CA, LOCALHOST } from '../support/certificates';
import { text } from '../support/frames';
import { bodyOf, Http2Client } from '../support/http2-client';
import { codeOf, createChat, enter, refusalOf, say, Sessions } from './chat';

let app: Application;
let server: ServerType;
let cookie: string;

const rest = new Hono();
rest.get('/rooms', (context) => context.json(['lobby']));
rest.get('/me', (context) =>
  context.text(app.container.resolve(Sessions).userOf(`session=${getCookie(context, 'session')}`) ?? ''),
);
rest.get(
  '/theirs',
  upgradeWebSocket(() => ({ onOpen: (_event, socket) => socket.send('theirs') })),
);

const at = (path: string, scheme = 'http'): string =>
  `${scheme}://localhost:${(server.address() as AddressInfo).port}${path}`;

async function listening(started: ServerType): Promise<void> {
  server = started;
  if (!server.listening) await once(server, 'listening');
}

beforeEach(async () => {
  app = await createChat();
  cookie = `session=${app.container.resolve(Sessions).begin('ann')}`;
});

afterEach(async () => {
  await app.close();
  await new Promise((resolve) => server.close(resolve));
});

test('the server of serve() takes WebSockets beside the routes, with the same session', async () => {
  await listening(serve({ fetch: rest.fetch, port: 0, hostname: 'localhost' }));
  await app.attach(server);
  const socket = await enter(at('/chat/lobby', 'ws'), { headers: { cookie } });
  expect(await say(socket, 'hi')).toBe('ann in lobby over 1.1: hi');
  expect(await (await fetch(at('/me'), { headers: { cookie } })).text()).toBe('ann');
  expect(await refusalOf(at('/chat/lobby', 'ws'))).toBe(401);
  expect(await refusalOf(at('/rooms', 'ws'))).toBe(404);
});

test('an application attaches before Hono listens', async () => {
  const created = createAdaptorServer({ fetch: rest.fetch });
  await app.attach(created);
  await listening(created.listen(0, 'localhost'));
  const socket = await enter(at('/chat/lobby', 'ws'), { headers: { cookie } });
  expect(await say(socket, 'hi')).toBe('ann in lobby over 1.1: hi');
});

test('WebSockets over HTTP/2', async () => {
  const serverOptions = { ...LOCALHOST, allowHTTP1: true };
  await listening(
    serve({ fetch: rest.fetch, port: 0, hostname: 'localhost', createServer: createSecureServer, serverOptions }),
  );
  await app.attach(server);
  const client = await Http2Client.connect(at('', 'wss'), { ca: CA });
  const raw = await client.open('/chat/lobby', { cookie });
  raw.write(text('hi'));
  expect((await raw.frame()).payload.toString()).toBe('ann in lobby over 2.0, secure: hi');
  expect(await bodyOf(await client.request({ ':path': '/rooms' }))).toBe('["lobby"]');
  const socket = await enter(at('/chat/lobby', 'wss'), { headers: { cookie } });
  expect(await say(socket, 'hi')).toBe('ann in lobby over 1.1, secure: hi');
  client.destroy();
});

test("Hono's own WebSockets and Portal's are side by side", async () => {
  const websocket = { server: new WebSocketServer({ noServer: true }) };
  await listening(serve({ fetch: rest.fetch, port: 0, hostname: 'localhost', websocket: websocket as never }));
  await app.attach(server);
  const theirs = await enter(at('/theirs', 'ws'));
  const ours = await enter(at('/chat/lobby', 'ws'), { headers: { cookie } });
  expect(await say(ours, 'hi')).toBe('ann in lobby over 1.1: hi');
  const code = codeOf(ours);
  await app.close();
  expect(await code).toBe(1001);
  expect(theirs.readyState).toBe(theirs.OPEN);
  theirs.terminate();
});
