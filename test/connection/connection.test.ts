import type { Connection } from '../../src/engine';
import { BINARY, CLOSE, close, PING, PONG, text, TEXT } from '../support/frames';
import { deferred, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

async function connect(path = '/rooms/:room', url = '/rooms/caf%C3%A9?token=a%20b&token=c') {
  const opened = deferred<Connection>();
  const engine = await startEngine([
    { path, protocols: ['v1', 'v2'], open: (connection) => opened.resolve(connection) },
  ]);
  const client = await RawClient.open(engine.url, url, { 'X-Test': 'yes', 'Sec-WebSocket-Protocol': 'v3, v2, v1' });
  return { engine, client, connection: await opened.promise };
}

test('it knows how it was opened', async () => {
  const { connection, engine } = await connect();
  expect(connection.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(connection.path).toBe('/rooms/:room');
  expect(connection.params.room).toBe('café');
  expect(connection.query.getAll('token')).toEqual(['a b', 'c']);
  expect(connection.protocol).toBe('v2');
  expect(connection.handshake).toMatchObject({
    url: '/rooms/caf%C3%A9?token=a%20b&token=c',
    remoteAddress: '127.0.0.1',
    httpVersion: '1.1',
    secure: false,
  });
  expect(connection.handshake.headers['x-test']).toBe('yes');
  expect(engine.connections.get(connection.id)).toBe(connection);
});

test('names of the object prototype are no parameters', async () => {
  const { connection } = await connect();
  expect(connection.params['constructor']).toBeUndefined();
  expect(connection.params['toString']).toBeUndefined();
});

test('it sends strings as text and bytes as binary', async () => {
  const { connection, client } = await connect();
  expect(connection.send('é')).toBe(true);
  expect(connection.send(new Uint8Array([1, 2]))).toBe(true);
  expect(connection.send(new Uint8Array([3]).buffer)).toBe(true);
  expect(connection.send(new Uint16Array([0x0504]))).toBe(true);
  expect(connection.send(new DataView(new Uint8Array([0, 6, 7, 0]).buffer, 1, 2))).toBe(true);
  expect(await client.frame()).toMatchObject({ opcode: TEXT, payload: Buffer.from('é') });
  expect(await client.frame()).toMatchObject({ opcode: BINARY, payload: Buffer.from([1, 2]) });
  expect(await client.frame()).toMatchObject({ opcode: BINARY, payload: Buffer.from([3]) });
  expect(await client.frame()).toMatchObject({ opcode: BINARY, payload: Buffer.from([4, 5]) });
  expect(await client.frame()).toMatchObject({ opcode: BINARY, payload: Buffer.from([6, 7]) });
});

test.each([42, null, undefined, {}, [1], new SharedArrayBuffer(2), new Blob(['x']), Symbol('s')])(
  'a message that is %p is refused with a TypeError',
  async (message) => {
    const { connection } = await connect();
    expect(() => connection.send(message as string)).toThrow(
      new TypeError('a message must be a string, an ArrayBuffer or a view of one'),
    );
  },
);

test('lone surrogates go out as U+FFFD: what is sent is always UTF-8', async () => {
  const { connection, client } = await connect();
  connection.send('a\ud800b');
  expect((await client.frame()).payload).toEqual(Buffer.from('a\ufffdb'));
});

test('pings and pongs carry what they are given, at most 125 bytes', async () => {
  const { connection, client } = await connect();
  void connection.ping(new Uint8Array(125));
  connection.pong('hi');
  void connection.ping();
  expect(await client.frame()).toMatchObject({ opcode: PING, payload: Buffer.alloc(125) });
  expect(await client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from('hi') });
  expect((await client.frame()).payload.length).toBeGreaterThan(0);
  expect(() => connection.ping('x'.repeat(126))).toThrow(RangeError);
  expect(() => connection.pong(7 as unknown as string)).toThrow(TypeError);
});

test.each([999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5])('it never sends the close code %d', async (code) => {
  const { connection } = await connect();
  expect(() => connection.close(code)).toThrow(RangeError);
  expect(connection.state).toBe('open');
});

test('close reasons are checked: type, length, and that there is a code', async () => {
  const { connection, client } = await connect();
  expect(() => connection.close(1000, 'x'.repeat(124))).toThrow('at most 123 bytes of UTF-8, this has 124');
  expect(() => connection.close(1000, 7 as unknown as string)).toThrow(TypeError);
  expect(() => connection.close(1000, new Float64Array(1) as unknown as string)).toThrow(TypeError);
  expect(() => connection.close('1000' as unknown as number)).toThrow(TypeError);
  void connection.close(1000, 'é'.repeat(61));
  expect((await client.closeFrame()).reason).toBe('é'.repeat(61));
});

test('a close without a code has an empty frame', async () => {
  const { connection, client } = await connect();
  void connection.close();
  expect(await client.frame()).toMatchObject({ opcode: CLOSE, payload: Buffer.alloc(0) });
});

test('state and signal follow the life of the connection', async () => {
  const { connection, client } = await connect();
  const { signal } = connection;
  expect([connection.state, signal.aborted]).toEqual(['open', false]);
  const closed = connection.close(1000);
  expect([connection.state, signal.aborted]).toEqual(['closing', true]);
  client.write(close(1000));
  await client.end();
  client.destroy();
  await closed;
  expect(connection.state).toBe('closed');
  expect(connection.signal.aborted).toBe(true);
});

test('the signal aborts when the peer goes away', async () => {
  const { connection, client } = await connect();
  const aborted = new Promise((resolve) => connection.signal.addEventListener('abort', resolve));
  client.destroy();
  await aborted;
});

test('data is an empty object of its own at first', async () => {
  const one = await connect();
  const other = await connect();
  expect(one.connection.data).toEqual({});
  expect(one.connection.data).not.toBe(other.connection.data);
});

test('a connection that was idle says nothing is buffered', async () => {
  const { connection, client } = await connect('/', '/');
  client.write(text(''));
  expect(connection.bufferedBytes).toBe(0);
});

describe('connection.user', () => {
  test.each<[string, unknown, string]>([
    ['a number', 42, 'a number'],
    ['0', 0, 'a number'],
    ['a bigint', 42n, 'a bigint'],
    ['an object, such as an ObjectId', { toString: () => '42' }, 'a object'],
    ['null', null, 'null'],
    ['true', true, 'a boolean'],
    ['a symbol', Symbol('42'), 'a symbol'],
  ])('whose id is %s is refused when it is set, and the former stays', async (_what, id, kind) => {
    const { connection } = await connect();
    connection.user = { id: 'ann' };
    expect(() => (connection.user = { id } as never)).toThrow(
      new TypeError(`the id of connection.user is a string, not ${kind}: write String(id)`),
    );
    expect(connection.user).toEqual({ id: 'ann' });
  });

  test.each([[{ id: '42' }], [{ id: '' }], [undefined], [null], [{ name: 'ann' }]])('%j is taken', async (user) => {
    const { connection } = await connect();
    connection.user = user as never;
    expect(connection.user).toBe(user);
  });
});
