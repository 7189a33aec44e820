import { request, type IncomingMessage } from 'node:http';
import { text } from '../../support/frames';
import { echo, startEngine } from '../../support/engine';
import { RawClient, type HttpAnswer } from '../../support/raw-client';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

async function ask(headers: Record<string, string>, path = '/'): Promise<HttpAnswer & { rest: Buffer }> {
  const engine = await startEngine([echo, { ...echo, path: '/v', protocols: ['chat', 'superchat'] }]);
  const client = await RawClient.connect(engine.url);
  client.upgrade(path, headers);
  const answer = await client.answer();
  return { ...answer, rest: answer.status === 101 ? Buffer.alloc(0) : await client.end() };
}

async function askRaw(head: string): Promise<HttpAnswer & { rest: Buffer }> {
  const engine = await startEngine([echo]);
  const client = await RawClient.connect(engine.url);
  client.write(head.replaceAll('\n', '\r\n'));
  const answer = await client.answer();
  return { ...answer, rest: answer.status === 101 ? Buffer.alloc(0) : await client.end() };
}

const UPGRADE = `Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: ${KEY}\n`;

test('a request in order is accepted with the key of RFC 6455 1.3', async () => {
  const { status, headers } = await ask({ 'Sec-WebSocket-Key': KEY });
  expect(status).toBe(101);
  expect(headers).toEqual({
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  });
});

test.each([
  ['tokens in any case, among others', { Upgrade: 'h2c, WebSocket', Connection: 'keep-alive, UPGRADE' }, '/'],
  ['an absolute path with a query', {}, '/?a=1'],
])('accepted: %s', async (_what, headers, path) => {
  expect((await ask(headers, path)).status).toBe(101);
});

test('accepted: an absolute URI as request target (RFC 6455 4.2.1)', async () => {
  expect((await askRaw(`GET http://localhost/?x HTTP/1.1\nHost: localhost\n${UPGRADE}\n`)).status).toBe(101);
});

test.each([
  ['chat', 'chat'],
  ['superchat, chat', 'superchat'],
  ['other', undefined],
])('subprotocols %s: %s', async (offered, chosen) => {
  const { status, headers } = await ask({ 'Sec-WebSocket-Protocol': offered }, '/v');
  expect(status).toBe(101);
  expect(headers['sec-websocket-protocol']).toBe(chosen);
});

test.each([
  ['no key', { 'Sec-WebSocket-Key': '' }, 400],
  ['a key of 15 bytes', { 'Sec-WebSocket-Key': Buffer.alloc(15).toString('base64') }, 400],
  ['a key that is no base64', { 'Sec-WebSocket-Key': '*'.repeat(22) + '==' }, 400],
  ['no version', { 'Sec-WebSocket-Version': '' }, 426],
  ['version 12', { 'Sec-WebSocket-Version': '12' }, 426],
  ['version 013', { 'Sec-WebSocket-Version': '013' }, 426],
  ['two versions', { 'Sec-WebSocket-Version': '13, 8' }, 426],
  ['another upgrade', { Upgrade: 'h2c' }, 400],
  ['an upgrade whose name only begins so', { Upgrade: 'websockets' }, 400],
  ['a body', { 'Content-Length': '5' }, 400],
  ['a chunked body', { 'Transfer-Encoding': 'chunked' }, 400],
  ['subprotocols twice', { 'Sec-WebSocket-Protocol': 'chat, chat' }, 400],
  ['a subprotocol that is no token', { 'Sec-WebSocket-Protocol': 'a b' }, 400],
  ['a foreign origin', { Origin: 'https://evil.com' }, 403],
  ['the origin null', { Origin: 'null' }, 403],
])('refused: %s', async (_what, headers: Record<string, string>, status) => {
  const answer = await ask(headers);
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.headers.connection).toMatch(/^close/);
  expect(answer.body.length).toBeGreaterThan(5);
  expect(answer.rest).toHaveLength(0);
  if (status === 426) expect(answer.headers['sec-websocket-version']).toBe('13');
});

test.each([
  ['no Host', `GET / HTTP/1.1\n${UPGRADE}\n`, 400],
  ['two Hosts', `GET / HTTP/1.1\nHost: a\nHost: b\n${UPGRADE}\n`, 400],
  ['HTTP/1.0', `GET / HTTP/1.0\nHost: a\n${UPGRADE}\n`, 400],
  ['POST', `POST / HTTP/1.1\nHost: a\n${UPGRADE}\n`, 405],
  ['a fragment in the target', `GET /#x HTTP/1.1\nHost: a\n${UPGRADE}\n`, 400],
  ['an asterisk as target', `OPTIONS * HTTP/1.1\nHost: a\n${UPGRADE}\n`, 400],
  ['an unknown path', `GET /nothing HTTP/1.1\nHost: a\n${UPGRADE}\n`, 404],
  ['a path that cannot be decoded', `GET /%zz HTTP/1.1\nHost: a\n${UPGRADE}\n`, 400],
  ['no HTTP at all', `hello\n\n`, 400],
  ['headers of more than 16 KiB', `GET / HTTP/1.1\nHost: a\nX: ${'x'.repeat(17_000)}\n${UPGRADE}\n`, 431],
  ['space before a colon', `GET / HTTP/1.1\nHost : a\n${UPGRADE}\n`, 400],
])('refused: %s', async (_what, head, status) => {
  const answer = await askRaw(head);
  expect(answer.status).toBe(status);
  expect(answer.rest).toHaveLength(0);
});

test('refused: 2,000 headers before the important ones', async () => {
  const answer = await askRaw(`GET / HTTP/1.1\nHost: a\n${'a: b\n'.repeat(2_000)}${UPGRADE}\n`);
  // which of the two depends on the version of Node
  expect([400, 431]).toContain(answer.status);
});

test('what is pipelined behind a refused upgrade is not served', async () => {
  const served: string[] = [];
  const engine = await startEngine([echo], { request: (req) => void served.push(req.url ?? '') });
  const client = await RawClient.connect(engine.url);
  client.upgrade('/', { 'Content-Length': '9000' }, Buffer.from('GET /secret HTTP/1.1\r\nHost: a\r\n\r\n'));
  expect((await client.answer()).status).toBe(400);
  expect(await client.end()).toHaveLength(0);
  expect(served).toEqual([]);
});

test('the origin of the same host is let through, whatever its port; so is a request without one', async () => {
  const engine = await startEngine([echo]);
  for (const Origin of ['http://127.0.0.1:3000', 'https://127.0.0.1', '']) {
    const client = await RawClient.open(engine.url, '/', { Origin });
    client.destroy();
  }
});

test('an origin function that throws is a 500, reported', async () => {
  const failures: unknown[] = [];
  const engine = await startEngine([echo], {
    origins: () => {
      throw new Error('no idea');
    },
    observer: { failed: (error) => void failures.push(error) },
  });
  const client = await RawClient.connect(engine.url);
  client.upgrade('/');
  expect((await client.answer()).status).toBe(500);
  expect(failures).toHaveLength(1);
});

test('frames in the packet of the handshake are handled', async () => {
  const engine = await startEngine([echo]);
  const client = await RawClient.connect(engine.url);
  client.upgrade('/', {}, Buffer.concat([text('one'), text('two')]));
  expect((await client.answer()).status).toBe(101);
  expect((await client.frame()).payload.toString()).toBe('one');
  expect((await client.frame()).payload.toString()).toBe('two');
});

test('a handshake that takes too long is answered with 408', async () => {
  const engine = await startEngine([echo], { limits: { handshakeTimeoutMs: 100 } });
  const client = await RawClient.connect(engine.url);
  client.write('GET / HTTP/1.1\r\nHo');
  expect((await client.answer()).status).toBe(408);
  await client.end();
});

test('a reset at any byte of the handshake harms nobody', async () => {
  const engine = await startEngine([echo]);
  const head = `GET / HTTP/1.1\r\nHost: a\r\n${UPGRADE.replaceAll('\n', '\r\n')}\r\n`;
  for (let cut = 1; cut <= head.length; cut += 7) {
    const client = await RawClient.connect(engine.url);
    client.write(head.slice(0, cut));
    client.socket.resetAndDestroy();
  }
  const client = await RawClient.open(engine.url, '/');
  client.write(text('alive'));
  expect((await client.frame()).payload.toString()).toBe('alive');
});

describe('plain requests', () => {
  async function get(port: number, path: string): Promise<{ response: IncomingMessage; body: string }> {
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      request({ port, path, host: '127.0.0.1' }, resolve).on('error', reject).end(),
    );
    let body = '';
    for await (const chunk of response) body += String(chunk);
    return { response, body };
  }

  test('to a WebSocket path get 426, to others 404', async () => {
    const engine = await startEngine([echo]);
    const { response, body } = await get(engine.port, '/');
    expect(response.statusCode).toBe(426);
    expect(response.headers).toMatchObject({ upgrade: 'websocket', 'sec-websocket-version': '13' });
    expect(body).toContain('WebSocket');
    expect((await get(engine.port, '/other')).response.statusCode).toBe(404);
  });

  test('to other paths go to the request listener', async () => {
    const engine = await startEngine([echo], { request: (req, res) => res.end(`plain ${req.url}`) });
    expect((await get(engine.port, '/page?x')).body).toBe('plain /page?x');
    expect((await get(engine.port, '/')).response.statusCode).toBe(426);
  });
});
