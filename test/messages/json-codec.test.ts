import fc from 'fast-check';
import { JsonCodec, type Envelope } from '../../src/messages';
import { hostileJson, reachesPrototype } from './arbitraries';

const codec = new JsonCodec();

const error = { code: 'forbidden', message: 'no', details: [1] };

test('its messages are text', () => {
  expect(codec.binary).toBe(false);
});

test.each<[string, Envelope, string]>([
  ['an event', { event: 'chat.join', data: { room: 'a' } }, '{"event":"chat.join","data":{"room":"a"}}'],
  ['an event without data', { event: 'e' }, '{"event":"e"}'],
  ['null', { event: 'e', data: null }, '{"event":"e","data":null}'],
  ['zero', { event: 'e', data: 0 }, '{"event":"e","data":0}'],
  ['an empty string', { event: 'e', data: '' }, '{"event":"e","data":""}'],
  ['false', { event: 'e', data: false }, '{"event":"e","data":false}'],
  ['a request', { id: 7, data: [1], event: 'e' }, '{"event":"e","data":[1],"id":7}'],
  ['an id that is 0', { event: 'e', data: 1, id: 0 }, '{"event":"e","data":1,"id":0}'],
  ['an id that is empty', { event: 'e', data: 1, id: '' }, '{"event":"e","data":1,"id":""}'],
  ['an id with quotes', { event: 'e', data: 1, id: 'a"b' }, '{"event":"e","data":1,"id":"a\\"b"}'],
  [
    'an error',
    { id: 7, error, event: 'e' },
    '{"event":"e","error":{"code":"forbidden","message":"no","details":[1]},"id":7}',
  ],
  ['an error without event', { error: { code: 'c', message: 'm' } }, '{"error":{"code":"c","message":"m"}}'],
  ['one of several answers', { more: true, id: 7, data: 1, event: 'e' }, '{"event":"e","data":1,"id":7,"more":true}'],
  ['the last of them', { done: true, id: 7, event: 'e' }, '{"event":"e","id":7,"done":true}'],
  ['marks that are not set', { event: 'e', data: 1, more: false, done: false }, '{"event":"e","data":1}'],
  ['an event with quotes', { event: 'a"\n', data: 1 }, '{"event":"a\\"\\n","data":1}'],
  ['nothing', {}, '{}'],
])('%s is written with its keys in one order', (_what, envelope, expected) => {
  expect(codec.encode(envelope)).toBe(expected);
});

test('an error takes the place of data', () => {
  expect(codec.encode({ event: 'e', data: 1, error: { code: 'c', message: 'm' } })).toBe(
    '{"event":"e","error":{"code":"c","message":"m"}}',
  );
});

test.each([
  ['a function', () => {}, /a function cannot be sent as JSON/],
  ['a symbol', Symbol('s'), /a symbol cannot be sent as JSON/],
  ['a bigint', 1n, /BigInt/],
  ['what says that it is nothing', { toJSON: () => undefined }, /a object cannot be sent as JSON/],
])('%s is refused as data', (_what, data, message) => {
  expect(() => codec.encode({ event: 'e', data })).toThrow(TypeError);
  expect(() => codec.encode({ event: 'e', data })).toThrow(message);
});

test('what contains itself is refused as data', () => {
  const data: unknown[] = [];
  data.push(data);
  expect(() => codec.encode({ event: 'e', data })).toThrow(TypeError);
});

const sent = (data: string): string => codec.encode({ event: 'e', data });
const expected = (data: string): string => `{"event":"e","data":${JSON.stringify(data)}}`;

test('every single unit of text is written as JSON.stringify writes it, surrogates that stand alone too', () => {
  for (let unit = 0; unit <= 0xffff; unit++) {
    const data = `a${String.fromCharCode(unit)}z`;
    if (sent(data) !== expected(data)) expect([unit, sent(data)]).toEqual([unit, expected(data)]);
  }
});

test('any text is written as JSON.stringify writes it', () => {
  const units = fc.array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7f0, max: 0xe010 }), fc.nat(0x7f)));
  const text = fc.oneof(
    units.map((codes) => String.fromCharCode(...codes)),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
  );
  fc.assert(fc.property(text, (data) => sent(data) === expected(data)));
});

const anyEnvelope = fc.record<Envelope>(
  {
    event: fc.string({ unit: 'binary' }),
    data: hostileJson,
    id: fc.oneof(fc.string(), fc.integer()),
    error: fc.record({ code: fc.string(), message: fc.string() }),
    more: fc.constant(true),
    done: fc.constant(true),
  },
  { requiredKeys: [] },
);

test('what is written is what JSON.stringify writes of the keys in their order', () => {
  fc.assert(
    fc.property(anyEnvelope, (envelope) => {
      const { event, data, id, error, more, done } = envelope;
      const ordered = { event, ...(error === undefined ? { data } : { error }), id, more, done };
      expect(codec.encode(envelope)).toBe(JSON.stringify(ordered));
    }),
  );
});

test('what was written is read as it was, unless a name in it is unsafe', () => {
  fc.assert(
    fc.property(anyEnvelope, ({ error: _error, ...envelope }) => {
      const message = codec.encode(envelope);
      if (reachesPrototype(envelope)) expect(() => codec.decode(message)).toThrow(SyntaxError);
      else expect(codec.decode(message)).toEqual(JSON.parse(message));
    }),
  );
});

test.each(['', '{', '{"event":"e"', 'hello', "{'event':'e'}", '{"event":"e"}x', '\u0000'])(
  '%j is no message',
  (message) => {
    expect(() => codec.decode(message)).toThrow(SyntaxError);
  },
);

test.each([
  ['as a name', '{"event":"e","data":{"__proto__":{"admin":true}}}'],
  ['as the name of the envelope itself', '{"event":"e","__proto__":{"admin":true}}'],
  ['by way of the constructor', '{"event":"e","data":[{"constructor":{"prototype":{"admin":true}}}]}'],
  ['with its first letter escaped', '{"event":"e","data":{"\\u005f_proto__":{"admin":true}}}'],
  [
    'with all letters escaped',
    '{"event":"e","data":{"\\u005F\\u005f\\u0070\\u0072\\u006f\\u0074\\u006f\\u005f\\u005f":1}}',
  ],
  ['with its constructor escaped', '{"data":{"c\\u006fnstructor":{"prototype":1}}}'],
  ['with its prototype escaped', '{"data":{"constructor":{"prot\\u006ftype":1}}}'],
])('a way to the prototype %s is refused', (_how, message) => {
  expect(() => codec.decode(message)).toThrow('a property is named __proto__ or constructor.prototype');
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test('however the names are escaped, they are found', () => {
  const escapes = fc.infiniteStream(fc.boolean());
  fc.assert(
    fc.property(hostileJson, escapes, (value, choices) => {
      const message = escapeLetters(JSON.stringify({ event: 'e', data: value }), () => choices.next().value as boolean);
      if (reachesPrototype(value)) expect(() => codec.decode(message)).toThrow(SyntaxError);
      else expect(codec.decode(message)).toEqual({ event: 'e', data: value });
    }),
  );
});

/** Writes some letters as JSON may also write them. */
function escapeLetters(json: string, choose: () => boolean): string {
  const unit = /\\u[0-9a-f]{4}|\\.|./gsu;
  return json.replace(/"(?:[^"\\]|\\.)*"/gs, (literal) => {
    const letters = literal.slice(1, -1).replace(unit, (letter) => {
      if (!/^[a-z_]$/.test(letter) || !choose()) return letter;
      return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
    return `"${letters}"`;
  });
}

test.each([
  '{"event":"__proto__","data":"constructor.prototype"}',
  '{"event":"e","data":{"constructor":"Volvo","prototype":true}}',
  '{"event":"\\u005f","data":["__proto__"]}',
])('the names as values are no danger: %s', (message) => {
  expect(codec.decode(message)).toEqual(JSON.parse(message));
});

test('names that peers choose are kept up to a bound, and are written right before and after', () => {
  const own = new JsonCodec();
  const { names } = own as unknown as { names: Map<string, string> };
  for (let i = 0; i < 10_000; i++) {
    const event = `event "${i % 3000}"`;
    expect(own.encode({ event, data: 1 })).toBe(JSON.stringify({ event, data: 1 }));
  }
  expect(names.size).toBeGreaterThan(0);
  expect(names.size).toBeLessThanOrEqual(1024);
});

test('a long name is not kept', () => {
  const own = new JsonCodec();
  const { names } = own as unknown as { names: Map<string, string> };
  const event = 'x'.repeat(129);
  expect(own.encode({ event })).toBe(JSON.stringify({ event }));
  expect(names.size).toBe(0);
});
