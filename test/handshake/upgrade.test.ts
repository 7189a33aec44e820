import type { IncomingHttpHeaders } from 'node:http';
import {
  chooseProtocol,
  judgeOrigin,
  judgeUpgrade,
  originRule,
  Refusal,
  refusalResponse,
  UPGRADE_REQUIRED,
  type UpgradeRequest,
} from '../../src/handshake';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

const GOOD: Record<string, string> = {
  Host: 'server.example.com',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': KEY,
  'Sec-WebSocket-Version': '13',
};

/** `changes`: a header given as undefined is left out, an array comes as often as it has values. */
function request(
  changes: Record<string, string | string[] | undefined> = {},
  line: { method?: string; httpVersion?: string } = {},
): UpgradeRequest {
  const rawHeaders: string[] = [];
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, values] of Object.entries({ ...GOOD, ...changes })) {
    for (const value of values === undefined ? [] : [values].flat()) {
      rawHeaders.push(name, value);
      const key = name.toLowerCase();
      // as Node does: of a second Host nothing is kept
      if (!(key in headers)) headers[key] = value;
      else if (key !== 'host') headers[key] += `, ${value}`;
    }
  }
  return { method: 'GET', httpVersion: '1.1', ...line, headers, rawHeaders };
}

function expectRefused(given: UpgradeRequest, status: number): Refusal {
  const judged = judgeUpgrade(given);
  expect(judged).toBeInstanceOf(Refusal);
  expect(judged).toMatchObject({ status });
  expect(() => refusalResponse(judged as Refusal)).not.toThrow();
  return judged as Refusal;
}

test('RFC 6455 1.2: the sample request is in order', () => {
  expect(judgeUpgrade(request({ 'Sec-WebSocket-Protocol': 'chat, superchat' }))).toEqual({
    extensions: [],
    key: KEY,
    protocols: ['chat', 'superchat'],
  });
});

test.each(['POST', 'HEAD', 'OPTIONS', 'CONNECT', 'get', '', undefined])('method %p gets 405 (item 1)', (method) => {
  const judged = expectRefused({ ...request(), method }, 405);
  expect(judged.headers).toEqual({ Allow: 'GET' });
});

test.each(['1.0', '0.9', '1.2', '2.0', ''])('HTTP/%s gets 400 (item 1)', (httpVersion) => {
  expectRefused(request({}, { httpVersion }), 400);
});

describe('Host (item 2)', () => {
  test.each<[string, Record<string, string | string[] | undefined>]>([
    ['absent', { Host: undefined }],
    ['empty', { Host: '' }],
    ['doubled', { Host: ['a.com', 'b.com'] }],
    ['doubled with the same value', { Host: ['a.com', 'a.com'] }],
    ['doubled in another case', { HOST: 'b.com' }],
  ])('%s gets 400', (_what, changes) => {
    expectRefused(request(changes), 400);
  });

  test('is counted among names, not values', () => {
    expect(judgeUpgrade(request({ 'X-Name': 'host' }))).toMatchObject({ key: KEY });
  });
});

describe('a body', () => {
  test.each<Record<string, string>>([
    { 'Content-Length': '9000' },
    { 'Content-Length': '1' },
    { 'Content-Length': 'abc' },
    { 'Content-Length': '0, 5' },
    { 'Transfer-Encoding': 'chunked' },
    { 'Transfer-Encoding': '' },
    { 'Transfer-Encoding': 'identity' },
    { 'Content-Length': '0', 'Transfer-Encoding': 'chunked' },
  ])('announced by %j gets 400 (Envoy CVE-2024-23326)', (headers) => {
    expectRefused(request(headers), 400);
  });

  test('of no bytes is none', () => {
    expect(judgeUpgrade(request({ 'Content-Length': '0' }))).toMatchObject({ key: KEY });
  });
});

describe('Upgrade and Connection (items 3 and 4) are lists of tokens in any case', () => {
  test.each<Record<string, string | string[]>>([
    { Upgrade: 'WebSocket', Connection: 'upgrade' },
    { Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' },
    { Upgrade: 'h2c, websocket', Connection: 'keep-alive, Upgrade' },
    { Upgrade: ['h2c', 'websocket'], Connection: ['keep-alive', 'Upgrade'] },
    { Connection: 'keep-alive ,\tupgrade\t, x' },
  ])('%j is in order', (headers) => {
    expect(judgeUpgrade(request(headers))).toMatchObject({ key: KEY });
  });

  test.each<Record<string, string | undefined>>([
    { Upgrade: undefined },
    { Upgrade: '' },
    { Upgrade: 'websockets' },
    { Upgrade: 'h2c' },
    { Upgrade: 'web socket' },
    { Connection: undefined },
    { Connection: '' },
    { Connection: 'keep-alive' },
    { Connection: 'upgraded' },
    { Connection: 'close' },
    { Upgrade: undefined, Connection: undefined },
  ])('%j gets 400', (headers) => {
    expectRefused(request(headers), 400);
  });
});

test.each([undefined, '', '12', '14', '8', '013', '13 ', '13.0', '13, 13', '13, 8', 'thirteen', '١٣'])(
  'version %p gets 426 with the version that we speak (item 6, 4.4)',
  (version) => {
    const { headers } = expectRefused(request({ 'Sec-WebSocket-Version': version }), 426);
    expect(headers).toEqual({ 'Sec-WebSocket-Version': '13', Upgrade: 'websocket' });
  },
);

test.each([undefined, '', 'short', KEY + '=', KEY.slice(0, -1), [KEY, KEY], 'A'.repeat(32_000)])(
  'key %p gets 400 (item 5)',
  (key) => {
    expectRefused(request({ 'Sec-WebSocket-Key': key }), 400);
  },
);

describe('Sec-WebSocket-Protocol (item 8)', () => {
  test.each<[string | string[] | undefined, string[]]>([
    [undefined, []],
    ['chat', ['chat']],
    ['b, a', ['b', 'a']],
    [
      ['b', 'a'],
      ['b', 'a'],
    ],
    ['chat, Chat', ['chat', 'Chat']],
    ['__proto__, constructor', ['__proto__', 'constructor']],
  ])('%j offers %j', (header, protocols) => {
    expect(judgeUpgrade(request({ 'Sec-WebSocket-Protocol': header }))).toEqual({
      key: KEY,
      protocols,
      extensions: [],
    });
  });

  test.each<[string | string[]]>([[''], [','], ['a, a'], [['a', 'a']], ['a b'], ['"a"'], ['a;b'], ['a/b'], ['é']])(
    '%j gets 400: not distinct tokens (4.1 item 10)',
    (header) => {
      expectRefused(request({ 'Sec-WebSocket-Protocol': header }), 400);
    },
  );

  test.each<[string[], string[], string]>([
    [['a', 'b'], ['b', 'a'], 'a'],
    [['x', 'b'], ['a', 'b'], 'b'],
    [['x'], ['a'], ''],
    [[], ['a'], ''],
    [['a'], [], ''],
    [['A'], ['a'], ''],
    [['__proto__', 'constructor'], [], ''],
  ])('of the offer %j, speaking %j, %j is chosen: the client’s first (4.2.2 item 5.5)', (offered, spoken, chosen) => {
    expect(chooseProtocol(offered, spoken)).toBe(chosen);
  });
});

describe('Sec-WebSocket-Extensions (item 9)', () => {
  test('offers are passed on in the client’s order', () => {
    const header = ['x-unknown', 'permessage-deflate; client_max_window_bits, x-other; a=1'];
    expect(judgeUpgrade(request({ 'Sec-WebSocket-Extensions': header }))).toMatchObject({
      extensions: [
        { name: 'x-unknown', params: [] },
        { name: 'permessage-deflate', params: [['client_max_window_bits', true]] },
        { name: 'x-other', params: [['a', '1']] },
      ],
    });
  });

  test.each(['', ',', 'a b', 'a; =1', 'a; b=', '"a"'])('%j breaks the grammar (9.1) and gets 400', (header) => {
    expectRefused(request({ 'Sec-WebSocket-Extensions': header }), 400);
  });
});

describe('headers meant to take long, or to be taken for something else', () => {
  test.each(['Upgrade', 'Connection', 'Sec-WebSocket-Version', 'Sec-WebSocket-Key', 'Sec-WebSocket-Protocol'])(
    '%s of 32,000 spaces, 8,000 commas, 8,000 escaped quotes',
    (name) => {
      const status = name === 'Sec-WebSocket-Version' ? 426 : 400;
      for (const value of [' '.repeat(32_000), ','.repeat(8_000), '"' + '\\"'.repeat(8_000)]) {
        expectRefused(request({ [name]: value }), status);
        expectRefused(request({ [name]: `x${value}x` }), name === 'Sec-WebSocket-Protocol' ? 400 : status);
      }
    },
  );

  test('long lists are read to their end', () => {
    const many = { Upgrade: ','.repeat(8_000) + 'websocket', Connection: ' '.repeat(32_000) + 'Upgrade' };
    expect(judgeUpgrade(request(many))).toMatchObject({ key: KEY });
    const protocols = Array.from({ length: 4_000 }, (_, i) => `p${i}`);
    expect(judgeUpgrade(request({ 'Sec-WebSocket-Protocol': protocols.join(',') }))).toEqual({
      key: KEY,
      protocols,
      extensions: [],
    });
    expectRefused(request({ 'Sec-WebSocket-Protocol': [...protocols, 'p0'].join(',') }), 400);
  });

  test('2,000 others change nothing (ws CVE-2024-37890)', () => {
    const others = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`X-${i}`, 'a']));
    expect(judgeUpgrade(request(others))).toMatchObject({ key: KEY });
    expectRefused(request({ ...others, Upgrade: undefined }), 400);
  });

  test.each(['__proto__', 'constructor', 'toString'])('one named %s changes nothing', (name) => {
    expect(judgeUpgrade(request({ [name]: 'websocket' }))).toMatchObject({ key: KEY });
  });

  test('no headers at all', () => {
    expectRefused({ method: 'GET', httpVersion: '1.1', headers: {}, rawHeaders: [] }, 400);
  });
});

describe('origin (RFC 6455 10.2)', () => {
  const judge = (headers: IncomingHttpHeaders) => judgeOrigin(headers, originRule(undefined), {});

  test('a foreign one gets 403', () => {
    expect(judge({ origin: 'https://evil.com', host: 'good.com' })).toMatchObject({ status: 403 });
  });

  test('one of ours, or none, passes', () => {
    expect(judge({ origin: 'https://good.com', host: 'good.com:5005' })).toBeUndefined();
    expect(judge({ host: 'good.com' })).toBeUndefined();
  });

  test('the rule is given the request', () => {
    const rule = originRule<{ url: string }>((_origin, { url }) => url === '/open');
    expect(judgeOrigin({}, rule, { url: '/open' })).toBeUndefined();
    expect(judgeOrigin({}, rule, { url: '/other' })).toMatchObject({ status: 403 });
  });
});

test('a plain request is told to upgrade (RFC 9110 15.5.22)', () => {
  expect(UPGRADE_REQUIRED).toMatchObject({ status: 426, headers: { Upgrade: 'websocket' } });
});
