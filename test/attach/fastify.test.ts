import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import type { Application } from '../../src';
import type { ForeignServer } from '../../src/engine';
import { CA, LOCALHOST } from '../support/certificates';
import { bodyOf, Http2Client } from '../support/http2-client';
import { close, text } from '../support/frames';
import { codeOf, createChat, enter, refusalOf, say, Sessions } from './chat';

let app: Application;
let rest: FastifyInstance;
let cookie: string;

const KINDS: Record<string, object> = {
  http: {},
  https: { https: LOCALHOST },
  http2: { http2: true },
  'http2 with TLS': { http2: true, https: LOCALHOST },
  'http2 with TLS and HTTP/1.1': { http2: true, https: { ...LOCALHOST, allowHTTP1: true } },
};

function create(options: object = {}): FastifyInstance {
  rest = fastify(options);
  rest.get('/rooms', () => ['lobby']);
  return rest;
}

const server = (): ForeignServer => rest.server;
const at = (path: string, scheme: string): string =>
  `${scheme}://localhost:${(server().address() as AddressInfo).port}${path}`;
const listen = (host = '127.0.0.1'): Promise<string> => rest.listen({ port: 0, host });

beforeEach(async () => {
  app = await createChat();
  cookie = `session=${app.container.resolve(Sessions).begin('ann')}`;
});

afterEach(async () => {
  await app.close();
  await rest.close();
});

describe.each(Object.keys(KINDS))('Fastify with %s', (name) => {
  const isSecure = name !== 'http' && name !== 'http2';

  test.each(['before', 'after'])('serves REST and WebSockets on one port: attached %s it listens', async (order) => {
    create(KINDS[name]);
    if (order === 'before') await app.attach(server());
    await listen();
    if (order === 'after') await app.attach(server());
    if (!name.startsWith('http2') || name.endsWith('1.1')) {
      const url = at('/chat/lobby', isSecure ? 'wss' : 'ws');
      const socket = await enter(url, { headers: { cookie } });
      expect(await say(socket, 'hi')).toBe(`ann in lobby over 1.1${isSecure ? ', secure' : ''}: hi`);
      expect(await refusalOf(url)).toBe(401);
    }
    if (name.startsWith('http2')) {
      const client = await Http2Client.connect(at('', isSecure ? 'wss' : 'ws'), { ca: CA });
      const raw = await client.open('/chat/lobby', { cookie });
      raw.write(text('hi'));
      expect((await raw.frame()).payload.toString()).toBe(`ann in lobby over 2.0${isSecure ? ', secure' : ''}: hi`);
      expect((await client.connect('/chat/lobby')).status).toBe(401);
      expect(await bodyOf(await client.request({ ':path': '/rooms' }))).toBe('["lobby"]');
    } else if (!isSecure) {
      expect(await (await fetch(at('/rooms', 'http'))).json()).toEqual(['lobby']);
    }
  });

  test('closes in order: WebSockets with 1001, then the requests of Fastify', async () => {
    create(KINDS[name]);
    const order: string[] = [];
    rest.addHook('preClose', async () => {
      await app.close();
      order.push(`${app.connections.size} connections are left`);
    });
    rest.addHook('onClose', async () => void order.push('Fastify is closed'));
    await app.attach(server());
    await listen();
    if (name.startsWith('http2')) {
      const client = await Http2Client.connect(at('', isSecure ? 'wss' : 'ws'), { ca: CA });
      const raw = await client.open('/chat/lobby', { cookie });
      const closing = rest.close();
      expect((await raw.closeFrame()).code).toBe(1001);
      raw.write(close(1001));
      raw.socket.end();
      // Fastify waits until all HTTP/2 connections have gone, with WebSockets or without
      client.session.close();
      await closing;
    } else {
      const socket = await enter(at('/chat/lobby', isSecure ? 'wss' : 'ws'), { headers: { cookie } });
      const code = codeOf(socket);
      await rest.close();
      expect(await code).toBe(1001);
    }
    expect(order).toEqual(['0 connections are left', 'Fastify is closed']);
  });
});

test('all addresses of localhost serve WebSockets', async () => {
  create();
  await app.attach(server());
  await listen('localhost');
  for (const { address, port } of rest.addresses() as AddressInfo[]) {
    const host = address.includes(':') ? `[${address}]` : address;
    const socket = await enter(`ws://${host}:${port}/chat/lobby`, { headers: { cookie } });
    expect(await say(socket, 'hi')).toBe('ann in lobby over 1.1: hi');
    expect(await refusalOf(`ws://${host}:${port}/nowhere`)).toBe(404);
  }
});

test('Fastify goes on without WebSockets after detach, and with them again', async () => {
  create();
  await listen();
  await app.attach(server());
  await app.close();
  expect(await (await fetch(at('/rooms', 'http'))).json()).toEqual(['lobby']);
  await app.attach(server());
  const socket = await enter(at('/chat/lobby', 'ws'), { headers: { cookie } });
  expect(await say(socket, 'hi')).toBe('ann in lobby over 1.1: hi');
});

test('an instance of Fastify is refused with the name of what to pass', async () => {
  create();
  await expect(app.attach(rest as never)).rejects.toThrow('the property server of Fastify');
});

test('a client that asks for HTTP/2 by Upgrade gets the same answer as without Portal', async () => {
  create();
  await app.attach(server());
  await listen();
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
  const asked = request(at('/rooms', 'http'), { headers }).end();
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  expect([response.statusCode, body]).toEqual([200, '["lobby"]']);
});
