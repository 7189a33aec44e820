import { decode, Decoder, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { PortalError } from '../../src';
import { checkOf } from '../../src/validation/type-check';
import { MessagePackCodec, type Envelope } from '../../src/messages';
import { packable } from './arbitraries';

const codec = new MessagePackCodec();

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

test('its messages are binary', () => {
  expect(codec.binary).toBe(true);
});

test.each<[string, Envelope]>([
  ['an event', { event: 'chat.join', data: { room: 'a', list: [1, 'é', null, true] } }],
  ['an event without data', { event: 'e' }],
  ['null', { event: 'e', data: null }],
  ['a request', { event: 'e', data: 0, id: 7 }],
  ['an id that is a string', { event: 'e', data: '', id: 's:1' }],
  ['an error', { error: { code: 'c', message: 'm', details: [{ path: 'a' }] }, id: 1 }],
  ['one of several answers', { event: 'e', data: 1, id: 7, more: true }],
  ['the last of them', { event: 'e', id: 7, done: true }],
])('%s is what it was when it was sent and read', (_what, envelope) => {
  const message = codec.encode(envelope);
  expect(codec.decode(message)).toEqual(envelope);
  expect(decode(message)).toEqual(envelope);
});

test('any data is what it was: numbers of all sizes, bytes, dates, nested ones', () => {
  fc.assert(
    fc.property(packable, fc.string({ unit: 'binary' }), (data, event) => {
      expect(codec.decode(codec.encode({ event, data, id: 1 }))).toEqual({ event, data, id: 1 });
    }),
  );
});

test('bytes arrive as bytes, a Date as a Date', () => {
  const data = { bytes: Buffer.from([0, 255]), at: new Date(1_700_000_000_123) };
  const { data: read } = codec.decode(codec.encode({ event: 'e', data })) as { data: typeof data };
  expect(read.bytes).toBeInstanceOf(Uint8Array);
  expect([...read.bytes]).toEqual([0, 255]);
  expect(read.at).toEqual(data.at);
});

describe('dates', () => {
  test.each([0, -1, 8.64e15, -8.64e15, 253_402_300_800_000, 1_700_000_000_123])('%d ms stay what they are', (ms) => {
    const data = { at: [new Date(ms)] };
    expect(codec.decode(codec.encode({ event: 'e', data }))).toEqual({ event: 'e', data });
  });

  test.each<[string, unknown]>([
    ['as data', new Date(NaN)],
    ['in data', { at: [1, new Date(NaN)] }],
    ['of a class of its own', new (class extends Date {})(8.65e15)],
  ])('one that is invalid is none %s, and not 1970', (_where, data) => {
    expect(() => codec.encode({ event: 'e', data })).toThrow(TypeError);
    expect(() => codec.encode({ event: 'e', data })).toThrow('a Date is invalid');
    expect(codec.decode(codec.encode({ event: 'e' }))).toEqual({ event: 'e' });
  });

  test.each([
    ['beyond the year 275,760', 'c7 0c ff 00000000 00007bb2 ce3b2000'],
    ['before the year -271,821', 'c7 0c ff 00000000 ffff000000000000'],
    ['of 9,223,372,036,854,775,807 seconds', 'c7 0c ff 00000000 7fffffffffffffff'],
    ['with 1,000,000,000 nanoseconds', 'c7 0c ff 3b9aca00 0000000000000000'],
    ['with 1,073,741,823 nanoseconds, in 64 bits', 'd7 ff ffffffff00000001'],
  ])('a timestamp %s is an invalid date, which types refuse', (_what, hex) => {
    const { data } = codec.decode(bytesOf(`82 a5 6576656e74 a1 65 a4 64617461 ${hex}`));
    expect((data as Date).getTime()).toBeNaN();
    expect(() => checkOf(Date, '')!(data)).toThrow(PortalError);
  });
});

describe('text', () => {
  const LONG = 'x'.repeat(300);
  /** A string of these bytes in each of the formats that it fits into. */
  const stringsOf = (bytes: Buffer): Buffer[] => {
    const { length } = bytes;
    return [
      ...(length < 32 ? [Buffer.from([0xa0 | length])] : []),
      ...(length < 256 ? [Buffer.from([0xd9, length])] : []),
      Buffer.from([0xda, length >> 8, length & 0xff]),
      Buffer.from([0xdb, 0, 0, length >> 8, length & 0xff]),
    ].map((head) => Buffer.concat([head, bytes]));
  };

  test.each([
    ['a byte that never comes', 'ff'],
    ['latin-1', '66fc72'],
    ['a character that is cut off', 'e282'],
    ['a character in too many bytes', 'c080'],
    ['half of a surrogate pair', 'eda080'],
    ['beyond Unicode', 'f4908080'],
  ])('that is no UTF-8 is no message, wherever it stands, in all formats: %s', (_what, hex) => {
    const broken = bytesOf(hex) as Buffer;
    for (const bytes of [
      broken,
      Buffer.concat([broken, Buffer.from(LONG)]),
      Buffer.concat([Buffer.from(LONG), broken]),
    ]) {
      for (const string of stringsOf(bytes)) {
        const one = Buffer.from([0x91]);
        const key = Buffer.concat([Buffer.from([0x81]), string, Buffer.from([0xc0])]);
        for (const message of [string, Buffer.concat([one, string]), Buffer.concat([one, one, string]), key]) {
          expect(() => codec.decode(message)).toThrow('a string in it is no UTF-8');
        }
      }
    }
  });

  test.each(['', 'text', 'é€😀', '\ufffd', '한국어 \ud7ff', `${LONG}😀`, `😀${LONG}`])(
    'that is UTF-8 stays what it is: %j',
    (text) => {
      for (const string of stringsOf(Buffer.from(text))) expect(codec.decode(string)).toBe(text);
      const envelope = { event: text, data: { [text]: [text] } };
      expect(codec.decode(codec.encode(envelope))).toEqual(envelope);
    },
  );

  test('bytes need be no text, nor what extensions hold', () => {
    expect(codec.decode(bytesOf('c4 02 fffe'))).toEqual(new Uint8Array([0xff, 0xfe]));
    expect(codec.decode(bytesOf('d5 05 fffe'))).toMatchObject({ type: 5 });
  });

  test.each<[string, Envelope]>([
    ['as data', { event: 'e', data: '\ud83d' }],
    ['in a long text', { event: 'e', data: [{ a: `${LONG}\ude00` }] }],
    ['as a key', { event: 'e', data: { '\ud83d': 1 } }],
    ['as an event', { event: '\ud83d', data: 1 }],
  ])('with half of a character is none, and not another text: %s', (_where, envelope) => {
    expect(() => codec.encode(envelope)).toThrow(TypeError);
    expect(() => codec.encode(envelope)).toThrow('half a character');
  });
});

test('what is undefined is left out', () => {
  expect(decode(codec.encode({ event: 'e', data: { a: undefined, b: 1 }, id: undefined }))).toEqual({
    event: 'e',
    data: { b: 1 },
  });
});

test.each([
  ['a function', () => {}],
  ['a symbol', Symbol('s')],
  ['a bigint', 1n],
])('%s is refused as data, and the codec goes on', (_what, data) => {
  expect(() => codec.encode({ event: 'e', data })).toThrow(Error);
  expect(codec.decode(codec.encode({ event: 'e' }))).toEqual({ event: 'e' });
});

test('what contains itself is refused as data', () => {
  const data: unknown[] = [];
  data.push(data);
  expect(() => codec.encode({ event: 'e', data })).toThrow('Too deep');
});

test('a message that was sent is not changed by the next', () => {
  const first = codec.encode({ event: 'first' });
  codec.encode({ event: 'other' });
  expect(codec.decode(first)).toEqual({ event: 'first' });
});

test('a message may lie inside of a larger buffer', () => {
  const message = codec.encode({ event: 'e', data: [1, 2] });
  const around = Buffer.concat([Buffer.from([0xff, 0xff, 0xff]), message, Buffer.from([0xff])]);
  expect(codec.decode(around.subarray(3, 3 + message.length))).toEqual({ event: 'e', data: [1, 2] });
});

test.each([
  ['nothing', ''],
  ['a byte that no format has', 'c1'],
  ['a value and one more', 'c0 c0'],
  ['a text that is cut off', 'a5 61'],
  ['a map without its value', '81 a1 61'],
  ['an array that lacks an element', '92 01'],
  ['a map whose key is a list', '81 90 01'],
  ['a map whose key is nil', '81 c0 01'],
  ['a timestamp of a length that there is not', 'd4 ff 00'],
])('%s is no message, and the codec goes on', (_what, hex) => {
  expect(() => codec.decode(bytesOf(hex))).toThrow(Error);
  expect(codec.decode(codec.encode({ event: 'e' }))).toEqual({ event: 'e' });
});

test.each([
  ['the envelope', { ['__proto__']: { admin: true }, event: 'e' }],
  ['data', { event: 'e', data: { ['__proto__']: { admin: true } } }],
  ['a list', { event: 'e', data: [[{ constructor: { prototype: { admin: true } } }]] }],
])('a way to the prototype in %s is refused', (_where, envelope) => {
  expect(() => codec.decode(encode(envelope))).toThrow(/__proto__/);
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test('what declares more than it brings is refused before a decoder makes room for it', () => {
  const decoder = jest.spyOn(Decoder.prototype, 'decode');
  const bomb = Buffer.alloc(5000, Buffer.from('ddffffffff', 'hex'));
  expect(() => codec.decode(bomb)).toThrow('the message is no whole MessagePack value');
  expect(decoder).not.toHaveBeenCalled();
  codec.decode(Buffer.from('80', 'hex'));
  expect(decoder).toHaveBeenCalledTimes(1);
  decoder.mockRestore();
});

test('arbitrary bytes are read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (message) => {
      let value: unknown;
      try {
        value = codec.decode(message);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        return;
      }
      expect(value).toEqual(decode(message));
    }),
    { numRuns: 2000 },
  );
});

test('nesting as deep as a message allows takes no more stack than shallow nesting', () => {
  const depth = 131_072;
  const message = Buffer.alloc(depth, 0x91);
  message[depth - 1] = 0x90;
  let value: unknown = codec.decode(message);
  let levels = 0;
  for (; Array.isArray(value); [value] = value as unknown[]) levels++;
  expect(levels).toBe(depth);
});
