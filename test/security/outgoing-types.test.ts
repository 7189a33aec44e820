import 'reflect-metadata';
import { Connection, Connections, OnMessage, WebSocketPath } from '../../src';
import { start } from '../support/app';
import { close, text } from '../support/frames';
import { RawClient } from '../support/raw-client';

let connection: Connection;
let connections: Connections;

/** The test's code, which runs in a handler, as an application's does. */
let act: () => unknown;

@WebSocketPath('/')
class Controller {
  constructor(injected: Connections) {
    connections = injected;
  }

  @OnMessage()
  async text(by: Connection, _message: string) {
    connection = by;
    return String(await act());
  }
}

/** Values that are not messages. Passed to `Buffer.alloc` and the like, they would send unwritten memory (ws 8.20.1, CVE-2016-10518). */
const NO_MESSAGES: [string, unknown][] = [
  ['a number', 1_000],
  ['0', 0],
  ['a number of no bytes', NaN],
  ['a bigint', 8n],
  ['shared memory', new SharedArrayBuffer(8)],
  ['a Blob', new Blob(['x'])],
  ['an object', {}],
  ['an object with a length', { length: 1_000 }],
  ['an object that says it is a buffer', { type: 'Buffer', data: [1, 2] }],
  ['an object that is like a view', { buffer: new ArrayBuffer(8), byteLength: 8, byteOffset: 0, length: 8 }],
  ['an object with the prototype of bytes', Object.create(Uint8Array.prototype) as object],
  ['an object with the prototype of a buffer', Object.create(Buffer.prototype as object) as object],
  ['an object that becomes text', { toString: () => 'text', valueOf: () => 8 }],
  ['a String object', Object('text')],
  ['a list', [1, 2]],
  ['a list of bytes', [Buffer.from('x')]],
  ['true', true],
  ['a symbol', Symbol('s')],
  ['a function', () => 'text'],
  ['null', null],
];

type Way = (value: never) => unknown;

/** The methods that send. Each throws or rejects. */
const WAYS: Record<string, Way> = {
  'send()': (message) => connection.send(message),
  'send(), compressed': (message) => connection.send(message, { compress: true }),
  'broadcast()': (message) => connections.broadcast(message),
  'ping()': (payload) => connection.ping(payload),
  'pong()': (payload) => connection.pong(payload),
  'close(), as reason': (reason) => connection.close(1000, reason),
};

/** The name of the error that it throws or rejects with, or what it returned. */
async function outcomeOf(way: Way, value: unknown): Promise<string> {
  try {
    return `returned ${String(await way(value as never))}`;
  } catch (error) {
    return (error as Error).name;
  }
}

async function opened(headers: Record<string, string> = {}) {
  const app = await start([Controller], { compression: true, shutdown: { deadlineMs: 1 } });
  const client = await RawClient.open(app.url, '/', headers);
  /** Runs it in a handler. Resolves with the outcome, which is the first frame after: nothing else was sent. */
  const outcome = async (doing: () => unknown): Promise<string> => {
    act = doing;
    client.write(text('do it'));
    const { opcode, payload } = await client.frame();
    expect(opcode).toBe(1);
    return payload.toString();
  };
  return { app, client, outcome };
}

/** Has a handler send a message in fragments. Resolves with the outcome of `sendStream()`. */
function streamed(client: RawClient, chunks: unknown): Promise<string> {
  return new Promise((resolve) => {
    act = () => {
      const sent = outcomeOf((each) => connection.sendStream(each), chunks);
      resolve(sent);
      return sent;
    };
    client.write(text('do it'));
  });
}

const COMPRESSED = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };

describe.each<[string, Record<string, string>]>([
  ['without compression', {}],
  ['with compression', COMPRESSED],
])('%s', (_agreed, headers) => {
  test.each(Object.entries(WAYS))('%s throws a TypeError for other types, and sends nothing', async (...[, way]) => {
    const { client, outcome } = await opened(headers);
    for (const [what, value] of NO_MESSAGES) {
      expect([what, await outcome(() => outcomeOf(way, value))]).toEqual([what, 'TypeError']);
      expect([connection.state, connection.bufferedBytes]).toEqual(['open', 0]);
    }
    client.write(close(1000));
    expect(await client.closeFrame()).toEqual({ code: 1000, reason: '' });
  });

  test('an absent message is not a message', async () => {
    const { outcome } = await opened(headers);
    expect(await outcome(() => outcomeOf(WAYS['send()']!, undefined))).toBe('TypeError');
    expect(await outcome(() => outcomeOf(WAYS['broadcast()']!, undefined))).toBe('TypeError');
  });

  test.each(NO_MESSAGES)(
    'sendStream() of %s as first chunk: TypeError, and only a Close frame is sent',
    async (...[, chunk]) => {
      const { client } = await opened(headers);
      const outcome = streamed(client, [chunk]);
      expect(await client.closeFrame()).toEqual({ code: 1011, reason: 'internal error' });
      expect(await outcome).toBe('TypeError');
    },
  );
});

test.each(NO_MESSAGES)('sendStream() of %s after a good chunk sends the good chunk alone', async (...[, chunk]) => {
  const { client } = await opened();
  const outcome = streamed(client, ['good', chunk]);
  expect(await client.frame()).toMatchObject({ opcode: 1, fin: false, payload: Buffer.from('good') });
  expect(await client.closeFrame()).toEqual({ code: 1011, reason: 'internal error' });
  expect(await outcome).toBe('TypeError');
});

test.each<[string, unknown]>([
  ['a number', 1_000],
  ['null', null],
  ['an object', {}],
  ['an object with a length', { length: 1_000 }],
  ['a DataView', new DataView(new ArrayBuffer(8))],
  ['a Float64Array', new Float64Array(8)],
  ['bytes', Buffer.from('x')],
  ['a function', () => ['text']],
])('sendStream() of %s in place of chunks: TypeError, nothing is sent but the close', async (_what, chunks) => {
  const { client } = await opened();
  const outcome = streamed(client, chunks);
  expect(await client.closeFrame()).toEqual({ code: 1011, reason: 'internal error' });
  expect(await outcome).toBe('TypeError');
});

test.each([
  ['a Float64Array', new Float64Array(8)],
  ['a DataView', new DataView(new ArrayBuffer(8))],
  ['bytes', Buffer.from('x')],
])('%s is not a reason: TypeError', async (_what, reason) => {
  const { outcome } = await opened();
  expect(await outcome(() => outcomeOf(WAYS['close(), as reason']!, reason))).toBe('TypeError');
  expect(connection.state).toBe('open');
});

describe('close codes', () => {
  test.each(NO_MESSAGES.filter(([, code]) => typeof code !== 'number'))(
    '%s is not a close code: TypeError',
    async (_what, code) => {
      const { outcome } = await opened();
      expect(await outcome(() => outcomeOf((value) => connection.close(value), code))).toBe('TypeError');
      expect(connection.state).toBe('open');
    },
  );

  test.each(['1000', '', [1000], new Number(1000)])('%p is not a close code: TypeError', async (code) => {
    const { outcome } = await opened();
    expect(await outcome(() => outcomeOf((value) => connection.close(value), code))).toBe('TypeError');
  });

  test.each([0, -1, 1, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535, 66_536, 1000.5, NaN, Infinity])(
    '%d may not be sent: RangeError, and the connection goes on',
    async (code) => {
      const { client, outcome } = await opened();
      expect(await outcome(() => outcomeOf((value) => connection.close(value), code))).toBe('RangeError');
      expect(connection.state).toBe('open');
      client.write(close(1000));
      expect(await client.closeFrame()).toEqual({ code: 1000, reason: '' });
    },
  );
});

test.each<[string, string | Uint8Array]>([
  ['text', 'x'.repeat(126)],
  ['text of two bytes a character', 'é'.repeat(63)],
  ['bytes', Buffer.alloc(126)],
])('a ping, a pong or a reason of more bytes than fit is a RangeError: %s', async (_what, payload) => {
  const { outcome } = await opened();
  expect(await outcome(() => outcomeOf(WAYS['ping()']!, payload))).toBe('RangeError');
  expect(await outcome(() => outcomeOf(WAYS['pong()']!, payload))).toBe('RangeError');
  const expected = typeof payload === 'string' ? 'RangeError' : 'TypeError';
  expect(await outcome(() => outcomeOf(WAYS['close(), as reason']!, payload))).toBe(expected);
});

const VIEWS: [string, (buffer: ArrayBuffer, at: number) => ArrayBufferView][] = [
  ['a Uint8Array', (buffer, at) => new Uint8Array(buffer, at, 4)],
  ['a Buffer', (buffer, at) => Buffer.from(buffer, at, 4)],
  ['an Int16Array', (buffer, at) => new Int16Array(buffer, at, 2)],
  ['a Float32Array', (buffer, at) => new Float32Array(buffer, at, 1)],
  ['a DataView', (buffer, at) => new DataView(buffer, at, 4)],
];

test.each(VIEWS)('%s sends the bytes of its view, and none around them', async (_what, viewOf) => {
  const { client } = await opened();
  const whole = new Uint8Array(Buffer.alloc(64, 'secret'));
  whole.set([1, 2, 3, 4], 12);
  const part = viewOf(whole.buffer, 12);
  act = async () => {
    connection.send(part);
    connections.broadcast(part);
    connection.pong(part);
    void connection.ping(part);
    await connection.sendStream([part]);
    return 'done';
  };
  client.write(text('do it'));
  const payloads: Buffer[] = [];
  for (let count = 0; count < 6; count++) payloads.push((await client.frame()).payload);
  const bytes = Buffer.from([1, 2, 3, 4]);
  // the message in fragments ends in one without bytes; pings and pongs may pass messages
  expect(payloads).toEqual([bytes, bytes, bytes, bytes, bytes, Buffer.alloc(0)]);
  expect((await client.frame()).payload.toString()).toBe('done');
});
