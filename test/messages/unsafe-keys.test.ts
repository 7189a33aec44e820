import fc from 'fast-check';
import { hasUnsafeKeys } from '../../src/messages/unsafe-keys';
import { hostileJson, reachesPrototype } from './arbitraries';

const parse = (json: string): unknown => JSON.parse(json);

test.each([
  '{"__proto__":1}',
  '{"__proto__":null}',
  '{"a":{"b":[0,[{"__proto__":{}}]]}}',
  '{"\\u005f_proto__":1}',
  '{"_\\u005fproto\\u005f_":1}',
  '{"constructor":{"prototype":1}}',
  '{"constructor":{"prototype":null}}',
  '[{"a":{"constructor":{"x":1,"prototype":{}}}}]',
  '{"constructor":{"constructor":{"prototype":{}}}}',
])('%s has a way to a prototype', (json) => {
  expect(hasUnsafeKeys(parse(json))).toBe(true);
});

test.each([
  'null',
  '1',
  '"__proto__"',
  '[]',
  '{}',
  '["__proto__","constructor","prototype"]',
  '{"a":"__proto__"}',
  '{"prototype":{"constructor":1}}',
  '{"constructor":"Volvo"}',
  '{"constructor":null}',
  '{"constructor":{"name":"Volvo"}}',
  '{"constructor":["prototype"]}',
  '{"proto":1,"_proto_":2,"__proto":3,"__PROTO__":4}',
])('%s has none', (json) => {
  expect(hasUnsafeKeys(parse(json))).toBe(false);
});

test('what only the prototype has does not count', () => {
  class Point {
    x = 1;
  }
  expect(hasUnsafeKeys(new Point())).toBe(false);
  expect(hasUnsafeKeys({ at: new Date(), point: new Point() })).toBe(false);
});

test('bytes are not searched', () => {
  const bytes = Object.assign(new Uint8Array(4), { constructor: { prototype: 1 } });
  expect(hasUnsafeKeys({ bytes })).toBe(false);
});

test('it finds what a recursive search finds', () => {
  fc.assert(
    fc.property(hostileJson, (value) => hasUnsafeKeys(value) === reachesPrototype(value)),
    { numRuns: 2000 },
  );
});

test('200,000 levels are searched to the bottom', () => {
  const nest = (bottom: unknown, wrap: (inner: unknown) => unknown): unknown => {
    let value = bottom;
    for (let i = 0; i < 200_000; i++) value = wrap(value);
    return value;
  };
  const unsafe = parse('{"__proto__":1}');
  expect(hasUnsafeKeys(nest(unsafe, (inner) => [inner]))).toBe(true);
  expect(hasUnsafeKeys(nest(unsafe, (a) => ({ a })))).toBe(true);
  expect(hasUnsafeKeys(nest({}, (a) => ({ a })))).toBe(false);
});
