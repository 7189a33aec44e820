import { acceptResponse, connectHeaders, Refusal, refusalHeaders, refusalResponse, refuse } from '../../src/handshake';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

interface Answer {
  statusLine: string;
  headers: [string, string][];
  body: string;
}

function parsed(response: string | Buffer): Answer {
  const text = response.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line)!;
    return [name.toLowerCase(), value];
  });
  return { statusLine, headers, body: text.slice(end + 4) };
}

const BREAKING: [string, string][] = [
  ['a line break', 'a\r\nSet-Cookie: b=c'],
  ['a carriage return', 'a\rb'],
  ['a line feed', 'a\nb'],
  ['a line feed at the end', 'a\n'],
  ['NUL', 'a\0b'],
  ['DEL', 'a\x7fb'],
  ['a character beyond latin1', 'a\u{1f600}'],
  ['a character whose low byte is a line feed', 'a\u010ab'],
  ['a line separator', 'a\u2028b'],
];

const BAD_NAMES = ['', ' ', 'X Y', 'X:', 'X\r\nY', 'X\n', 'Xé', '"X"'];

describe('acceptance (RFC 6455 4.2.2)', () => {
  test('is the sample answer of RFC 6455 1.3', () => {
    expect(acceptResponse(KEY, { protocol: '' })).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    );
  });

  test('names the subprotocol once it is chosen, and none otherwise', () => {
    expect(parsed(acceptResponse(KEY, { protocol: 'chat' })).headers).toContainEqual([
      'sec-websocket-protocol',
      'chat',
    ]);
    expect(acceptResponse(KEY, { protocol: '' })).not.toMatch(/protocol:/i);
  });

  test('carries more headers', () => {
    const { headers, body } = parsed(
      acceptResponse(KEY, { protocol: 'chat' }, { 'X-Node': 'a\tb é', 'set-cookie': 'c=d' }),
    );
    expect(headers.slice(-2)).toEqual([
      ['x-node', 'a\tb é'],
      ['set-cookie', 'c=d'],
    ]);
    expect(body).toBe('');
  });

  test('carries several values as several lines, and no values as none', () => {
    const more = { 'Set-Cookie': ['a=1; HttpOnly', 'b=2'], 'X-None': [] };
    expect(parsed(acceptResponse(KEY, { protocol: '' }, more)).headers.slice(3)).toEqual([
      ['set-cookie', 'a=1; HttpOnly'],
      ['set-cookie', 'b=2'],
    ]);
  });

  test.each(BREAKING)('refuses %s in a value', (_what, value) => {
    expect(() => acceptResponse(KEY, { protocol: '' }, { 'Set-Cookie': ['a=b', value] })).toThrow(TypeError);
    expect(() => acceptResponse(KEY, { protocol: '' }, { 'X-Name': value })).toThrow(TypeError);
    expect(() => acceptResponse(KEY, { protocol: value })).toThrow(TypeError);
  });

  test.each(BAD_NAMES)('refuses the name %j', (name) => {
    expect(() => acceptResponse(KEY, { protocol: '' }, { [name]: 'a' })).toThrow(TypeError);
  });
});

describe('refusal', () => {
  test('is a whole answer that ends the connection', () => {
    expect(parsed(refusalResponse(new Refusal(403, 'no', { 'X-Why': 'because' })))).toEqual({
      statusLine: 'HTTP/1.1 403 Forbidden',
      headers: [
        ['connection', 'close'],
        ['content-type', 'text/plain; charset=utf-8'],
        ['x-why', 'because'],
        ['content-length', '2'],
      ],
      body: 'no',
    });
  });

  test('names Upgrade in Connection where it sends it (RFC 9110 7.8)', () => {
    const { headers } = parsed(refusalResponse(new Refusal(426, '', { upgrade: 'websocket' })));
    expect(headers).toContainEqual(['connection', 'close, Upgrade']);
    expect(headers).toContainEqual(['upgrade', 'websocket']);
  });

  test('carries several values as several lines, and no values as none', () => {
    const refusal = refuse(401, { headers: { 'Set-Cookie': ['a=1', 'b=2'], Upgrade: [], 'Content-Type': [] } });
    expect(parsed(refusalResponse(refusal)).headers).toEqual([
      ['connection', 'close'],
      ['content-type', 'text/plain; charset=utf-8'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['content-length', '12'],
    ]);
  });

  test('counts the body in bytes, and sends it as UTF-8', () => {
    const response = refusalResponse(refuse(400, { body: 'né' }));
    const { headers, body } = parsed(response);
    expect(headers).toContainEqual(['content-length', '3']);
    expect(Buffer.from(body, 'latin1').toString()).toBe('né');
  });

  test('leaves the type of the body to the user', () => {
    const { headers } = parsed(refusalResponse(refuse(400, { headers: { 'CONTENT-type': 'application/json' } })));
    expect(headers.filter(([name]) => name === 'content-type')).toEqual([['content-type', 'application/json']]);
  });

  test.each(['Connection', 'CONTENT-LENGTH', 'transfer-encoding'])('says %s itself', (name) => {
    const { headers } = parsed(refusalResponse(refuse(400, { headers: { [name]: 'chunked' }, body: 'a' })));
    expect(headers.map(([, value]) => value)).not.toContain('chunked');
    expect(headers.filter(([each]) => each === 'content-length')).toEqual([['content-length', '1']]);
    expect(headers.filter(([each]) => each === 'connection')).toEqual([['connection', 'close']]);
  });

  test('has words for a status that has none', () => {
    expect(parsed(refusalResponse(refuse(499))).statusLine).toBe('HTTP/1.1 499 Refused');
  });

  test.each(BREAKING)('refuses %s in a value', (_what, value) => {
    expect(() => refusalResponse(refuse(400, { headers: { 'X-Name': value } }))).toThrow(TypeError);
  });

  test.each(BAD_NAMES)('refuses the name %j', (name) => {
    expect(() => refusalResponse(refuse(400, { headers: { [name]: 'a' } }))).toThrow(TypeError);
  });

  test('a line break in the body stays in the body', () => {
    const { headers, body } = parsed(refusalResponse(refuse(400, { body: '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n' })));
    expect(headers).toContainEqual(['content-length', '23']);
    expect(body).toHaveLength(23);
  });
});

/** RFC 9113 8.2.2, and what RFC 9110 calls hop-by-hop: none of them may be sent over HTTP/2. */
const OF_HTTP1 = {
  Connection: 'close',
  'keep-alive': 'timeout=5',
  'Proxy-Connection': 'close',
  'Transfer-Encoding': 'chunked',
  UPGRADE: 'websocket',
  'HTTP2-Settings': 'AAMAAABk',
  TE: 'gzip',
};

describe('acceptance over HTTP/2 (RFC 8441 section 5)', () => {
  test('is 200, without what HTTP/1.1 needs', () => {
    expect(connectHeaders({ protocol: '' })).toEqual({ ':status': 200 });
  });

  test('names what was agreed on, and carries more headers, in lower case', () => {
    const agreement = { protocol: 'chat', extensions: 'permessage-deflate' };
    const more = { 'X-Node': 'a\tb é', 'sec-websocket-protocol': 'other', 'Sec-WebSocket-Accept': 'x' };
    expect(connectHeaders(agreement, more)).toEqual({
      ':status': 200,
      'sec-websocket-protocol': 'chat',
      'sec-websocket-extensions': 'permessage-deflate',
      'x-node': 'a\tb é',
    });
  });

  test('carries several values, also of one name in two cases', () => {
    expect(connectHeaders({ protocol: '' }, { 'Set-Cookie': ['a=1'], 'set-cookie': 'b=2', 'X-None': [] })).toEqual({
      ':status': 200,
      'set-cookie': ['a=1', 'b=2'],
    });
    expect(refusalHeaders(refuse(401, { headers: { 'Set-Cookie': ['a=1', 'b=2'] } }))).toMatchObject({
      'set-cookie': ['a=1', 'b=2'],
    });
  });

  test('proves the key of a client that sends one, if it is a key', () => {
    const proof = { ':status': 200, 'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' };
    expect(connectHeaders({ protocol: '' }, {}, KEY)).toEqual(proof);
    expect(connectHeaders({ protocol: '' }, {}, 'no key')).toEqual({ ':status': 200 });
  });

  test('leaves out what speaks of an HTTP/1.1 connection', () => {
    expect(connectHeaders({ protocol: '' }, OF_HTTP1)).toEqual({ ':status': 200 });
  });

  test.each(BREAKING)('refuses %s in a value', (_what, value) => {
    expect(() => connectHeaders({ protocol: '' }, { 'X-Name': value })).toThrow(TypeError);
    expect(() => connectHeaders({ protocol: value })).toThrow(TypeError);
  });

  test.each([...BAD_NAMES, ':status'])('refuses the name %j', (name) => {
    expect(() => connectHeaders({ protocol: '' }, { [name]: 'a' })).toThrow(TypeError);
  });
});

describe('refusal over HTTP/2', () => {
  test('has the status, the headers and the length of the body in bytes', () => {
    const headers = { 'Retry-After': '30', 'Content-Length': '1' };
    expect(refusalHeaders(refuse(503, { headers, body: 'né' }))).toEqual({
      ':status': 503,
      'content-type': 'text/plain; charset=utf-8',
      'retry-after': '30',
      'content-length': 3,
    });
  });

  test('leaves the type of the body to the user', () => {
    const headers = { 'Content-TYPE': 'application/json' };
    expect(refusalHeaders(refuse(400, { headers }))).toMatchObject({ 'content-type': 'application/json' });
  });

  test('leaves out what speaks of an HTTP/1.1 connection', () => {
    expect(refusalHeaders(refuse(400, { headers: OF_HTTP1, body: '' }))).toEqual({
      ':status': 400,
      'content-type': 'text/plain; charset=utf-8',
      'content-length': 0,
    });
  });

  test.each(BREAKING)('refuses %s in a value', (_what, value) => {
    expect(() => refusalHeaders(refuse(400, { headers: { 'X-Name': value } }))).toThrow(TypeError);
  });
});

describe('a list is several headers of one name', () => {
  const cookies = ['a=1; HttpOnly', 'b=2'];
  const AGREED = { protocol: '' };
  const KEY_OF_RFC = 'dGhlIHNhbXBsZSBub25jZQ==';

  test('over HTTP/1.1', () => {
    const lines = 'Set-Cookie: a=1; HttpOnly\r\nSet-Cookie: b=2\r\n';
    expect(acceptResponse(KEY_OF_RFC, AGREED, { 'Set-Cookie': cookies })).toContain(lines);
    expect(refusalResponse(refuse(401, { headers: { 'Set-Cookie': cookies } })).toString()).toContain(lines);
    expect(acceptResponse(KEY_OF_RFC, AGREED, { 'Set-Cookie': [] })).not.toContain('Set-Cookie');
  });

  test('over HTTP/2', () => {
    expect(connectHeaders(AGREED, { 'Set-Cookie': cookies })).toMatchObject({ 'set-cookie': cookies });
    expect(refusalHeaders(refuse(401, { headers: { 'Set-Cookie': cookies } }))).toMatchObject({
      'set-cookie': cookies,
    });
  });

  test.each([
    ['a line break', ['a=1', 'b=2\r\nX-Evil: 1']],
    ['a list in a list', [['a=1']]],
    ['nothing', undefined],
    ['null', null],
  ])('each of them is looked at: %s', (_what, value) => {
    const headers = { 'Set-Cookie': value } as never;
    expect(() => acceptResponse(KEY_OF_RFC, AGREED, headers)).toThrow(TypeError);
    expect(() => refusalResponse(refuse(401, { headers }))).toThrow(TypeError);
    expect(() => connectHeaders(AGREED, headers)).toThrow(TypeError);
    expect(() => refusalHeaders(refuse(401, { headers }))).toThrow(TypeError);
  });
});
