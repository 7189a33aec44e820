import { createHash, randomBytes } from 'node:crypto';
import { startEngine } from '../support/engine';
import { text } from '../support/frames';
import { RawClient, type HttpAnswer } from '../support/raw-client';
import { expectMessage, opened } from './peer';

type Headers = Record<string, string | string[] | undefined>;

interface Request {
  line?: string;
  /** Headers that replace those of a valid request; `undefined` removes one. */
  headers?: Headers;
  reversed?: boolean;
  /** Bytes in the same packet; by default a message. */
  tail?: Buffer;
}

const NOTHING = Buffer.alloc(0);
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const IN_ORDER: Headers = {
  Host: 'localhost',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': KEY,
  'Sec-WebSocket-Version': '13',
};

async function ask({ line = 'GET / HTTP/1.1', headers = {}, reversed = false, tail = text('early') }: Request) {
  const handled: string[] = [];
  const endpoint = {
    open: () => void handled.push('open'),
    text: (_: unknown, message: string) => void handled.push(message),
    protocols: ['chat', 'superchat'],
  };
  const engine = await startEngine([
    { path: '/', ...endpoint },
    { path: '/rooms/:room', ...endpoint },
  ]);
  const client = await RawClient.connect(engine.url);
  const lines = Object.entries({ ...IN_ORDER, ...headers }).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => `${name}: ${each}\r\n`),
  );
  if (reversed) lines.reverse();
  client.write(Buffer.concat([Buffer.from(`${line}\r\n${lines.join('')}\r\n`, 'latin1'), tail]));
  return { client, handled, answer: await client.answer() };
}

/** Checks for one HTTP error and the end of TCP, and that the endpoint was not called. */
async function expectRefused(request: Request, status: number): Promise<HttpAnswer> {
  const { client, handled, answer } = await ask(request);
  expect(answer.status).toBe(status);
  expect((await client.end()).toString('latin1')).not.toContain('HTTP/');
  expect(handled).toEqual([]);
  expect(answer.headers).not.toHaveProperty('sec-websocket-accept');
  return answer;
}

describe('what the client sends', () => {
  test.each<[string, Request]>([
    ['the least there can be', {}],
    ['an absolute path with a query', { line: 'GET /?a=b/c HTTP/1.1' }],
    ['an absolute http URI', { line: 'GET http://localhost/?a HTTP/1.1' }],
    ['an absolute https URI without a path', { line: 'GET https://localhost HTTP/1.1' }],
    ['header fields in another order', { reversed: true }],
    ['values in another case', { headers: { Upgrade: 'WebSocket', Connection: 'uPGRADE' } }],
    ['other tokens beside them', { headers: { Upgrade: 'h2c, websocket', Connection: 'keep-alive, Upgrade' } }],
    ['tokens in several lines', { headers: { Upgrade: ['h2c', 'websocket'], Connection: ['keep-alive', 'Upgrade'] } }],
    ['spaces and tabs around values', { headers: { Upgrade: ' \twebsocket \t', 'Sec-WebSocket-Version': '  13\t' } }],
    [
      'header fields nobody knows, and cookies',
      { headers: { 'X-Anything': 'at all', Cookie: 'a=b', Authorization: 'x' } },
    ],
    ['a host name with a port', { headers: { Host: 'example.com:8080' } }],
    ['an IPv6 address as host', { headers: { Host: '[::1]:8080' } }],
  ])('4.2.1 a handshake in order is accepted: %s', async (_what, request) => {
    const { client, handled, answer } = await ask(request);
    expect(answer.status).toBe(101);
    client.socket.end();
    await client.end();
    expect(handled).toEqual(['open', 'early']);
  });

  test.each(['POST', 'HEAD', 'PUT', 'OPTIONS'])('4.2.1 (1) another method than GET is refused: %s', async (method) => {
    await expectRefused({ line: `${method} / HTTP/1.1` }, 405);
  });

  test('4.2.1 (1) a version of HTTP below 1.1 is refused', async () => {
    await expectRefused({ line: 'GET / HTTP/1.0' }, 400);
  });

  test.each(['GET /#top HTTP/1.1', 'GET * HTTP/1.1', 'GET ftp://localhost/ HTTP/1.1', 'GET rooms HTTP/1.1'])(
    '4.2.1 (1) a target that names no resource is refused: %s',
    async (line) => {
      await expectRefused({ line }, 400);
    },
  );

  test.each<[string, string | string[] | undefined]>([
    ['none', undefined],
    ['an empty one', ''],
    ['two', ['localhost', 'localhost']],
    ['a space in it', 'local host'],
    ['a path behind it', 'localhost/x'],
    ['a user before it', 'me@localhost'],
    ['a port that is no number', 'localhost:http'],
    ['two in one', 'localhost, example.com'],
    ['two ports', 'localhost:80:80'],
    ['an address without its last bracket', '[::1'],
  ])('4.2.1 (2) one well-formed Host field is needed: %s', async (_what, Host) => {
    await expectRefused({ headers: { Host } }, 400);
  });

  test.each(['h2c', 'websockets', '"websocket"', 'web socket', 'websocket/13'])(
    '4.2.1 (3) the Upgrade field must name websocket: %s',
    async (Upgrade) => {
      await expectRefused({ headers: { Upgrade } }, 400);
    },
  );

  test('4.2.1 (3) without an Upgrade field it is a plain request', async () => {
    await expectRefused({ headers: { Upgrade: undefined }, tail: NOTHING }, 426);
  });

  test.each([undefined, 'keep-alive', 'upgrades', 'close'])(
    '4.2.1 (4) the Connection field must name Upgrade: %s',
    async (Connection) => {
      await expectRefused({ headers: { Connection }, tail: NOTHING }, 426);
    },
  );

  test.each<[string, string | undefined]>([
    ['none', undefined],
    ['empty', ''],
    ['15 bytes', randomBytes(15).toString('base64')],
    ['17 bytes', randomBytes(17).toString('base64')],
    ['base64url', `${'-_'.repeat(11)}==`],
    ['no padding', KEY.slice(0, -2)],
    ['a character that is no base64', `*${KEY.slice(1)}`],
    ['a space inside', `${KEY.slice(0, 10)} ${KEY.slice(11)}`],
  ])('4.2.1 (5) the key must be 16 bytes in base64: %s', async (_what, key) => {
    await expectRefused({ headers: { 'Sec-WebSocket-Key': key } }, 400);
  });

  test.each<[string, string]>([
    ['no element', ''],
    ['only commas', ', ,'],
    ['a space inside', 'chat room'],
    ['a separator', 'chat/1'],
    ['a quoted one', '"chat"'],
    ['one twice', 'chat, superchat, chat'],
  ])('4.2.1 (8) subprotocols must be a list of distinct tokens: %s', async (_what, protocols) => {
    await expectRefused({ headers: { 'Sec-WebSocket-Protocol': protocols } }, 400);
  });

  test.each([{ 'Content-Length': '5' }, { 'Transfer-Encoding': 'chunked' }])(
    '4.2.1 a handshake has no body: %j',
    async (headers) => {
      await expectRefused({ headers }, 400);
    },
  );

  test.each<[string, Headers]>([
    ['an upgrade that is refused', { 'Sec-WebSocket-Key': '' }],
    ['a request without Upgrade', { Upgrade: undefined }],
  ])('4.2.1 what follows a refused handshake gets no answer: %s', async (_what, headers) => {
    const { client, answer } = await ask({ headers });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect((await client.end()).toString('latin1')).not.toContain('HTTP/');
  });

  test('11.3.1 the key may not be there twice', async () => {
    await expectRefused({ headers: { 'Sec-WebSocket-Key': [KEY, KEY] } }, 400);
  });

  test('11.3.5 the version may not be there twice', async () => {
    await expectRefused({ headers: { 'Sec-WebSocket-Version': ['13', '13'] } }, 426);
  });
});

describe('what the server answers', () => {
  test.each(['http://evil.example', 'null'])('4.2.2 (4) a foreign origin is refused: %s', async (Origin) => {
    await expectRefused({ headers: { Origin } }, 403);
  });

  test.each([undefined, '0', '7', '8', '12', '14', '25', '255', '013', '+13', '13.0', '13, 8', 'x', ''])(
    '4.2.2 (4) another version is refused, and told which one is spoken: %s',
    async (version) => {
      const { headers } = await expectRefused({ headers: { 'Sec-WebSocket-Version': version } }, 426);
      expect(headers['sec-websocket-version']).toBe('13');
    },
  );

  test('4.4 the answer to another version lists all that are spoken, also when nothing else is in order', async () => {
    const headers = { 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Key': 'of another kind' };
    expect((await expectRefused({ headers }, 426)).headers['sec-websocket-version']).toBe('13');
  });

  test.each(['/nothing', '/rooms', '//', '/Rooms/1'])(
    '4.2.2 (4) a resource that is not there is refused: %s',
    async (path) => {
      await expectRefused({ line: `GET ${path} HTTP/1.1` }, 404);
    },
  );

  test.each<[string | string[] | undefined, string | undefined]>([
    [undefined, undefined],
    ['other', undefined],
    ['Chat', undefined],
    ['chat', 'chat'],
    ['superchat, chat', 'superchat'],
    ['other , chat', 'chat'],
    [['other', 'superchat'], 'superchat'],
  ])(
    '4.2.2 (4) the answer names one of the subprotocols asked for or, without agreement, has no such field: %j %s',
    async (offered, agreed) => {
      const { answer } = await ask({ headers: { 'Sec-WebSocket-Protocol': offered } });
      expect(answer.status).toBe(101);
      expect(answer.headers['sec-websocket-protocol']).toBe(agreed);
    },
  );

  test('11.3.4 subprotocols in several fields are one list', async () => {
    await expectRefused({ headers: { 'Sec-WebSocket-Protocol': ['chat', 'chat'] } }, 400);
  });

  test('4.2.2 (5) the answer is 101 with Upgrade, Connection and the accept value, each once', async () => {
    const { answer } = await ask({});
    expect(answer).toEqual({
      status: 101,
      headers: { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' },
      body: '',
    });
  });

  test('4.2.2 (5) the accept value is made of the key as it was sent', async () => {
    for (const key of [randomBytes(16).toString('base64'), 'AAAAAAAAAAAAAAAAAAAAAA==', 'AAAAAAAAAAAAAAAAAAAAAB==']) {
      const { answer } = await ask({ headers: { 'Sec-WebSocket-Key': key } });
      const digest = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      expect(answer.headers['sec-websocket-accept']).toBe(digest);
    }
  });

  test('4.2.2 the connection is open after the answer: the server may send at once', async () => {
    const { client } = await opened({ endpoint: { open: (connection) => void connection.send('welcome') } });
    await expectMessage(client, 'welcome');
  });
});
