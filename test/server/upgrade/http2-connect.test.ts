import { once } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { refuse, type Connection, type Endpoint, type EngineOptions } from '../../../src/engine';
import { DEFAULT_LIMITS } from '../../../src/connection/limits';
import { CA, LOCALHOST } from '../../support/certificates';
import { deflateMessage, inflateMessage } from '../../support/deflate';
import { deferred, echo, startEngine } from '../../support/engine';
import { clientFrame, text, TEXT } from '../../support/frames';
import { bodyOf, type Http2Client } from '../../support/http2-client';
import { PREFACE } from '../../support/http2-frames';
import { dial, dialHttp1, WAYS } from '../../support/http2-ways';
import { ManualClock } from '../../support/manual-clock';
import { RawClient } from '../../support/raw-client';

const gone = (stream: ClientHttp2Stream): Promise<unknown> => {
  return stream.closed ? Promise.resolve() : once(stream.resume(), 'close');
};

type Upgrade = NonNullable<Endpoint['upgrade']>;

describe.each(WAYS)('%s', (_way, way) => {
  async function opened(endpoints: Endpoint[], options: EngineOptions = {}) {
    const engine = await startEngine(endpoints, { ...way, ...options });
    return { engine, client: await dial(engine) };
  }

  /** The connection that a handler sees, of a client that sends these headers. */
  async function seen(endpoint: Partial<Endpoint>, path: string, headers: Record<string, string>): Promise<Connection> {
    const connection = deferred<Connection>();
    const { client } = await opened([{ path: '/', open: (each) => connection.resolve(each), ...endpoint }]);
    await client.open(path, headers);
    return connection.promise;
  }

  const get = (client: Http2Client, path: string, method = 'GET') =>
    client.request({ ':method': method, ':path': path });

  test('the server says that it understands extended CONNECT, and how many streams it takes', async () => {
    const { client } = await opened([echo]);
    expect(client.settings).toMatchObject({ enableConnectProtocol: true, maxConcurrentStreams: 1000 });
  });

  test('a WebSocket is accepted with 200 and no key (RFC 8441 section 5)', async () => {
    const { client } = await opened([echo]);
    const { status, headers, stream } = await client.connect('/');
    expect(status).toBe(200);
    expect(Object.keys(headers).sort()).toEqual([':status', 'date']);
    const raw = RawClient.over(stream);
    raw.write(text('over HTTP/2'));
    expect((await raw.frame()).payload.toString()).toBe('over HTTP/2');
  });

  test('a client that sends a key nevertheless gets its proof (RFC 6455 1.3)', async () => {
    const { client } = await opened([echo]);
    const { status, headers } = await client.connect('/', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' });
    expect([status, headers['sec-websocket-accept']]).toEqual([200, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=']);
  });

  test('handlers see the request without its pseudo-headers, and :authority as Host', async () => {
    const { handshake } = await seen({}, '/?a=1', { cookie: 'a=b; c=d', 'x-name': 'é', constructor: 'x' });
    const { headers, url, httpVersion, secure, remoteAddress } = handshake;
    expect({ url, httpVersion, remoteAddress }).toEqual({
      url: '/?a=1',
      httpVersion: '2.0',
      remoteAddress: '127.0.0.1',
    });
    expect(secure).toBe(way.tls !== undefined);
    expect(headers).toMatchObject({ cookie: 'a=b; c=d', constructor: 'x', 'sec-websocket-version': '13' });
    expect(headers.host).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(Object.keys(headers).filter((name) => name.startsWith(':'))).toEqual([]);
    expect(Object.getPrototypeOf(headers)).toBeNull();
  });

  test('path parameters and the query are read', async () => {
    const { params, query, path } = await seen({ path: '/rooms/:room' }, '/rooms/a%20b?c=d', {});
    expect({ params, path, c: query.get('c') }).toEqual({ params: { room: 'a b' }, path: '/rooms/:room', c: 'd' });
  });

  test.each([
    ['chat, superchat', 'chat'],
    ['other', undefined],
  ])('subprotocols %s: %s', async (offered, chosen) => {
    const { client } = await opened([{ ...echo, protocols: ['superchat', 'chat'] }]);
    const { status, headers } = await client.connect('/', { 'sec-websocket-protocol': offered });
    expect([status, headers['sec-websocket-protocol']]).toEqual([200, chosen]);
  });

  test('permessage-deflate is agreed on and used', async () => {
    const { client } = await opened([echo], { compression: { threshold: 0 } });
    const { headers, stream } = await client.connect('/', { 'sec-websocket-extensions': 'permessage-deflate' });
    expect(headers['sec-websocket-extensions']).toMatch(/^permessage-deflate/);
    const raw = RawClient.over(stream);
    raw.write(clientFrame({ opcode: TEXT, rsv: 4, payload: deflateMessage('squeezed') }));
    const { rsv, payload } = await raw.frame();
    expect([rsv, inflateMessage(payload).toString()]).toEqual([4, 'squeezed']);
  });

  test.each([
    ['of the same host, whatever its port', 'https://127.0.0.1:3000', 200],
    ['of another host', 'https://evil.com', 403],
    ['null', 'null', 403],
  ])('an origin %s', async (_what, origin, status) => {
    const { client } = await opened([echo]);
    expect((await client.connect('/', { origin })).status).toBe(status);
  });

  test('an unknown path gets 404, another version 400 with the one that is spoken', async () => {
    const { client } = await opened([echo]);
    expect((await client.connect('/nothing')).status).toBe(404);
    const { status, headers } = await client.connect('/', { 'sec-websocket-version': '12' });
    expect([status, headers['sec-websocket-version']]).toEqual([400, '13']);
  });

  test.each(['webtransport', 'WebSockets', 'connect-udp'])('the protocol %s gets 501', async (protocol) => {
    const { client } = await opened([echo]);
    expect((await client.connect('/', {}, protocol)).status).toBe(501);
  });

  test.each(['WebSocket', 'WEBSOCKET', 'websocket'])(
    '%s is served: the case is nothing (RFC 9110 7.8)',
    async (protocol) => {
      const { client } = await opened([echo]);
      expect((await client.connect('/', {}, protocol)).status).toBe(200);
    },
  );

  test('a CONNECT without :protocol gets 405, and no tunnel', async () => {
    const { client } = await opened([echo]);
    const { status, headers, stream } = await client.request({ ':method': 'CONNECT', ':authority': 'example.com:80' });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD, POST']);
    await gone(stream);
    expect(stream.rstCode).toBe(0);
  });

  test('HTTP/1.1 is served on the same port', async () => {
    const { engine, client } = await opened([echo]);
    await client.open('/');
    const raw = RawClient.over(await dialHttp1(engine));
    raw.upgrade('/');
    expect((await raw.answer()).status).toBe(101);
    raw.write(text('1.1'));
    expect((await raw.frame()).payload.toString()).toBe('1.1');
    expect([...engine.connections].map(({ handshake }) => handshake.httpVersion)).toEqual(['2.0', '1.1']);
  });

  describe('a hook before the handshake', () => {
    const REFUSAL = refuse(429, {
      headers: { 'Retry-After': '30', 'Keep-Alive': 'timeout=5', Connection: 'close', 'Content-Length': '1' },
      body: 'später',
    });

    test.each<[string, Upgrade]>([
      ['at once', () => REFUSAL],
      ['later', async () => REFUSAL],
    ])('refuses with status, headers and body, %s', async (_when, upgrade) => {
      const { client } = await opened([{ ...echo, upgrade }]);
      const answer = await client.connect('/');
      expect(answer.status).toBe(429);
      expect(answer.headers).toMatchObject({ 'retry-after': '30', 'content-length': '7' });
      expect(answer.headers).not.toHaveProperty('keep-alive');
      expect(await bodyOf(answer)).toBe('später');
    });

    test('ends the stream of one that is refused, though the client leaves its side open', async () => {
      const { client } = await opened([{ ...echo, upgrade: () => REFUSAL }]);
      const { stream } = await client.connect('/');
      await gone(stream);
      expect(stream.rstCode).toBe(0);
      expect((await client.connect('/')).status).toBe(429);
    });

    test.each<[string, Upgrade]>([
      ['at once', () => ({ protocol: 'b', headers: { 'X-Seat': '7', 'Set-Cookie': 'a=b', Upgrade: 'x' } })],
      ['later', async () => ({ protocol: 'b', headers: { 'X-Seat': '7', 'Set-Cookie': 'a=b', TE: 'x' } })],
    ])('chooses a subprotocol and adds headers, %s', async (_when, upgrade) => {
      const { client } = await opened([{ ...echo, upgrade }]);
      const { status, headers, stream } = await client.connect('/', { 'sec-websocket-protocol': 'a, b' });
      expect(status).toBe(200);
      expect(headers).toMatchObject({ 'sec-websocket-protocol': 'b', 'x-seat': '7', 'set-cookie': ['a=b'] });
      const raw = RawClient.over(stream);
      raw.write(text('in'));
      expect((await raw.frame()).payload.toString()).toBe('in');
    });

    test.each<[string, Upgrade]>([
      ['throws', () => Promise.reject(new Error('broken'))],
      ['accepts with a header that cannot be sent', async () => ({ headers: { 'X-Name': 'a\r\nb' } })],
      ['refuses with a header that cannot be sent', async () => refuse(400, { headers: { 'X-Name': 'a\r\nb' } })],
    ])('that %s is a 500, reported', async (_what, upgrade) => {
      const failures: unknown[] = [];
      const observer = { failed: (error: unknown) => void failures.push(error) };
      const { client } = await opened([{ ...echo, upgrade }], { observer });
      const { status, headers } = await client.connect('/');
      expect([status, headers['x-name'], failures.length]).toEqual([500, undefined, 1]);
    });

    test.each<[string, () => ReturnType<Upgrade>]>([
      ['lets it in', () => undefined],
      ['refuses', () => REFUSAL],
      ['refuses later', async () => REFUSAL],
    ])('that terminates the connection and %s ends the stream, and no other', async (_what, verdict) => {
      const upgrade: Upgrade = (connection) => {
        connection.terminate();
        return verdict();
      };
      const { engine, client } = await opened([
        { ...echo, upgrade },
        { ...echo, path: '/other' },
      ]);
      await expect(client.connect('/')).rejects.toThrow();
      const raw = await client.open('/other');
      raw.write(text('alive'));
      expect((await raw.frame()).payload.toString()).toBe('alive');
      expect(engine.connections.size).toBe(1);
    });

    test('is asked with the connection of the request, and may take its time up to a deadline: 408', async () => {
      const clock = new ManualClock();
      const asked = deferred<Connection>();
      const upgrade = (connection: Connection): Promise<undefined> => {
        asked.resolve(connection);
        return new Promise(() => {});
      };
      const { engine, client } = await opened([{ ...echo, upgrade }], { clock });
      const answer = client.connect('/');
      expect((await asked.promise).handshake.httpVersion).toBe('2.0');
      clock.advance(DEFAULT_LIMITS.handshakeTimeoutMs);
      expect((await answer).status).toBe(408);
      expect(engine.connections.size).toBe(0);
    });

    test.each([0, 8])('counts for nothing when the stream was reset meanwhile, with code %i', async (code) => {
      const asked = deferred<Connection>();
      const verdict = deferred<undefined>();
      const released = deferred();
      const failures: unknown[] = [];
      const endpoint: Endpoint = {
        ...echo,
        upgrade: (connection) => {
          asked.resolve(connection);
          return verdict.promise;
        },
        release: () => released.resolve(),
      };
      const { engine, client } = await opened([endpoint, { ...echo, path: '/other' }], {
        observer: { failed: (error) => void failures.push(error) },
      });
      const answer = client.connect('/');
      answer.catch(() => {});
      const { signal } = await asked.promise;
      client.streams.at(-1)!.close(code);
      await released.promise;
      expect(signal.aborted).toBe(true);
      verdict.resolve(undefined);
      const raw = await client.open('/other');
      raw.write(text('alive'));
      expect((await raw.frame()).payload.toString()).toBe('alive');
      expect(engine.connections.size).toBe(1);
      expect(failures).toEqual([]);
    });

    test('cannot let in while the server stops: 503', async () => {
      const asked = deferred();
      const upgrade = (): Promise<undefined> => {
        asked.resolve();
        return new Promise(() => {});
      };
      const { engine, client } = await opened([{ ...echo, upgrade }]);
      const answer = client.connect('/');
      await asked.promise;
      const closing = engine.close();
      expect((await answer).status).toBe(503);
      await closing;
    });
  });

  describe('plain requests', () => {
    const listener: NonNullable<EngineOptions['request']> = (request, response) => {
      response.setHeader('X-Method', request.method ?? '');
      response.writeHead(201, { 'Content-Type': 'text/html' });
      response.end(`plain ${request.url} over ${request.httpVersion}`);
    };

    test.each(['GET', 'POST'])('%s to a WebSocket path gets 400, to others 404', async (method) => {
      const { client } = await opened([echo]);
      const answer = await get(client, '/', method);
      expect(answer.status).toBe(400);
      expect(answer.headers).not.toHaveProperty('upgrade');
      expect(await bodyOf(answer)).toContain('WebSocket');
      // though the client has not ended its side
      await gone(answer.stream);
      expect((await get(client, '/other', method)).status).toBe(404);
    });

    test('to other paths go to the request listener, beside open WebSockets', async () => {
      const { client } = await opened([echo], { request: listener });
      const raw = await client.open('/');
      const answer = await get(client, '/page?x');
      expect([answer.status, answer.headers['content-type'], answer.headers['x-method']]).toEqual([
        201,
        'text/html',
        'GET',
      ]);
      expect(await bodyOf(answer)).toBe('plain /page?x over 2.0');
      expect((await get(client, '/')).status).toBe(400);
      raw.write(text('still here'));
      expect((await raw.frame()).payload.toString()).toBe('still here');
    });

    test('carry their body to the listener', async () => {
      const { client } = await opened([echo], {
        request: (request, response) => void request.pipe(response as NodeJS.WritableStream),
      });
      const answered = get(client, '/upload', 'POST');
      client.streams.at(-1)!.end('the body');
      expect(await bodyOf(await answered)).toBe('the body');
    });

    test('an extended CONNECT to no WebSocket path gets 404, not the listener', async () => {
      const { client } = await opened([echo], { request: listener });
      expect((await client.connect('/page')).status).toBe(404);
    });
  });
});

describe('HTTP/2 is not spoken', () => {
  test('over TLS where the option http2 is false', async () => {
    const engine = await startEngine([echo], { tls: LOCALHOST, http2: false });
    const place = { host: '127.0.0.1', port: engine.port, ca: CA };
    const socket = connectTls({ ...place, ALPNProtocols: ['h2', 'http/1.1'] });
    await once(socket, 'secureConnect');
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
  });

  test('without TLS unless the option http2 is true', async () => {
    const engine = await startEngine([echo]);
    const client = await RawClient.connect(engine.url);
    client.write(PREFACE);
    expect((await client.answer()).status).toBe(400);
    client.destroy();
  });
});
