import { request as requestHttp, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, EngineOptions } from '../../src/engine';
import { deferred, echo, startEngine } from '../support/engine';
import { bodyOf, Http2Client } from '../support/http2-client';
import { dial, gone, LAYERS, untilOpen, type Layers } from '../support/layers';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';

const rooms = { ...echo, path: '/rooms/:room' };

type Held = { request: IncomingMessage; response: ServerResponse };

/** A listener whose requests are answered by the test. */
function holding() {
  const requests: Held[] = [];
  let wake = (): void => {};
  const listener: RequestListener = (request, response) => {
    requests.push({ request, response });
    wake();
  };
  /** The next request to arrive. */
  const next = async (): Promise<Held> => {
    while (requests.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return requests.shift()!;
  };
  return { request: listener, next, requests };
}

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: Promise<string>;
}

/** Sends a request whose body is given, or left to be sent. */
interface Asked {
  send(bytes: string): void;
  end(bytes?: string): void;
  answer: Promise<Answer>;
}

function askHttp1(stream: Duplex, headers: Record<string, string> = {}): Asked {
  const outgoing = requestHttp({
    createConnection: () => stream,
    method: 'POST',
    path: '/page',
    headers: { connection: 'keep-alive', ...headers },
  });
  outgoing.flushHeaders();
  const answer = new Promise<Answer>((resolve, reject) => {
    outgoing.on('error', reject).on('response', (response: IncomingMessage) => {
      const body = textOf(response);
      body.catch(() => {});
      resolve({ status: response.statusCode!, headers: response.headers, body });
    });
  });
  answer.catch(() => {});
  return { send: (bytes) => void outgoing.write(bytes), end: (bytes) => void outgoing.end(bytes), answer };
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

async function askHttp2(stream: Duplex): Promise<Asked> {
  const client = await Http2Client.connect('ws://localhost', { createConnection: () => stream });
  const answer = client.request({ ':path': '/page', ':method': 'POST' }).then((given) => {
    const body = bodyOf(given);
    body.catch(() => {});
    return { ...given, body };
  });
  answer.catch(() => {});
  const [outgoing] = client.streams;
  return { send: (bytes) => void outgoing!.write(bytes), end: (bytes) => void outgoing!.end(bytes), answer };
}

async function ask(name: string, { reach }: Layers, socket: Socket): Promise<Asked> {
  const stream = await reach(socket);
  return name.startsWith('HTTP/2') ? askHttp2(stream) : askHttp1(stream);
}

/** Whether it has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.finally(() => (settled = true)).catch(() => {});
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  return settled;
}

describe.each(Object.entries(LAYERS))('a server that stops, over %s', (name, layers) => {
  const isHttp1 = name.startsWith('HTTP/1.1');
  const start = (request: RequestListener, options: EngineOptions = {}): Promise<Engine> =>
    startEngine([rooms], { ...layers.options, request, ...options });

  test('waits for an answer that is still to be given', async () => {
    const { request, next } = holding();
    const engine = await start(request);
    const asked = await ask(name, layers, await dial(engine));
    asked.end('all');
    const { response } = await next();
    const closed = engine.close();
    expect(await isSettled(closed)).toBe(false);
    response.end('answer');
    const { status, headers, body } = await asked.answer;
    expect([status, await body]).toEqual([200, 'answer']);
    expect(headers.connection).toBe(isHttp1 ? 'close' : undefined);
    await closed;
  });

  test('waits for one that has begun, to its end, and then ends the connection', async () => {
    const { request, next } = holding();
    const engine = await start(request);
    const asked = await ask(name, layers, await dial(engine));
    asked.end();
    const { response } = await next();
    response.write('first');
    const { body } = await asked.answer;
    const closed = engine.close();
    response.write(' second');
    expect(await isSettled(closed)).toBe(false);
    response.end(' third');
    expect(await body).toBe('first second third');
    await closed;
  });

  test('waits for an upload', async () => {
    const { request, next } = holding();
    const engine = await start(request);
    const asked = await ask(name, layers, await dial(engine));
    asked.send('one ');
    const held = await next();
    const closed = engine.close();
    const received = textOf(held.request);
    asked.end('two');
    expect(await received).toBe('one two');
    held.response.end('thanks');
    expect(await (await asked.answer).body).toBe('thanks');
    await closed;
  });

  test('does not cut what was wholly written and has not left', async () => {
    const { request, next } = holding();
    const engine = await start(request);
    const socket = await dial(engine);
    const asked = await ask(name, layers, socket);
    asked.end();
    const { response } = await next();
    socket.pause();
    const large = 'x'.repeat(16 * 1024 * 1024);
    response.end(large);
    const closed = engine.close();
    // over TLS the client may have read it all by now
    await isSettled(closed);
    socket.resume();
    expect((await (await asked.answer).body).length).toBe(large.length);
    await closed;
  });

  test('cuts what is not answered at the deadline', async () => {
    const { request, next } = holding();
    const clock = new ManualClock();
    const engine = await start(request, { clock, shutdown: { deadlineMs: 5_000 } });
    const asked = await ask(name, layers, await dial(engine));
    asked.end();
    const { response } = await next();
    response.write('for ever');
    await asked.answer;
    const closed = engine.close();
    expect(await isSettled(closed)).toBe(false);
    clock.advance(5_000);
    await closed;
    // which is when all connections have gone
    expect(response.writableEnded).toBe(false);
  });

  test('waits no more for a client that has left', async () => {
    const { request, next } = holding();
    const engine = await start(request);
    const socket = await dial(engine);
    const asked = await ask(name, layers, socket);
    asked.end();
    await next();
    const closed = engine.close();
    socket.destroy();
    await closed;
  });

  test('answers health meanwhile, also over connections that come only now', async () => {
    const { request, next } = holding();
    const engine = await start(request, { health: true });
    const asked = await ask(name, layers, await dial(engine));
    asked.end();
    const { response } = await next();
    const closed = engine.close();
    for (const [path, status] of [
      ['/healthz', 200],
      ['/readyz', 503],
    ] as const) {
      if (name.endsWith('TLS')) break;
      const client = RawClient.over(await dial(engine));
      client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(await client.answer()).toMatchObject({ status, headers: { connection: 'close' } });
    }
    response.end();
    await (
      await asked.answer
    ).body;
    await closed;
  });

  test('may start again, and keeps connections then', async () => {
    const { request, next } = holding();
    const engine = await start(request);
    await engine.close();
    await engine.listen();
    const asked = await ask(name, layers, await dial(engine));
    asked.end();
    (await next()).response.end('here');
    expect((await asked.answer).headers.connection).toBe(isHttp1 ? 'keep-alive' : undefined);
  });
});

const plainRequest = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

const WAYS_OF_HTTP1 = Object.entries(LAYERS).filter(([name]) => name.startsWith('HTTP/1.1'));

test.each(WAYS_OF_HTTP1)('a connection that is idle goes at once: %s', async (_name, { options, reach }) => {
  const { request, next } = holding();
  const engine = await startEngine([rooms], { ...options, request });
  const idle = RawClient.over(await reach(await dial(engine)));
  idle.write(plainRequest('/a'));
  (await next()).response.end('a');
  expect((await idle.answer()).headers.connection).toBe('keep-alive');
  const busy = RawClient.over(await reach(await dial(engine)));
  busy.write(plainRequest('/b'));
  const { response } = await next();

  const closed = engine.close();
  await gone(idle.socket);
  response.setHeader('Content-Length', 1).end('b');
  expect(await busy.answer()).toMatchObject({ body: 'b', headers: { connection: 'close' } });
  await closed;
});

/** By public complaints about other servers. */
describe('while an answer of another connection is waited for', () => {
  async function stopping() {
    const { request, next } = holding();
    const clock = new ManualClock();
    const engine = await startEngine([rooms], { request, clock, shutdown: { deadlineMs: 5_000 } });
    const ask = async (path: string): Promise<RawClient> => {
      const client = RawClient.over(await dial(engine));
      client.write(plainRequest(path));
      return client;
    };
    return { engine, next, ask, clock };
  }

  test('a connection that becomes idle goes at once, though its answer had begun before', async () => {
    const { engine, next, ask } = await stopping();
    const early = await ask('/early');
    const first = await next();
    first.response.writeHead(200, { 'Content-Length': 2 }).write('a');
    expect(first.response.shouldKeepAlive).toBe(true);
    const late = await ask('/late');
    const second = await next();
    const closed = engine.close();
    first.response.end('b');
    await gone(early.socket);
    expect(await isSettled(closed)).toBe(false);
    second.response.end();
    await late.end();
    // no time has passed
    await closed;
  });

  test('a client that asks again and again is told with the next answer that it must connect anew', async () => {
    const { engine, next, ask } = await stopping();
    await ask('/held');
    const held = await next();
    const busy = await ask('/1');
    const one = await next();
    const closed = engine.close();
    one.response.setHeader('Content-Length', 1).end('1');
    expect((await busy.answer()).headers.connection).toBe('close');
    busy.write(plainRequest('/2'));
    await gone(busy.socket);
    held.response.end();
    await closed;
  });

  test('an upload that stands still is cut at the deadline', async () => {
    const { engine, next, ask, clock } = await stopping();
    const client = await ask('/other');
    (await next()).response.end();
    const stalled = RawClient.over(await dial(engine));
    stalled.write('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
    const { request } = await next();
    request.on('error', () => {}).resume();
    const closed = engine.close();
    await gone(client.socket);
    expect(await isSettled(closed)).toBe(false);
    clock.advance(5_000);
    await closed;
    await gone(stalled.socket);
  });

  test('half of a request is waited for no longer than the others', async () => {
    const { engine, next, ask } = await stopping();
    const half = RawClient.over(await dial(engine));
    half.write('GET /a HTTP/1.1\r\nHo');
    const other = await ask('/other');
    const { response } = await next();
    const closed = engine.close();
    response.end();
    await other.end();
    await closed;
    await gone(half.socket);
  });
});

test('requests that were pipelined are all answered, and the last says that it is the last', async () => {
  const { request, next } = holding();
  const engine = await startEngine([rooms], { request });
  const client = RawClient.over(await dial(engine));
  client.write(plainRequest('/a') + plainRequest('/b'));
  const [first, second] = [await next(), await next()];
  const closed = engine.close();
  second.response.setHeader('Content-Length', 1).end('b');
  first.response.setHeader('Content-Length', 1).end('a');
  expect(await client.answer()).toMatchObject({ body: 'a', headers: { connection: 'keep-alive' } });
  expect(await client.answer()).toMatchObject({ body: 'b', headers: { connection: 'close' } });
  await closed;
});

test('one that comes on the same connection meanwhile is answered too, as long as nothing said that it would not be', async () => {
  const { request, next, requests } = holding();
  const engine = await startEngine([rooms], { request });
  const client = RawClient.over(await dial(engine));
  client.write(plainRequest('/a'));
  const first = await next();
  const closed = engine.close();
  client.write(plainRequest('/b'));
  const second = await next();
  first.response.setHeader('Content-Length', 1).end('a');
  expect((await client.answer()).headers.connection).toBe('keep-alive');
  second.response.setHeader('Content-Length', 2);
  second.response.write('b');
  client.write(plainRequest('/c'));
  await isSettled(closed);
  second.response.end('b');
  expect(await client.answer()).toMatchObject({ body: 'bb', headers: { connection: 'close' } });
  expect((await client.end()).toString()).toBe('');
  expect(requests).toEqual([]);
  await closed;
});

test('an answer that insists on keep-alive is the last all the same', async () => {
  const { request, next } = holding();
  const engine = await startEngine([rooms], { request });
  const client = RawClient.over(await dial(engine));
  client.write(plainRequest('/a'));
  const { response } = await next();
  const closed = engine.close();
  response.writeHead(200, { Connection: 'keep-alive', 'Content-Length': 1 }).end('a');
  expect((await client.answer()).body).toBe('a');
  await gone(client.socket);
  await closed;
});

test('who waits for 100 (Continue) is waited for', async () => {
  const { request, next } = holding();
  const engine = await startEngine([rooms], { request });
  const client = RawClient.over(await dial(engine));
  client.write('POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
  expect((await client.answer()).status).toBe(100);
  const held = await next();
  const closed = engine.close();
  client.write('body');
  expect(await textOf(held.request)).toBe('body');
  held.response.end('thanks');
  expect((await client.end()).toString()).toContain('thanks');
  await closed;
});

test('an event stream lasts as long as the application lets it', async () => {
  const { request, next } = holding();
  const engine = await startEngine([rooms], { request });
  const client = RawClient.over(await dial(engine));
  client.write(plainRequest('/events'));
  const { response } = await next();
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
  const closed = engine.close();
  response.end('data: bye\n\n');
  expect((await client.end()).toString()).toContain('data: bye');
  await closed;
});

test('WebSockets and requests are waited for together, and none is let in', async () => {
  const { request, next } = holding();
  const handled = deferred();
  const engine = await startEngine([{ path: '/work', text: () => handled.promise }], { request });
  const socket = await RawClient.open(engine.url, '/work');
  socket.write(Buffer.from([0x81, 0x80, 0, 0, 0, 0]));
  const page = RawClient.over(await dial(engine));
  page.write(plainRequest('/page'));
  const { response } = await next();
  const closed = engine.close();
  const late = await RawClient.connect(engine.url);
  late.upgrade('/work');
  expect((await late.answer()).status).toBe(503);
  handled.resolve();
  expect(await socket.closeFrame()).toMatchObject({ code: 1001 });
  expect(await isSettled(closed)).toBe(false);
  response.end();
  await page.end();
  socket.destroy();
  await closed;
});

test('over a Unix socket too', async () => {
  const { request, next } = holding();
  const socketPath = join(tmpdir(), `portal-answers-${process.pid}.sock`);
  const engine = await startEngine([rooms], { socketPath, request });
  const client = RawClient.over(await dial(socketPath));
  client.write(plainRequest('/a'));
  const { response } = await next();
  const closed = engine.close();
  response.setHeader('Content-Length', 1).end('a');
  expect(await client.answer()).toMatchObject({ body: 'a', headers: { connection: 'close' } });
  await closed;
});

test('a connection on which many requests were answered has no more listeners than before', async () => {
  const request: RequestListener = ({ socket }, response) => {
    const body = String(socket.listenerCount('close'));
    response.setHeader('Content-Length', body.length).end(body);
  };
  const engine = await startEngine([rooms], { request });
  const client = RawClient.over(await dial(engine));
  const counts = new Set<string>();
  for (let i = 0; i < 20; i++) {
    client.write(plainRequest('/a'));
    counts.add((await client.answer()).body);
  }
  expect(counts.size).toBe(1);
  client.upgrade('/rooms/7');
  expect((await client.answer()).status).toBe(101);
  expect(engine['parts'].answers['underWay'].size).toBe(0);
  client.destroy();
  await untilOpen(engine, 0);
});

test('what a client sends behind a request that is being answered is not a refused handshake', async () => {
  const refused: number[] = [];
  const { request, next } = holding();
  const engine = await startEngine([rooms], {
    request,
    observer: { handshakeRefused: ({ status }) => void refused.push(status) },
  });
  const cases: [string, boolean][] = [
    ['no chunk\r\n', false],
    ['no chunk\r\n', true],
  ];
  for (const [bytes, hasBegun] of cases) {
    const client = RawClient.over(await dial(engine));
    client.write('POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const { response } = await next();
    if (hasBegun) response.write('begun');
    client.write(bytes);
    const rest = (await client.end()).toString();
    expect(rest.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(rest).toMatch(hasBegun ? /^HTTP\/1\.1 200/ : /^HTTP\/1\.1 400/);
    client.destroy();
  }
  const client = RawClient.over(await dial(engine));
  client.write('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
  const { request: upload } = await next();
  client.socket.end();
  await new Promise((resolve) => upload.on('error', () => {}).on('close', resolve));
  expect(refused).toEqual([]);
});
