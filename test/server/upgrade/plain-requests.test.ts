import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Engine } from '../../../src/engine';
import { echo, startEngine } from '../../support/engine';
import { bodyOf, Http2Client } from '../../support/http2-client';
import { dial, LAYERS, untilOpen } from '../../support/layers';
import { RawClient, type HttpAnswer } from '../../support/raw-client';

const rooms = { ...echo, path: '/rooms/:room' };

/** Answers with what it is asked for, and tells of what it was asked. */
function listening(): { request: RequestListener; asked: string[] } {
  const asked: string[] = [];
  const request: RequestListener = ({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.end(`plain ${url}`);
  };
  return { request, asked };
}

const requestLine = (target: string, method = 'GET'): string => `${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

async function clientOf(engine: Engine): Promise<RawClient> {
  return RawClient.over(await dial(engine));
}

describe('over HTTP/1.1', () => {
  /** The answer and whatever comes behind it, up to the end. */
  async function last(engine: Engine, request: string): Promise<HttpAnswer & { rest: string }> {
    const client = await clientOf(engine);
    client.write(request);
    const answer = await client.answer();
    return { ...answer, rest: (await client.end()).toString() };
  }

  test.each(['/rooms/7', '/rooms/7?x=1', '/rooms/a%20b', 'http://a/rooms/7'])(
    'a path of a WebSocket says how to go on, and ends the connection: %s',
    async (target) => {
      const { request, asked } = listening();
      const engine = await startEngine([rooms], { request });
      const answer = await last(engine, requestLine(target));
      expect(answer).toMatchObject({
        status: 426,
        headers: {
          upgrade: 'websocket',
          connection: 'close, Upgrade',
          'sec-websocket-version': '13',
          'content-type': 'text/plain; charset=utf-8',
        },
        body: 'This path speaks WebSocket: connect with a WebSocket client.',
        rest: '',
      });
      expect(asked).toEqual([]);
    },
  );

  test.each(['/', '/rooms', '/rooms/7/8', '/ROOMS/7', '/rooms/7%2F8x#', '*', '/constructor', '/__proto__'])(
    'every other is 404 where nobody listens for it: %s',
    async (target) => {
      const engine = await startEngine([rooms]);
      const answer = await last(engine, requestLine(target, target === '*' ? 'OPTIONS' : 'GET'));
      expect(answer).toMatchObject({
        status: 404,
        headers: { connection: 'close' },
        body: 'No WebSocket is served at this path.',
        rest: '',
      });
    },
  );

  test('the listener gets all others, on one connection', async () => {
    const { request, asked } = listening();
    const client = await clientOf(await startEngine([rooms], { request }));
    for (const target of ['/page?x', '/rooms', '*']) {
      client.write(requestLine(target, target === '*' ? 'OPTIONS' : 'POST'));
      expect(await client.answer()).toMatchObject({ status: 200, body: `plain ${target}` });
    }
    expect(asked).toEqual(['POST /page?x', 'POST /rooms', 'OPTIONS *']);
  });

  test('a HEAD is answered without a body', async () => {
    const client = await clientOf(await startEngine([rooms]));
    client.write(requestLine('/other', 'HEAD'));
    expect((await client.end()).toString()).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[^]*\r\n\r\n$/);
  });

  test.each(['/rooms/7', '/other'])('what is pipelined behind an answer of ours gets none: %s', async (target) => {
    const engine = await startEngine([rooms], target === '/other' ? {} : { request: listening().request });
    expect((await last(engine, requestLine(target) + requestLine('/page'))).rest).toBe('');
    expect((await last(engine, `${requestLine(target)}no HTTP\r\n\r\n`)).rest).toBe('');
    await untilOpen(engine, 0);
  });

  test('the body of a request is no request', async () => {
    const { request, asked } = listening();
    const engine = await startEngine([rooms], { request });
    const body = requestLine('/secret');
    const head = `POST /rooms/7 HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
    expect(await last(engine, head + body)).toMatchObject({ status: 426, rest: '' });
    expect(asked).toEqual([]);
  });
});

describe('an Upgrade to another protocol than WebSocket may be ignored (RFC 9110 7.8)', () => {
  // Java's client sends it with every request
  const asking = (path: string, upgrade: string, body = ''): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  const WAYS = Object.entries(LAYERS).filter(([name]) => name.startsWith('HTTP/1.1'));

  test.each(WAYS)('the listener gets the request, with its body: %s', async (_name, { options, reach }) => {
    const heard: string[] = [];
    const request: RequestListener = (incoming, response) => {
      incoming.on('data', (bytes) => heard.push(String(bytes)));
      incoming.on('end', () => response.end(`plain ${incoming.url}`));
    };
    const engine = await startEngine([rooms], { ...options, request });
    const client = RawClient.over(await reach(await dial(engine)));
    client.write(asking('/page', 'h2c', 'words'));
    expect(await client.answer()).toMatchObject({ status: 200, headers: { connection: 'close' }, body: 'plain /page' });
    expect(heard).toEqual(['words']);
    await client.end();
    client.destroy();
    await untilOpen(engine, 0);
  });

  test.each([
    ['/page', 'websocket', 404],
    ['/page', 'h2c, WebSocket', 404],
    ['/rooms/7', 'h2c', 405],
  ])('but not of what is ours: %s, %s', async (path, upgrade, status) => {
    const { request, asked } = listening();
    const client = await clientOf(await startEngine([rooms], { request }));
    client.write(asking(path, upgrade));
    expect((await client.answer()).status).toBe(status);
    expect(asked).toEqual([]);
  });

  test('nor of one whose headers are not all known: where its body ends is not either', async () => {
    const { request, asked } = listening();
    const client = await clientOf(await startEngine([rooms], { request }));
    client.write(
      `GET /page HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n${'a: b\r\n'.repeat(2_000)}Host: a\r\n\r\n`,
    );
    expect([404, 431]).toContain((await client.answer()).status);
    expect(asked).toEqual([]);
  });
});

describe.each(['HTTP/2', 'HTTP/2 over TLS'])('over %s', (name) => {
  const { options, reach } = LAYERS[name]!;

  async function ask(engine: Engine, path: string, method = 'GET') {
    const stream = await reach(await dial(engine));
    const client = await Http2Client.connect('ws://localhost', { createConnection: () => stream });
    const answer = await client.request({ ':path': path, ':method': method });
    return { ...answer, body: await bodyOf(answer) };
  }

  test('a path of a WebSocket says how to go on, in the terms of HTTP/2', async () => {
    const { request, asked } = listening();
    const engine = await startEngine([rooms], { ...options, request });
    const { status, headers, body } = await ask(engine, '/rooms/7?x=1');
    expect([status, body]).toEqual([400, 'This path speaks WebSocket: connect with a WebSocket client.']);
    expect(Object.keys(headers)).toEqual(expect.not.arrayContaining(['upgrade', 'connection']));
    expect(asked).toEqual([]);
  });

  test('every other is 404 where nobody listens for it', async () => {
    const { status, body } = await ask(await startEngine([rooms], options), '/other');
    expect([status, body]).toEqual([404, 'No WebSocket is served at this path.']);
  });

  test('the listener gets all others', async () => {
    const { request, asked } = listening();
    const { status, body } = await ask(await startEngine([rooms], { ...options, request }), '/page?x', 'POST');
    expect([status, body, asked]).toEqual([200, 'plain /page?x', ['POST /page?x']]);
  });
});

test.each([
  ['/healthz?x=1', 'GET', 200],
  ['http://a/healthz', 'GET', 200],
  ['http://a:80/readyz?x', 'GET', 200],
  ['/healthz', 'HEAD', 200],
  ['/healthz/', 'GET', 404],
  ['//healthz', 'GET', 404],
  ['/HEALTHZ', 'GET', 404],
])('health is asked by its path: %s %s', async (target, method, status) => {
  const client = await clientOf(await startEngine([rooms], { health: true }));
  client.write(requestLine(target, method));
  if (method === 'HEAD') {
    client.write('GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect((await client.end()).toString()).toMatch(/^HTTP\/1\.1 200 OK/);
  } else expect((await client.answer()).status).toBe(status);
});

describe.each(Object.entries(LAYERS))('a listener that fails when it has read the body, over %s', (name, layers) => {
  test.each(['ECONNRESET', 'EPIPE', undefined])('with the code %s is told, and answered with 500', async (code) => {
    const failures: unknown[] = [];
    const error = Object.assign(new Error('the database is away'), { code });
    const fail = async (incoming: IncomingMessage): Promise<void> => {
      incoming.resume();
      await once(incoming, 'end');
      await new Promise(setImmediate);
      throw error;
    };
    const request: RequestListener = (incoming) => fail(incoming) as unknown as undefined;
    const observer = { failed: (failure: unknown) => void failures.push(failure) };
    const engine = await startEngine([rooms], { ...layers.options, request, observer });
    const stream = await layers.reach(await dial(engine));
    if (name.startsWith('HTTP/2')) {
      const client = await Http2Client.connect('ws://localhost', { createConnection: () => stream });
      const answer = client.request({ ':path': '/page', ':method': 'POST' });
      client.streams[0]!.end('all');
      expect((await answer).status).toBe(500);
    } else {
      const client = RawClient.over(stream);
      client.write('POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nall');
      expect((await client.answer()).status).toBe(500);
    }
    expect(failures).toEqual([error]);
  });
});
