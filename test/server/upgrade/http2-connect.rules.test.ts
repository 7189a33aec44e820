import type { Connection } from '../../../src/engine';
import { deferred, echo, startEngine } from '../../support/engine';
import { text } from '../../support/frames';
import {
  connectFields,
  END_HEADERS,
  END_STREAM,
  FrameType,
  headersFrame,
  headersInParts,
  http2Frame,
  type Fields,
  type Http2FrameClient,
} from '../../support/http2-frames';
import { dialByFrames, WAYS } from '../../support/http2-ways';

const without = (name: string): Fields => connectFields().filter(([each]) => each !== name);

const having = (name: string, value: string): Fields =>
  connectFields().map(([each, before]) => [each, each === name ? value : before]);

const withMore = (...more: [name: string, value: string][]): Fields => [...connectFields(), ...more];

const PSEUDO_HEADERS = [':method', ':protocol', ':scheme', ':path', ':authority'];

/** RFC 9113 8.1.1: "Malformed requests or responses that are detected MUST be treated as a stream error". */
const MALFORMED: [string, Fields][] = [
  ...PSEUDO_HEADERS.flatMap((name): [string, Fields][] => [
    [`no ${name}`, without(name)],
    [`an empty ${name}`, having(name, '')],
    [`${name} twice`, [...connectFields().filter(([each]) => each === name), ...connectFields()]],
    [`two values of ${name}`, [[name, 'other'], ...connectFields()]],
    [`${name} behind a header`, [...without(name), ...connectFields().filter(([each]) => each === name)]],
  ]),
  [':protocol without CONNECT', having(':method', 'GET')],
  ['connect in lower case', having(':method', 'connect')],
  ['an unknown pseudo-header', [[':other', 'x'], ...connectFields()]],
  ['a :status', [[':status', '200'], ...connectFields()]],
  ['a scheme of RFC 6455', having(':scheme', 'ws')],
  ['the path *', having(':path', '*')],
  ['a relative path', having(':path', 'chat')],
  ['a whole URL as path', having(':path', 'http://localhost/')],
  ['a fragment', having(':path', '/#a')],
  ['a space in the path', having(':path', '/a b')],
  ['a user in :authority (8.3.1)', having(':authority', 'me@localhost')],
  ['a space in :authority', having(':authority', 'a b')],
  ['a Host that differs from :authority (8.3.1)', withMore(['host', 'example.com'])],
  ['Host twice', withMore(['host', 'localhost'], ['host', 'localhost'])],
  ['Host in place of :authority', [...without(':authority'), ['host', 'localhost']]],
  ['a name in upper case (8.2.1)', withMore(['X-Name', 'a'])],
  ['Connection (8.2.2)', withMore(['connection', 'Upgrade'])],
  ['Upgrade (8.2.2)', withMore(['upgrade', 'websocket'])],
  ['Transfer-Encoding (8.2.2)', withMore(['transfer-encoding', 'chunked'])],
  ['Keep-Alive (8.2.2)', withMore(['keep-alive', 'timeout=5'])],
  ['Proxy-Connection (8.2.2)', withMore(['proxy-connection', 'close'])],
  ['TE other than trailers (8.2.2)', withMore(['te', 'gzip'])],
  ['a body', withMore(['content-length', '5'])],
  ['a Content-Length that is no number', withMore(['content-length', 'five'])],
  ['two versions', withMore(['sec-websocket-version', '13'])],
];

const REFUSED = /^(status 400|reset 1)$/;

describe.each(WAYS)('%s', (_way, way) => {
  const clients: Http2FrameClient[] = [];

  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });

  async function opened() {
    const engine = await startEngine([echo], way);
    const client = await dialByFrames(engine);
    clients.push(client);
    return { engine, client };
  }

  /** What an open WebSocket answers. */
  async function echoOn(client: Http2FrameClient, streamId: number): Promise<string | undefined> {
    client.write(http2Frame(FrameType.Data, streamId, text('still here')));
    const data = await client.find(({ type, streamId: id }) => type === FrameType.Data && id === streamId);
    return data?.payload.subarray(2).toString();
  }

  test.each(MALFORMED)('refused, while the other streams of the connection go on: %s', async (_what, fields) => {
    const { engine, client } = await opened();
    client.write(headersFrame(1, connectFields()), headersFrame(3, fields), headersFrame(5, connectFields()));
    expect(await client.fateOf(3)).toMatch(REFUSED);
    expect([await client.fateOf(1), await client.fateOf(5)]).toEqual(['status 200', 'status 200']);
    expect(await echoOn(client, 1)).toBe('still here');
    expect(engine.connections.size).toBe(2);
  });

  test.each<[string, Fields]>([
    ['TE: trailers (8.2.2)', withMore(['te', 'trailers'])],
    ['Host as in :authority', withMore(['host', 'localhost'])],
    ['the other scheme: a proxy may have undone the TLS, or done it', having(':scheme', way.tls ? 'http' : 'https')],
    [
      'a version behind other headers',
      [...without('sec-websocket-version'), ['a', 'b'], ['sec-websocket-version', '13']],
    ],
  ])('accepted: %s', async (_what, fields) => {
    const { client } = await opened();
    client.write(headersFrame(1, fields));
    expect(await client.fateOf(1)).toBe('status 200');
  });

  test('a stream that the client ended with its request is no WebSocket', async () => {
    const { engine, client } = await opened();
    client.write(headersFrame(1, connectFields(), END_HEADERS | END_STREAM));
    expect(await client.fateOf(1)).toBe('status 400');
    expect(engine.connections.size).toBe(0);
  });

  test.each<[string, [name: string, value: string]]>([
    ['NUL in a value', ['x-name', 'a\0b']],
    ['a line break in a value', ['x-name', 'a\r\nx-other: b']],
    ['a space in a name', ['x name', 'a']],
    ['no name', ['', 'a']],
  ])('a field that is none reaches no handler: %s', async (_what, field) => {
    const seen = deferred<Connection>();
    const engine = await startEngine([{ path: '/', open: (connection) => seen.resolve(connection) }], way);
    const client = await dialByFrames(engine);
    clients.push(client);
    client.write(headersFrame(1, withMore(field)));
    expect(await client.fateOf(1)).toBe('status 200');
    expect(Object.keys((await seen.promise).handshake.headers).sort()).toEqual(['host', 'sec-websocket-version']);
  });

  test('headers of more than maxHeaderBytes are refused', async () => {
    const { client } = await opened();
    const part = 'x'.repeat(6_000);
    client.write(headersFrame(1, withMore(['a', part], ['b', part])), headersFrame(3, connectFields()));
    expect([await client.fateOf(1), await client.fateOf(3)]).toEqual(['status 200', 'status 200']);
    client.write(headersInParts(5, withMore(['a', part], ['b', part], ['c', part])), headersFrame(7, connectFields()));
    // which of the two depends on how the packets are cut
    expect(await client.fateOf(5)).toMatch(/^reset (2|11)$/);
    expect(await client.fateOf(7)).toBe('status 200');
  });

  test('so are 2,000 of them', async () => {
    const { client } = await opened();
    const many = Array.from({ length: 2_000 }, (): [string, string] => ['a', 'b']);
    client.write(headersFrame(1, withMore(...many)), headersFrame(3, connectFields()));
    expect(await client.fateOf(1)).toMatch(/^reset (2|11)$/);
    expect(await client.fateOf(3)).toBe('status 200');
  });
});
