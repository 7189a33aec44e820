import { judgeConnect, Refusal, type ConnectHeaders } from '../../src/handshake';

const GOOD: ConnectHeaders = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':scheme': 'https',
  ':path': '/chat',
  ':authority': 'server.example.com',
  'sec-websocket-version': '13',
};

const judged = (changes: ConnectHeaders = {}) => judgeConnect({ ...GOOD, ...changes });

test('the sample request of RFC 8441 5.1 is in order', () => {
  const offer = judged({
    'sec-websocket-protocol': 'chat, superchat',
    'sec-websocket-extensions': 'permessage-deflate',
    origin: 'http://www.example.com',
  });
  expect(offer).toEqual({
    protocols: ['chat', 'superchat'],
    extensions: [{ name: 'permessage-deflate', params: [] }],
  });
});

test('it offers nothing where the client does not', () => {
  expect(judged()).toEqual({ protocols: [], extensions: [] });
});

test.each<[string, ConnectHeaders]>([
  ['the scheme of a connection without TLS', { ':scheme': 'http' }],
  ['an authority with a port', { ':authority': 'localhost:5005' }],
  ['an IPv6 authority', { ':authority': '[::1]:5005' }],
  ['a Host that says the same as :authority (RFC 9113 8.3.1)', { host: 'server.example.com' }],
  ['a query', { ':path': '/?a=1' }],
  ['a key, which means nothing here (RFC 8441 section 5)', { 'sec-websocket-key': 'x' }],
  ['an empty body', { 'content-length': '0' }],
])('accepted: %s', (_what, changes) => {
  expect(judged(changes)).not.toBeInstanceOf(Refusal);
});

test.each<[string, ConnectHeaders]>([
  ['no scheme', { ':scheme': undefined }],
  ['the scheme wss (RFC 8441 section 5: it is https)', { ':scheme': 'wss' }],
  ['the scheme ws', { ':scheme': 'ws' }],
  ['an empty scheme', { ':scheme': '' }],
  ['no authority', { ':authority': undefined }],
  ['an empty authority', { ':authority': '' }],
  ['an authority with a user (RFC 9113 8.3.1)', { ':authority': 'me@server.example.com' }],
  ['an authority with a path', { ':authority': 'server.example.com/chat' }],
  ['two authorities', { ':authority': 'a.example.com, b.example.com' }],
  ['a Host that differs from :authority', { host: 'other.example.com' }],
  ['an empty Host', { host: '' }],
  ['no path', { ':path': undefined }],
  ['an empty path', { ':path': '' }],
  ['the path *', { ':path': '*' }],
  ['a whole URL as path', { ':path': 'https://server.example.com/chat' }],
  ['a body', { 'content-length': '5' }],
  ['a chunked body', { 'transfer-encoding': 'chunked' }],
  ['no version', { 'sec-websocket-version': undefined }],
  ['version 8', { 'sec-websocket-version': '8' }],
  ['version 013', { 'sec-websocket-version': '013' }],
  ['two versions', { 'sec-websocket-version': '13, 13' }],
  ['subprotocols twice', { 'sec-websocket-protocol': 'chat, chat' }],
  ['no subprotocol in the list of them', { 'sec-websocket-protocol': '' }],
  ['a malformed extension', { 'sec-websocket-extensions': 'permessage-deflate; =' }],
])('refused with 400: %s', (_what, changes) => {
  expect(judged(changes)).toMatchObject({ status: 400, body: expect.stringMatching(/.{10}/) as string });
});

test('a refusal of the version says which one is spoken (RFC 6455 4.4)', () => {
  expect(judged({ 'sec-websocket-version': '8' })).toMatchObject({ headers: { 'Sec-WebSocket-Version': '13' } });
});
