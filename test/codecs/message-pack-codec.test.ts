import { decode, Decoder, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { MessagePackCodec, type Envelope } from '../../src/codecs';
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
