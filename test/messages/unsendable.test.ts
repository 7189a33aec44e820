import { runInNewContext } from 'node:vm';
import { JsonCodec, MessagePackCodec } from '../../src/messages';
import { whyUnsendable, whyUnsendableWithin } from '../../src/messages/unsendable';

class Point {
  x = 1;
}

class Telling extends Map {
  toJSON(): unknown {
    return [...this];
  }
}

class Money {
  readonly #cents = 5;

  get cents(): number {
    return this.#cents;
  }
}

class Price extends Money {}

class Both extends Money {
  currency = 'EUR';
}

/** As of RxJS. */
class Observable {
  source = {};

  pipe(): this {
    return this;
  }

  subscribe(): void {}
}

const ofAnotherRealm = (code: string): object => runInNewContext(code) as object;

function* count(): Generator<number> {
  yield 1;
}

const SENDABLE: object[] = [
  {},
  [],
  [1],
  new Point(),
  new Date(0),
  new URL('http://a/'),
  Object.create(null) as object,
  new Telling(),
  new String('a'),
  new Both(),
  new (class {})(),
  Object.defineProperty({}, 'a', { get: () => 1 }),
];

test.each(SENDABLE)('%p can be sent', (data) => {
  expect(whyUnsendable(data, false)).toBeUndefined();
  expect(() => new JsonCodec().encode({ event: 'e', data })).not.toThrow();
});

const UNSENDABLE: [string, object, RegExp][] = [
  ['a Map', new Map([['a', 1]]), /^Map would be sent as \{\}: send Object\.fromEntries\(map\)/],
  ['a Set', new Set([1]), /^Set would be sent as \{\}: send \[\.\.\.set\]/],
  ['a WeakMap', new WeakMap(), /^WeakMap /],
  ['an error', new RangeError('no'), /^RangeError would be sent as \{\}/],
  ['a regular expression', /a/, /^RegExp /],
  ['a promise', Promise.resolve(1), /^Promise .* await it/],
  ['a Blob', new Blob(['a']), /^Blob /],
  ['an error of another realm', ofAnotherRealm('Object.assign(new Error("no"), { code: "ENOENT" })'), /^Error /],
  ['a Map of another realm', ofAnotherRealm('new Map()'), /^Map would/],
  ['private fields behind getters', new Money(), /^Money would be sent as \{\}: send an object .* toJSON/],
  ['those of its base', new Price(), /^Price would/],
  ['a response', new Response('a'), /^Response would/],
  ['a signal', new AbortController().signal, /^AbortSignal would/],
  ['an observable', new Observable(), /^Observable .* send an async iterable/],
  ['a generator', count(), /send an array of its items/],
  ['an iterator of a map', new Map().keys(), /send an array of its items/],
  ['search parameters', new URLSearchParams('a=1'), /send an array of its items/],
  ['an ArrayBuffer', new ArrayBuffer(1), /^ArrayBuffer is no data/],
];
const BYTES: [string, object, RegExp][] = [
  ['bytes', new Uint8Array([1]), /^bytes \(Uint8Array\) are no JSON/],
  ['a Buffer', Buffer.from('a'), /^bytes \(Buffer\) are no JSON/],
  ['other numbers', new Float64Array(1), /^bytes \(Float64Array\) are no JSON/],
];

describe.each([
  ['JSON', new JsonCodec(), [...UNSENDABLE, ...BYTES]],
  ['MessagePack', new MessagePackCodec(), UNSENDABLE],
] as const)('%s', (name, codec, objects) => {
  test.each(objects)('%s is a TypeError that says what to send', (_what, data, message) => {
    const why = whyUnsendable(data, name === 'MessagePack');
    expect(why).toMatch(message);
    expect(() => codec.encode({ event: 'e', data })).toThrow(new TypeError(why));
  });

  test('deep in the data it is one in development', () => {
    const data = { list: [{ members: new Set([1]) }] };
    const encode = (): unknown => codec.encode({ event: 'e', data });
    expect(encode).toThrow(/^data\.list\.0\.members: Set would be sent as \{\}/);
    const { NODE_ENV } = process.env;
    process.env.NODE_ENV = 'production';
    expect(encode).not.toThrow();
    process.env.NODE_ENV = NODE_ENV;
  });

  test('empty objects are sent', () => {
    expect(() => codec.encode({ event: 'e', data: { a: {}, b: [{}, []], c: new Point() } })).not.toThrow();
  });

  test.each<[string, unknown]>([
    ['a bigint', 1n],
    ['a function', () => 1],
    [
      'a cycle',
      (() => {
        const a: unknown[] = [];
        a.push(a);
        return a;
      })(),
    ],
  ])('%s is a TypeError', (_what, data) => {
    expect(() => codec.encode({ event: 'e', data })).toThrow(TypeError);
  });
});

test.each([
  ['a URL', new URL('http://a/'), /^URL would/],
  ['a Map that tells', new Telling(), /^Telling would/],
])('MessagePack asks for no toJSON(): %s', (_what, data, message) => {
  expect(() => new MessagePackCodec().encode({ event: 'e', data })).toThrow(message);
});

test('MessagePack carries bytes and dates', () => {
  const codec = new MessagePackCodec();
  const data = { bytes: new Uint8Array([1]), at: new Date(5), empty: {} };
  expect(codec.decode(codec.encode({ event: 'e', data })).data).toEqual(data);
});

test.each([
  [{ a: [1, new Map()] }, 'data.a.1: Map would'],
  [{ a: new Date() }, undefined],
])('within %p', (data, expected) => {
  const why = whyUnsendableWithin(data, false);
  if (expected === undefined) expect(why).toBeUndefined();
  else expect(why).toMatch(expected);
});
