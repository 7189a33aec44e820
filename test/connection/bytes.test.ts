import { Channels, Connection, MessagePackCodec, OnMessage, WebSocketPath } from '../../src';
import { bytesOf, requireBytes } from '../../src/connection/bytes';
import { overTransports, type Served } from '../streams/transports';
import { text } from '../support/frames';
import { serve } from '../support/serve';

const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
const shared = new SharedArrayBuffer(4);
new Uint8Array(shared).set([1, 2, 3, 4]);

test.each<[string, unknown, number[]]>([
  ['a Uint8Array', new Uint8Array(buffer, 1, 2), [2, 3]],
  ['a Buffer', Buffer.from([1, 2]), [1, 2]],
  ['a Uint16Array', new Uint16Array(buffer, 2, 2), [3, 4, 5, 6]],
  ['a Float64Array', new Float64Array(buffer), [1, 2, 3, 4, 5, 6, 7, 8]],
  ['a DataView', new DataView(buffer, 3, 2), [4, 5]],
  ['an ArrayBuffer', buffer, [1, 2, 3, 4, 5, 6, 7, 8]],
  ['a view of shared memory', new Uint16Array(shared, 2), [3, 4]],
  ['nothing', new ArrayBuffer(0), []],
])('%s has bytes', (_what, value, bytes) => {
  expect([...bytesOf(value)!]).toEqual(bytes);
});

test('they stay where they are', () => {
  const words = new Uint16Array(buffer);
  expect(bytesOf(words)!.buffer).toBe(buffer);
  const bytes = new Uint8Array(1);
  expect(bytesOf(bytes)).toBe(bytes);
});

test.each([undefined, null, 5, 'text', {}, [1, 2], { length: 1, byteLength: 1 }, new Blob(['x']), shared])(
  '%p has none',
  (value) => {
    expect(bytesOf(value)).toBeUndefined();
    expect(() => requireBytes(value)).toThrow(TypeError);
  },
);

const LARGE = 100_000;
const shared64 = new SharedArrayBuffer(LARGE);
new Uint8Array(shared64).fill(7);

const MESSAGES: [string, ArrayBufferView | ArrayBuffer][] = [
  ['a Uint16Array', new Uint16Array(buffer, 2, 2)],
  ['a DataView', new DataView(buffer, 3, 2)],
  ['an ArrayBuffer', buffer],
  ['many numbers', new Float64Array(LARGE / 8).fill(1.5)],
  ['a large DataView', new DataView(Buffer.alloc(LARGE, 'x').buffer)],
  ['a view of shared memory', new Uint8Array(shared, 1, 2)],
  ['a large view of shared memory', new Uint32Array(shared64)],
];

const WAYS: Record<string, (connection: Connection, message: Uint8Array, channels: Channels) => unknown> = {
  sent: (connection, message) => void connection.send(message),
  returned: (_connection, message) => message,
  'sent in fragments': (connection, message) => connection.sendStream([message]),
  'one of several that are returned': (_connection, message) => [message][Symbol.iterator](),
  published: async (connection, message, channels) => {
    await connection.subscribe('news');
    channels.publish('news', message);
  },
  'sent to a user': (connection, message, channels) => {
    connection.user = { id: 'ann' };
    channels.toUser('ann').publish(message);
  },
};

@WebSocketPath('/bytes')
class BytesController {
  constructor(private readonly channels: Channels) {}

  @OnMessage()
  answer(command: string, connection: Connection): unknown {
    const [way, what] = command.split(': ') as [string, string];
    return WAYS[way]!(connection, new Map(MESSAGES).get(what) as Uint8Array, this.channels);
  }
}

describe.each(overTransports([BytesController], { limits: { maxBufferedBytes: 10 * LARGE } }))('%s', (_name, open) => {
  let served: Served;
  beforeAll(async () => void (served = await open()));
  afterAll(() => served.close());

  test.each(Object.keys(WAYS))('bytes in any view arrive as they are: %s', async (way) => {
    const client = await served.connect('/bytes');
    for (const [what, message] of MESSAGES) {
      client.write(text(`${way}: ${what}`));
      const pieces: Buffer[] = [];
      for (let fin = false; !fin;) {
        const frame = await client.frame();
        pieces.push(frame.payload);
        ({ fin } = frame);
      }
      expect(Buffer.concat(pieces).equals(bytesOf(message)!)).toBe(true);
    }
    client.destroy();
  });
});

test('an event of MessagePack takes them as bytes', async () => {
  @WebSocketPath('/', { codec: new MessagePackCodec() })
  class Packed {
    @OnMessage('words')
    words(): unknown {
      return new Uint16Array(buffer, 0, 1);
    }
  }
  const client = await (await serve([Packed])).connect('/');
  expect(await client.request('words')).toEqual(new Uint8Array([1, 2]));
});

test('the client for tests sends them too', async () => {
  @WebSocketPath('/')
  class Echo {
    @OnMessage()
    binary(message: Uint8Array): Uint8Array {
      return message;
    }
  }
  const client = await (await serve([Echo])).connect('/');
  for (const [, message] of MESSAGES) {
    client.send(message);
    expect(Buffer.from(bytesOf(message)!).equals((await client.receive()) as Uint8Array)).toBe(true);
  }
  expect(() => client.send(5 as never)).toThrow(TypeError);
});
