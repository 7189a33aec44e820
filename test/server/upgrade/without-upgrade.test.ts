import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { LOCALHOST } from '../../support/certificates';
import { echo } from '../../support/engine';
import { attached, opened, tcpClient, tlsClient } from '../../support/foreign';
import type { RawClient } from '../../support/raw-client';

/** What clients send that would rather speak HTTP/2 (RFC 7540 3.2), Java's for one. */
const ASKS_FOR_HTTP2 = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';

interface Heard {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

let heard: Heard[];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request;
  let body = '';
  for await (const chunk of request) body += String(chunk);
  heard.push({ method, url, headers, body });
  response.end(`heard ${body.length}`);
}

const listener = (request: IncomingMessage, response: ServerResponse): void => void answer(request, response);
const secureHttp2 = () => createSecureServer({ ...LOCALHOST, allowHTTP1: true }, listener as never);

beforeEach(() => {
  heard = [];
});

const KINDS = [
  ['node:http', () => createHttp(listener), tcpClient],
  ['node:https', () => createHttps(LOCALHOST, listener), tlsClient],
  ['http2.createSecureServer, by HTTP/1.1', secureHttp2, tlsClient],
] as const;

describe.each(KINDS)('a request that asks for another protocol than WebSocket: %s', (_name, create, dial) => {
  async function attachedServer() {
    const server = await opened(create());
    attached(server, [{ ...echo, path: '/chat' }]);
    return dial(server);
  }

  async function send(...packets: string[]) {
    const client: Pick<RawClient, 'write' | 'answer' | 'end'> = await attachedServer();
    for (const packet of packets) {
      client.write(Buffer.from(packet, 'latin1'));
      await new Promise(setImmediate);
    }
    const answered = await client.answer();
    return { ...answered, rest: await client.end() };
  }

  test('is served as if there were no WebSockets, and without what asks for it', async () => {
    const answered = await send(
      `GET /page?q=1 HTTP/1.1\r\nHost: a\r\n${ASKS_FOR_HTTP2}X-Note: \xe9\r\nX-Note: two\r\n\r\n`,
    );
    expect(answered).toMatchObject({ status: 200, body: 'heard 0' });
    expect(answered.headers.connection).toBe('close');
    expect(answered.rest).toHaveLength(0);
    expect(heard).toEqual([
      { method: 'GET', url: '/page?q=1', headers: { host: 'a', connection: 'close', 'x-note': '\xe9, two' }, body: '' },
    ]);
  });

  test('to a path of ours is served like any plain request to it', async () => {
    expect((await send(`GET /chat HTTP/1.1\r\nHost: a\r\n${ASKS_FOR_HTTP2}\r\n`)).status).toBe(200);
    expect(heard).toMatchObject([{ url: '/chat' }]);
  });

  test('has its whole body, whatever packets it came in', async () => {
    const head = `POST /page HTTP/1.1\r\nHost: a\r\n${ASKS_FOR_HTTP2}Content-Length: 11\r\n\r\n`;
    expect((await send(head, 'hello world')).body).toBe('heard 11');
    expect((await send(`${head}hello`, ' world')).body).toBe('heard 11');
    expect((await send(`${head}hello world`)).body).toBe('heard 11');
    expect(heard.map(({ body }) => body)).toEqual(['hello world', 'hello world', 'hello world']);
  });

  test('has its whole body when that is chunked', async () => {
    const head = `POST /page HTTP/1.1\r\nHost: a\r\n${ASKS_FOR_HTTP2}Transfer-Encoding: chunked\r\n\r\n`;
    expect((await send(`${head}5\r\nhello\r\n`, '6\r\n world\r\n0\r\n\r\n')).body).toBe('heard 11');
    expect(heard).toMatchObject([{ body: 'hello world' }]);
  });

  test('is the last on its connection: what is pipelined behind it is not served', async () => {
    await send(`GET /page HTTP/1.1\r\nHost: a\r\n${ASKS_FOR_HTTP2}\r\nGET /secret HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(heard.map(({ url }) => url)).toEqual(['/page']);
  });

  test('that nobody can read to its end is refused: its headers are not all there', async () => {
    const many = 'X: y\r\n'.repeat(2000);
    const answered = await send(
      `POST /page HTTP/1.1\r\nHost: a\r\n${ASKS_FOR_HTTP2}${many.slice(0, 12_000)}Content-Length: 5\r\n\r\nhello`,
    );
    expect([400, 404, 431]).toContain(answered.status);
    expect(heard).toEqual([]);
  });

  test('is left to others who listen for upgrades', async () => {
    const server = await opened(create());
    attached(server, [{ ...echo, path: '/chat' }]);
    server.on('upgrade', (_request, socket) => {
      (socket as unknown as NodeJS.WritableStream).end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
    });
    const client = await dial(server);
    client.write(`GET /page HTTP/1.1\r\nHost: a\r\n${ASKS_FOR_HTTP2}\r\n`);
    expect((await client.answer()).status).toBe(204);
    expect(heard).toEqual([]);
  });

  test('after a first request on the same connection', async () => {
    const client = await attachedServer();
    client.write('GET /first HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.answer()).body).toBe('heard 0');
    client.write(`GET /second HTTP/1.1\r\nHost: a\r\n${ASKS_FOR_HTTP2}\r\n`);
    expect((await client.answer()).body).toBe('heard 0');
    expect(heard.map(({ url }) => url)).toEqual(['/first', '/second']);
  });
});

test('a limit of headers that is less than usual counts too', async () => {
  const server = await opened(createHttp(listener));
  server.maxHeadersCount = 6;
  attached(server, [{ ...echo, path: '/chat' }]);
  const ask = async (headers: string): Promise<number> => {
    const client = await tcpClient(server);
    client.write(`GET /page HTTP/1.1\r\nHost: a\r\n${ASKS_FOR_HTTP2}${headers}\r\n`);
    return (await client.answer()).status;
  };
  expect(await ask('A: b\r\n')).toBe(200);
  expect(await ask('A: b\r\nC: d\r\n')).toBe(404);
  expect(heard).toHaveLength(1);
});
