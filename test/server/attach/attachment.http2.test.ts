import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Endpoint } from '../../../src/engine';
import { CA, LOCALHOST } from '../../support/certificates';
import { deferred, echo } from '../../support/engine';
import { attached, opened, portOf, tlsClient } from '../../support/foreign';
import { text } from '../../support/frames';
import { bodyOf, Http2Client } from '../../support/http2-client';
import { ManualClock } from '../../support/manual-clock';

type Foreign = ReturnType<typeof createServer> | ReturnType<typeof createSecureServer>;
type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

const chat: Endpoint = { ...echo, path: '/chat' };
const TIMEOUT_MS = 10_000;
const PLAIN_CONNECT = { ':method': 'CONNECT', ':authority': 'localhost' };

const connect = (server: Foreign): Promise<Http2Client> =>
  Http2Client.connect(`${'setSecureContext' in server ? 'wss' : 'ws'}://localhost:${portOf(server)}`, { ca: CA });

const statusOf = async (server: Foreign, path: string): Promise<number> =>
  (await (await connect(server)).connect(path)).status;

/** A server whose owner has a `request` listener, and what that one heard. */
async function withRequests(): Promise<{ server: Foreign; heard: string[] }> {
  const heard: string[] = [];
  const server = await opened(
    createServer((request, response) => {
      heard.push(`${request.method} ${request.url}`);
      response.end();
    }),
  );
  return { server, heard };
}

/** A server whose owner has one `stream` listener and no other. */
const withStreams = (listener: (stream: ServerHttp2Stream, path: string) => void): Promise<Foreign> =>
  opened(createServer().on('stream', (stream, headers) => listener(stream, headers[':path'] ?? '')));

describe('a `request` listener', () => {
  test('does not hear of WebSockets, ours or not', async () => {
    const { server, heard } = await withRequests();
    attached(server, [chat]);
    const client = await connect(server);
    expect((await client.connect('/chat')).status).toBe(200);
    const refused = await client.connect('/nowhere');
    expect([refused.status, await bodyOf(refused)]).toEqual([404, 'No WebSocket is served at this path.']);
    expect(heard).toEqual([]);
    expect((await client.request({ ':path': '/page' })).status).toBe(200);
    expect(heard).toEqual(['GET /page']);
  });

  test('may come later', async () => {
    const server = await opened(createServer());
    attached(server, [chat]);
    const heard: string[] = [];
    server.on('request', ((request, response) => {
      heard.push(request.url);
      response.end();
    }) satisfies Handler);
    expect(await statusOf(server, '/chat')).toBe(200);
    expect(await statusOf(server, '/nowhere')).toBe(404);
    expect(heard).toEqual([]);
  });

  test('a WebSocket of a second application is not refused by the first', async () => {
    const { server } = await withRequests();
    attached(server, [chat]);
    attached(server, [{ ...chat, path: '/second' }]);
    expect(await statusOf(server, '/second')).toBe(200);
  });
});

describe('a CONNECT that is not extended', () => {
  test('gets 405, as without us', async () => {
    const { server } = await withRequests();
    const ask = async (): Promise<number> => (await (await connect(server)).request(PLAIN_CONNECT)).status;
    expect(await ask()).toBe(405);
    attached(server, [chat]);
    attached(server, [chat]);
    expect(await ask()).toBe(405);
  });

  test('is left to whoever listens for it', async () => {
    const { server } = await withRequests();
    attached(server, [chat]);
    server.on('connect', ((_request, response) => {
      if (response.stream.headersSent) return;
      response.writeHead(299);
      response.end();
    }) satisfies Handler);
    expect((await (await connect(server)).request(PLAIN_CONNECT)).status).toBe(299);
  });

  test('ends the connection when it comes by HTTP/1.1, as without us', async () => {
    const server = await opened(
      createSecureServer({ ...LOCALHOST, allowHTTP1: true }, (_request, response) => response.end()),
    );
    const ask = async (): Promise<Buffer> => {
      const client = await tlsClient(server);
      client.write('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n');
      return client.end();
    };
    expect(await ask()).toHaveLength(0);
    attached(server, [chat]);
    expect(await ask()).toHaveLength(0);
  });
});

test('a server without any other listener answers WebSockets that are not ours', async () => {
  const server = await opened(createServer());
  attached(server, [chat]);
  expect(await statusOf(server, '/nowhere')).toBe(404);
  expect(await statusOf(server, '/chat')).toBe(200);
});

test('a `:protocol` that is not websocket gets 501', async () => {
  const { server } = await withRequests();
  attached(server, [chat]);
  const client = await connect(server);
  expect((await client.connect('/chat', {}, 'connect-udp')).status).toBe(501);
});

describe('WebSockets that are not ours, where others listen for upgrades of HTTP/1.1', () => {
  const HTTP_1_1_REQUIRED = 13;

  test.each([
    [
      'a `request` listener',
      (server: Foreign) => server.on('request', ((_q, response) => response.end()) satisfies Handler),
    ],
    ['no other listener', () => {}],
  ])('are sent there: with %s', async (_name, prepare) => {
    const server = await opened(createSecureServer({ ...LOCALHOST, allowHTTP1: true }));
    prepare(server);
    server.on('upgrade', () => {});
    attached(server, [chat]);
    const client = await connect(server);
    await expect(client.connect('/theirs')).rejects.toMatchObject({ code: 'ERR_HTTP2_STREAM_ERROR' });
    const stream = client.session.request(
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':path': '/theirs',
        ':scheme': 'https',
        ':authority': 'localhost',
      },
      { endStream: false },
    );
    stream.on('error', () => {});
    await new Promise((resolve) => stream.on('close', resolve));
    expect(stream.rstCode).toBe(HTTP_1_1_REQUIRED);
    expect((await client.connect('/chat')).status).toBe(200);
  });

  test('are not sent to another application of ours', async () => {
    const server = await opened(createSecureServer({ ...LOCALHOST, allowHTTP1: true }));
    attached(server, [chat]);
    attached(server, [{ ...chat, path: '/b' }]);
    expect(await statusOf(server, '/theirs')).toBe(404);
  });

  test('are refused when they are none', async () => {
    const server = await opened(createSecureServer({ ...LOCALHOST, allowHTTP1: true }));
    server.on('upgrade', () => {});
    attached(server, [chat]);
    const client = await connect(server);
    expect((await client.connect('/theirs', {}, 'connect-udp')).status).toBe(404);
  });
});

describe("a `stream` listener of the owner's", () => {
  test.each(['before', 'after'])('that was there %s us has its own paths', async (order) => {
    const server = await opened(createServer());
    const listen = (): void =>
      void server.on('stream', (stream, headers) => {
        if (headers[':path'] === '/theirs') stream.respond({ ':status': 299 });
      });
    if (order === 'before') listen();
    attached(server, [chat]);
    if (order === 'after') listen();
    expect(await statusOf(server, '/theirs')).toBe(299);
    expect(await statusOf(server, '/chat')).toBe(200);
  });

  test('that ignores a path of nobody: 404 when its time is over', async () => {
    const heard = deferred<ServerHttp2Stream>();
    const server = await withStreams((stream) => heard.resolve(stream));
    const clock = new ManualClock();
    attached(server, [chat], { clock, limits: { handshakeTimeoutMs: TIMEOUT_MS } });
    const client = await connect(server);
    const answer = client.connect('/nowhere');
    const stream = await heard.promise;
    clock.advance(TIMEOUT_MS - 1);
    expect(stream.headersSent).toBe(false);
    clock.advance(1);
    expect((await answer).status).toBe(404);
  });

  test('that answers late is left alone', async () => {
    const heard = deferred<ServerHttp2Stream>();
    const server = await withStreams((stream) => heard.resolve(stream));
    const clock = new ManualClock();
    const refused: number[] = [];
    attached(server, [chat], {
      clock,
      limits: { handshakeTimeoutMs: TIMEOUT_MS },
      observer: { handshakeRefused: ({ status }) => void refused.push(status) },
    });
    const client = await connect(server);
    const asked = client.connect('/slow');
    (await heard.promise).respond({ ':status': 299 });
    expect((await asked).status).toBe(299);
    clock.advance(TIMEOUT_MS);
    expect(clock.pending).toBe(0);
    expect(refused).toEqual([]);
  });

  test('beside a `request` listener has what it answers first', async () => {
    const server = await opened(createSecureServer({ ...LOCALHOST, allowHTTP1: true }));
    server.on('stream', (stream, headers) => {
      if (headers[':path'] !== '/theirs') return;
      stream.respond({ ':status': 299 });
      stream.pipe(stream);
    });
    server.on('request', ((_request, response) => response.end()) satisfies Handler);
    server.on('upgrade', () => {});
    attached(server, [chat]);
    const { status, stream } = await (await connect(server)).connect('/theirs');
    expect(status).toBe(299);
    stream.write('still here');
    const [echoed] = (await once(stream, 'data')) as [Buffer];
    expect(echoed.toString()).toBe('still here');
  });

  test('that answered a WebSocket of ours before us has it', async () => {
    const seen: string[] = [];
    const server = await withStreams((stream) => stream.respond({ ':status': 299 }));
    const { engine } = attached(server, [
      { ...chat, upgrade: () => void seen.push('upgrade'), open: () => void seen.push('open') },
    ]);
    expect(await statusOf(server, '/chat')).toBe(299);
    expect(seen).toEqual([]);
    await engine.close();
  });

  test('that answers everything while our hook decides spoils that WebSocket and nothing else', async () => {
    const failures: string[] = [];
    const server = await opened(createServer());
    const verdict = deferred<undefined>();
    const released = deferred();
    const { engine } = attached(
      server,
      [{ ...chat, upgrade: () => verdict.promise, release: () => released.resolve() }],
      {
        observer: { failed: (error) => void failures.push((error as { code: string }).code) },
      },
    );
    server.on('stream', (stream) => stream.respond({ ':status': 299 }));
    expect(await statusOf(server, '/chat')).toBe(299);
    verdict.resolve(undefined);
    await released.promise;
    expect(failures).toEqual(['ERR_HTTP2_HEADERS_SENT']);
    expect(engine.connections.size).toBe(0);
  });
});

describe('settings', () => {
  test('of the owner are kept, and clients are told of both', async () => {
    const server = await opened(createServer({ settings: { maxConcurrentStreams: 7, initialWindowSize: 70_000 } }));
    expect((await connect(server)).settings).toMatchObject({ maxConcurrentStreams: 7, enableConnectProtocol: false });
    const { detach } = attached(server, [chat]);
    const during = { maxConcurrentStreams: 7, initialWindowSize: 70_000, enableConnectProtocol: true };
    expect((await connect(server)).settings).toMatchObject(during);
    detach();
    expect((await connect(server)).settings).toMatchObject({ ...during, enableConnectProtocol: false });
  });

  test('of an owner who takes extended CONNECT himself stay on', async () => {
    const server = await opened(createServer({ settings: { enableConnectProtocol: true } }));
    attached(server, [chat]).detach();
    expect((await connect(server)).settings).toMatchObject({ enableConnectProtocol: true });
  });

  test('tell of extended CONNECT as long as one of two applications is there', async () => {
    const server = await opened(createServer());
    const [first, second] = [attached(server, [chat]), attached(server, [chat])];
    first.detach();
    expect((await connect(server)).settings).toMatchObject({ enableConnectProtocol: true });
    expect(await statusOf(server, '/chat')).toBe(200);
    second.detach();
    expect((await connect(server)).settings).toMatchObject({ enableConnectProtocol: false });
  });
});

test('one HTTP/2 connection carries WebSockets and requests side by side, and outlives the application', async () => {
  const { server } = await withRequests();
  const { engine } = attached(server, [chat]);
  const client = await connect(server);
  const [one, two] = await Promise.all([client.open('/chat'), client.open('/chat')]);
  one.write(text('one'));
  two.write(text('two'));
  expect((await client.request({ ':path': '/page' })).status).toBe(200);
  expect((await one.frame()).payload.toString()).toBe('one');
  expect((await two.frame()).payload.toString()).toBe('two');
  for (const connection of engine.connections) connection.terminate();
  await engine.close();
  expect((await client.request({ ':path': '/page' })).status).toBe(200);
});

test('an owner who cuts the HTTP/2 connection loses the WebSockets on it: 1006', async () => {
  const { server } = await withRequests();
  const { promise, resolve } = deferred<number>();
  attached(server, [{ ...chat, close: (_connection, { code }) => resolve(code) }]);
  const session = once(server, 'session') as Promise<[{ destroy(): void; socket: Socket }]>;
  await (await connect(server)).open('/chat');
  (await session)[0].destroy();
  expect(await promise).toBe(1006);
});
