import { once } from 'node:events';
import { upgrade, UpgradeRefusedError } from '../../src/testing/client-handshake';
import { MemorySocket } from '../../src/testing/memory-socket';

/** Answers a client's request with these bytes. Resolves with the request and the client's outcome. */
async function answeredWith(answer: string | ((server: MemorySocket) => void), options = {}, path = '/') {
  const [client, server] = MemorySocket.pair();
  const outcome = upgrade(client, path, options);
  // tests await the outcome later
  outcome.catch(() => {});
  const [request] = (await once(server, 'data')) as [Buffer];
  if (typeof answer === 'string') server.end(answer);
  else answer(server);
  const [target = '', ...lines] = request.toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.filter(Boolean).map((line) => [line.split(': ')[0]!.toLowerCase(), line.slice(line.indexOf(': ') + 2)]),
  );
  return { outcome, target, headers };
}

const ACCEPTED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';

test('the request is that of RFC 6455 4.1', async () => {
  const { target, headers, outcome } = await answeredWith(`${ACCEPTED}\r\n`, {}, '/rooms/7?x=1');
  await outcome;
  expect(target).toBe('GET /rooms/7?x=1 HTTP/1.1');
  expect(headers).toMatchObject({
    host: 'localhost',
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
  });
  expect(Buffer.from(headers['sec-websocket-key']!, 'base64')).toHaveLength(16);
  expect(headers).not.toHaveProperty('sec-websocket-protocol');
});

test('headers are added or take the place of others; subprotocols are offered in their order', async () => {
  const options = {
    headers: { cookie: 'a=1', host: 'example.com', 'Sec-WebSocket-Version': '8' },
    protocols: ['b', 'a'],
  };
  const { headers, outcome } = await answeredWith(`${ACCEPTED}\r\n`, options);
  await outcome;
  expect(headers).toMatchObject({
    cookie: 'a=1',
    host: 'example.com',
    'sec-websocket-version': '8',
    'sec-websocket-protocol': 'b, a',
  });
});

test('an accepted upgrade brings the headers, and the bytes that came with them', async () => {
  const { outcome } = await answeredWith(`${ACCEPTED}Sec-WebSocket-Protocol: a\r\n\r\nfirst bytes`);
  const { headers, head, socket } = await outcome;
  expect(headers['sec-websocket-protocol']).toBe('a');
  expect(head.toString()).toBe('first bytes');
  expect(socket.destroyed).toBe(false);
});

test.each([
  ['with a length', 'Content-Length: 7\r\n\r\nnot you'],
  ['up to the end', '\r\nnot you'],
  ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n4\r\n you\r\n0\r\n\r\n'],
])('any other answer refuses it, with status, headers and body, %s', async (_how, rest) => {
  const { outcome } = await answeredWith(`HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nConnection: close\r\n${rest}`);
  await expect(outcome).rejects.toBeInstanceOf(UpgradeRefusedError);
  await expect(outcome).rejects.toMatchObject({
    name: 'UpgradeRefusedError',
    status: 403,
    headers: { 'x-why': 'because' },
    body: 'not you',
    message: 'the upgrade was refused with 403: not you',
  });
});

test.each<[string, string | ((server: MemorySocket) => void), string]>([
  ['no answer', (server) => server.destroy(), 'ECONNRESET'],
  ['nothing', '', 'ECONNRESET'],
  ['no HTTP', 'hello\r\n\r\n', expect.stringMatching(/^HPE_/) as string],
  ['half a body', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nnot', 'ECONNRESET'],
])('%s is an error, and no refusal', async (_what, answer, code) => {
  const { outcome } = await answeredWith(answer);
  await expect(outcome).rejects.toMatchObject({ name: 'Error', code });
});
