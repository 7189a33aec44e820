import { isDeepStrictEqual } from 'node:util';
import { Decoder, encode } from '@msgpack/msgpack';
import { JsonCodec, MessagePackCodec, type Codec } from '../../src/messages';

const MIB = 1024 * 1024;
const NAMES = 90_000;
const NAMED_OBJECTS = 102_400;
const OBJECTS = 32_768;

/** Names that are as long as each other. */
const nameOf = (at: number): string => at.toString(36).padStart(4, '0');
const record = (count: number, value: unknown = 1, from = 0): object =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [nameOf(from + at), value]));
const objects = (count: number, names: number, first = {}): object[] =>
  Array.from({ length: count }, (_, at) => ({ ...first, [nameOf(at % names)]: 1 }));

/** A tenth more than may be, as some names are counted as one. */
const HEAVY: [string, () => unknown][] = [
  ['different names in one object', () => record(NAMES * 1.1)],
  [
    'different names in objects in each other',
    () => ({ a: record(NAMES * 0.6), b: { c: record(NAMES * 0.6, 1, NAMES) } }),
  ],
  ['a different name in each object', () => objects(OBJECTS * 1.1, OBJECTS)],
  ['a different name in each object, behind one that is the same', () => objects(OBJECTS * 1.1, OBJECTS, { a: 1 })],
  ['objects of one property', () => Array<object>(NAMED_OBJECTS + 1).fill({ a: 1 })],
  ['objects of 1,500 names', () => objects(OBJECTS + 1, 1500)],
  ['objects first, and the many layouts behind them', () => [...objects(OBJECTS, 10), ...objects(1500, 1500)]],
  ['many layouts first, and the objects behind them', () => [...objects(1500, 1500), ...objects(OBJECTS, 10)]],
];

const LIGHT: [string, () => unknown][] = [
  ['80,000 names', () => record(80_000)],
  ['80,000 objects by their names', () => record(80_000, {})],
  ['32,000 objects by their names', () => record(32_000, { name: 'a', at: { x: 1, y: 2 } })],
  ['rows of a table', () => Array.from({ length: 60_000 }, (_, id) => ({ id, x: 1, y: 2 }))],
  ['pairs', () => Array.from({ length: 130_000 }, (_, at) => [at, at])],
  ['many objects of few names', () => objects(NAMED_OBJECTS - 10, 1000)],
  ['texts that are all different', () => Array.from({ length: 90_000 }, (_, at) => nameOf(at))],
  ['colons and brackets in texts', () => [...Array<string>(40_000).fill('":[{"'), 'a'.repeat(MIB / 4)]],
];

describe.each<[string, Codec, (value: unknown) => string | Uint8Array]>([
  ['JSON', new JsonCodec(), JSON.stringify],
  ['MessagePack', new MessagePackCodec(), (value) => encode(value)],
])('%s', (_format, codec, write) => {
  test.each(HEAVY)('refused before it is decoded: %s', (_what, make) => {
    const message = write({ event: 'e', data: make() });
    const parse = jest.spyOn(JSON, 'parse');
    const decode = jest.spyOn(Decoder.prototype, 'decode');
    try {
      expect(() => codec.decode(message)).toThrow(/^there are more than \d+ .* in the message$/);
      expect(parse).not.toHaveBeenCalled();
      expect(decode).not.toHaveBeenCalled();
    } finally {
      parse.mockRestore();
      decode.mockRestore();
    }
  });

  test.each(LIGHT)('decoded: %s', (_what, make) => {
    const data = make();
    expect(isDeepStrictEqual(codec.decode(write({ event: 'e', data })), { event: 'e', data })).toBe(true);
  });

  test('a longer message may have more, in proportion', () => {
    const data = { names: record(NAMES * 1.5), filler: 'a'.repeat(2 * MIB) };
    expect(isDeepStrictEqual(codec.decode(write({ event: 'e', data })), { event: 'e', data })).toBe(true);
  });
});
