import { isObject, REFUSED_NAMES, walkBody } from '../../src/validation/body-walk';
import type { PortalError } from '../../src/engine';

const LIMITS = { maxKeys: 10, maxDepth: 3 };

function issueOf(body: object, limits = LIMITS, refused?: ReadonlySet<string>): unknown {
  try {
    walkBody(body, limits, 'body', refused);
    return undefined;
  } catch (error) {
    return (error as PortalError).details;
  }
}

test.each<[string, object]>([
  ['ten keys', Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`k${at}`, at]))],
  ['ten items', Array(10).fill(0)],
  ['keys and items of all levels', { a: [1, 2, 3], b: { c: [], d: {} }, e: 1, f: 1 }],
  ['three levels', [[[1]]]],
  ['bytes, whose length is no number of keys', { a: Buffer.alloc(100) }],
])('let through: %s', (_what, body) => {
  expect(issueOf(body)).toBeUndefined();
});

test.each<[string, object, string]>([
  ['eleven keys', Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`k${at}`, at])), 'body'],
  ['eleven items', { a: Array(10).fill(0) }, 'body.a'],
  ['of all levels', { a: [1, 2, 3], b: [1, 2, 3], c: { d: [], e: 1 } }, 'body.c'],
])('too many: %s', (_what, body, path) => {
  const constraints = { maxKeys: 'there may be 10 properties and items at most' };
  expect(issueOf(body)).toEqual([{ path, constraints }]);
});

test.each<[object, string]>([
  [[[[[]]]], 'body.0.0.0'],
  [{ a: { b: { c: {} } } }, 'body.a.b.c'],
])('too deep: %j', (body, path) => {
  const constraints = { maxDepth: 'objects may stand in each other 3 deep' };
  expect(issueOf(body)).toEqual([{ path, constraints }]);
});

test.each([...REFUSED_NAMES])('%s is refused where names are', (name) => {
  const body = { list: [Object.fromEntries([[name, 1]])] };
  const constraints = { whitelistValidation: `property ${name} should not exist` };
  expect(issueOf(body, LIMITS, REFUSED_NAMES)).toEqual([{ path: `body.list.0.${name}`, constraints }]);
  expect(issueOf(body)).toBeUndefined();
});

test('all names of Object.prototype are refused', () => {
  expect([...REFUSED_NAMES]).toEqual(
    expect.arrayContaining(['toString', 'valueOf', 'hasOwnProperty', 'constructor', '__proto__', 'prototype']),
  );
});

test.each<[unknown, boolean]>([
  [{}, true],
  [[], true],
  [null, false],
  ['a', false],
  [new Uint8Array(1), false],
])('isObject(%p): %p', (value, expected) => {
  expect(isObject(value)).toBe(expected);
});
