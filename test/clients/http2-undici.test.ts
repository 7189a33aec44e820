import { Agent, WebSocket } from 'undici';
import { CA, LOCALHOST } from '../support/certificates';
import { MESSAGES, startEcho } from './echo';

const agents = new Set<Agent>();

afterEach(async () => {
  const used = [...agents];
  agents.clear();
  await Promise.all(used.map((agent) => agent.destroy()));
});

/** undici's WebSocket on an agent that may speak HTTP/2. */
async function open(compression: boolean) {
  const { url, connection, closed } = await startEcho(compression, { tls: LOCALHOST });
  const agent = new Agent({ allowH2: true, connect: { ca: CA } });
  agents.add(agent);
  const client = new WebSocket(url, { dispatcher: agent });
  client.binaryType = 'arraybuffer';
  const received: (string | Buffer)[] = [];
  let wake = (): void => {};
  client.addEventListener('message', ({ data }: { data: string | ArrayBuffer }) => {
    received.push(typeof data === 'string' ? data : Buffer.from(data));
    wake();
  });
  const left = new Promise<object>((resolve) =>
    client.addEventListener('close', ({ code, reason, wasClean }) => resolve({ code, reason, wasClean })),
  );
  await new Promise<void>((resolve, reject) => {
    client.addEventListener('open', () => resolve());
    client.addEventListener('error', reject);
  });
  const next = async (): Promise<string | Buffer> => {
    while (received.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return received.shift()!;
  };
  return { client, connection: await connection, closed, next, left };
}

test.each([true, false])("undici's WebSocket comes over HTTP/2; compression %s", async (compression) => {
  const { client, connection } = await open(compression);
  const { httpVersion, secure, headers } = connection.handshake;
  expect([httpVersion, secure]).toEqual(['2.0', true]);
  expect(headers['sec-websocket-version']).toBe('13');
  expect(connection.compressed).toBe(compression);
  expect(client.extensions.includes('permessage-deflate')).toBe(compression);
});

describe.each([true, false])('compression %s', (compression) => {
  test.each(MESSAGES)('echo: %s', async (_what, message) => {
    const { client, next } = await open(compression);
    for (let count = 0; count < 3; count++) {
      client.send(message);
      const answer = await next();
      expect(typeof answer).toBe(typeof message);
      expect(Buffer.from(answer).equals(Buffer.from(message))).toBe(true);
    }
  });
});

test('a message in fragments', async () => {
  const { client, next } = await open(false);
  client.send('fragments one two three');
  expect(await next()).toBe('onetwothree');
});

test.each([
  [1000, ''],
  [3000, 'é'.repeat(61)],
  [4999, 'bye'],
])('the client closes with %i "%s"', async (code, reason) => {
  const { client, closed, left } = await open(true);
  client.close(code, reason);
  expect(await closed).toEqual({ code, reason, clean: true });
  expect(await left).toMatchObject({ code, wasClean: true });
});

test.each([1000, 1001, 1003, 1008, 1011, 1013, 3000, 4999])('the server closes with %i', async (code) => {
  const { client, closed, left } = await open(true);
  client.send(`close ${code} see you`);
  expect(await left).toEqual({ code, reason: 'see you', wasClean: true });
  expect((await closed).clean).toBe(true);
});
