import { Agent, WebSocket as Undici } from 'undici';
import { WebSocket as Ws } from 'ws';
import type { EngineOptions } from '../../src/engine';
import { CA, LOCALHOST } from '../support/certificates';
import { MESSAGES, startEcho } from './echo';

/** The part of the browsers' interface that both clients have. */
interface Client {
  binaryType: string;
  readonly extensions: string;
  send(message: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  addEventListener(name: string, listener: (event: never) => void): void;
}

interface Close {
  code: number;
  reason: string;
  wasClean: boolean;
}

const agents = new Set<Agent>();

afterEach(async () => {
  const used = [...agents];
  agents.clear();
  await Promise.all(used.map((agent) => agent.destroy()));
});

function overHttp2(url: string): Undici {
  const dispatcher = new Agent({ allowH2: true, connect: { ca: CA } });
  agents.add(dispatcher);
  return new Undici(url, { dispatcher });
}

const CLIENTS: [string, boolean, (url: string) => unknown, EngineOptions?][] = [
  ['ws with perMessageDeflate', true, (url) => new Ws(url, { perMessageDeflate: { threshold: 0 } })],
  ['ws without perMessageDeflate', false, (url) => new Ws(url, { perMessageDeflate: false })],
  ['undici', true, (url) => new Undici(url)],
  ['undici over HTTP/2', true, overHttp2, { tls: LOCALHOST }],
];

const cases = CLIENTS.flatMap(([name, offers, connect, options]) =>
  [true, false].map((compression) => {
    const server = compression ? 'with' : 'without';
    return [name, server, offers && compression, connect, options] as const;
  }),
);

describe.each(cases)('%s and a server %s compression', (name, server, compressed, connect, options) => {
  async function open() {
    const { url, connection, closed } = await startEcho(server === 'with', options);
    const client = connect(url) as Client;
    client.binaryType = 'arraybuffer';
    const received: (string | Buffer)[] = [];
    let wake = (): void => {};
    client.addEventListener('message', ({ data }: { data: string | ArrayBuffer }) => {
      received.push(typeof data === 'string' ? data : Buffer.from(data));
      wake();
    });
    const next = async (): Promise<string | Buffer> => {
      while (received.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return received.shift()!;
    };
    const left = new Promise<Close>((resolve) =>
      client.addEventListener('close', ({ code, reason, wasClean }: Close) => resolve({ code, reason, wasClean })),
    );
    await new Promise<void>((resolve, reject) => {
      client.addEventListener('open', () => resolve());
      client.addEventListener('error', reject);
    });
    return { client, connection: await connection, closed, next, left };
  }

  test(`compression is ${compressed ? '' : 'not '}agreed on, and used as agreed`, async () => {
    const { client, connection } = await open();
    expect(connection.compressed).toBe(compressed);
    expect(client.extensions.includes('permessage-deflate')).toBe(compressed);
  });

  test('the handshake has the version of HTTP that the client speaks', async () => {
    const { httpVersion, secure, headers } = (await open()).connection.handshake;
    expect([httpVersion, secure]).toEqual(name.endsWith('HTTP/2') ? ['2.0', true] : ['1.1', false]);
    expect(headers['sec-websocket-version']).toBe('13');
  });

  test.each(MESSAGES)('echo: %s', async (_what, message) => {
    const { client, next } = await open();
    for (let count = 0; count < 3; count++) {
      client.send(message);
      const answer = await next();
      expect(typeof answer).toBe(typeof message);
      expect(Buffer.from(answer).equals(Buffer.from(message))).toBe(true);
    }
  });

  test('a message in fragments', async () => {
    const { client, next } = await open();
    client.send('fragments one two three');
    expect(await next()).toBe('onetwothree');
  });

  test('many messages at once come back in order', async () => {
    const { client, next } = await open();
    const messages = Array.from({ length: 500 }, (_, i) => `${i} `.repeat(i));
    for (const message of messages) client.send(message);
    for (const message of messages) expect(await next()).toBe(message);
  });

  test.each([
    [1000, ''],
    [3000, 'é'.repeat(61)],
    [4999, 'bye'],
  ])('the client closes with %i "%s"', async (code, reason) => {
    const { client, closed, left } = await open();
    client.close(code, reason);
    expect(await closed).toEqual({ code, reason, clean: true });
    expect(await left).toMatchObject({ code, wasClean: true });
  });

  test.each([1000, 1001, 1003, 1008, 1011, 1013, 3000, 4999])('the server closes with %i', async (code) => {
    const { client, closed, left } = await open();
    client.send(`close ${code} see you`);
    expect(await left).toEqual({ code, reason: 'see you', wasClean: true });
    expect(await closed).toEqual({ code, reason: expect.any(String) as string, clean: true });
  });
});
