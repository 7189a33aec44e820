import { Connection, JsonCodec, MessagePackCodec, OnMessage, OnOpen, WebSocketPath, type Codec } from '../../src';
import { containCodec } from '../../src/connection/contained-codec';
import { overTransports } from '../streams/transports';
import { text } from '../support/frames';
import { settled } from '../support/serve';

const json = new JsonCodec();
const failures: unknown[] = [];
beforeEach(() => void (failures.length = 0));

function contained(part: object): Codec {
  const codec = { binary: false, decode: (text: string) => json.decode(text), encode: json.encode.bind(json), ...part };
  return containCodec(codec, (error) => void failures.push(error));
}

test('those that come with Portal are left as they are; what is derived from them is not', () => {
  for (const codec of [json, new MessagePackCodec()]) expect(containCodec(codec, () => {})).toBe(codec);
  class Own extends JsonCodec {}
  const own = new Own();
  expect(containCodec(own, () => {})).not.toBe(own);
});

describe('encode', () => {
  test.each<[string, unknown, string | number[]]>([
    ['a string', 'text', 'text'],
    ['a Uint8Array', new Uint8Array([1, 2]), [1, 2]],
    ['an ArrayBuffer', new Uint8Array([1, 2]).buffer, [1, 2]],
    ['another view', new DataView(new Uint8Array([1, 2, 3]).buffer, 1), [2, 3]],
  ])('may return %s', (_what, value, expected) => {
    const encoded = contained({ encode: () => value }).encode({});
    expect(typeof encoded === 'string' ? encoded : [...encoded]).toEqual(expected);
    if (typeof encoded !== 'string') expect(encoded).toBeInstanceOf(Uint8Array);
  });

  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'encode of a codec returned undefined, and no string or Uint8Array'],
    ['a number', 5, 'encode of a codec returned 5, and no string or Uint8Array'],
    ['an object', {}, 'encode of a codec returned an object (Object), and no string or Uint8Array'],
    ['an array', [1], 'encode of a codec returned an object (Array), and no string or Uint8Array'],
    ['a promise', Promise.resolve('x'), 'encode of a codec returned a promise: a codec cannot be asynchronous'],
    ['one that rejects', Promise.reject(new Error('x')), 'a codec cannot be asynchronous'],
    ['a thenable', { then: () => {} }, 'a codec cannot be asynchronous'],
  ])('may not return %s', (_what, value, message) => {
    expect(() => contained({ encode: () => value }).encode({})).toThrow(message);
    expect(() => contained({ encode: () => value }).encode({})).toThrow(TypeError);
  });
});

describe('decode', () => {
  const decode = (part: () => unknown): unknown => contained({ decode: part }).decode('');

  test.each<[string, unknown]>([
    ['an Error', new Error('no message of ours')],
    ['a SyntaxError', new SyntaxError('no JSON')],
    ['a RangeError', new RangeError('too short')],
    ['text', 'no error at all'],
    ['undefined', undefined],
  ])('that throws %s says that the message cannot be read', (_what, error) => {
    expect(() => decode(() => raise(error))).toThrow();
    expect(failures).toEqual([]);
  });

  test('so it does where bytes are no text', () => {
    const bytes = new Uint8Array([0xff]);
    expect(() => decode(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes))).toThrow('not valid');
    expect(failures).toEqual([]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a property of undefined', () => (undefined as unknown as { a: 1 }).a, /^TypeError: Cannot read properties/],
    ['a name that is not there', () => raise(new ReferenceError('x is not defined')), /^ReferenceError: x is not/],
    ['a promise', async () => json.decode('{}'), /^TypeError: decode of a codec returned a promise/],
    ...['event', 'data', 'id', 'error'].map((part): [string, () => unknown, RegExp] => [
      `${part} that is a promise which rejects`,
      () => ({ event: 'event', [part]: Promise.reject(new Error('x')) }),
      /^TypeError: decode of a codec returned an envelope with a promise/,
    ]),
    [
      'a promise that rejects',
      () => Promise.reject(new Error('x')),
      /^TypeError: decode of a codec returned a promise/,
    ],
  ])('that makes a mistake is told of: %s', (_what, part, expected) => {
    expect(() => decode(part)).toThrow();
    expect(failures.map(String)).toEqual([expect.stringMatching(expected)]);
  });

  test.each(['decode', 'encode'] as const)(
    'a promise that %s throws is no error; what it rejects with is told',
    async (method) => {
      const reason = new Error('the reason');
      const codec = contained({ [method]: () => raise(Promise.reject(reason)) });
      expect(() => (method === 'decode' ? codec.decode('') : codec.encode({}))).toThrow('a promise was thrown');
      await settled();
      expect(failures).toContain(reason);
    },
  );

  function raise(error: unknown): never {
    throw error;
  }
});

describe('over every transport', () => {
  class AsyncCodec implements Codec {
    readonly binary = false;
    decode(): never {
      return Promise.reject(new Error('asynchronous')) as never;
    }
    encode(): never {
      return new ArrayBuffer(2) as never;
    }
  }

  class Faulty extends JsonCodec {
    override decode(): never {
      throw new TypeError('a bug of its own');
    }
  }

  @WebSocketPath('/async', { codec: new AsyncCodec() })
  class Async {
    @OnOpen()
    open(connection: Connection): void {
      connection.emit('greeting');
    }
    @OnMessage('event')
    event(): void {}
  }

  @WebSocketPath('/faulty', { codec: new Faulty() })
  class FaultyPath {
    @OnMessage('event')
    event(): void {}
  }

  test.each(overTransports([Async, FaultyPath]))(
    '%s: the connection goes on, and the log says what is wrong',
    async (_name, open) => {
      const served = await open();
      const asynchronous = await served.connect('/async');
      expect([...(await asynchronous.frame()).payload]).toEqual([0, 0]);
      const faulty = await served.connect('/faulty');
      for (const client of [asynchronous, faulty]) {
        for (let time = 0; time < 2; time++) {
          client.write(text('{"event":"event"}'));
          const { payload } = await client.frame();
          if (client === faulty) expect(payload.toString()).toContain('malformed_message');
        }
        client.destroy();
      }
      expect([...new Set(served.log.errors.map(String))]).toEqual([
        'TypeError: decode of a codec returned a promise: a codec cannot be asynchronous',
        'TypeError: a bug of its own',
      ]);
      expect(served.log.lines).toContain('error FaultyPath (its codec) failed');
      await served.close();
    },
  );
});
