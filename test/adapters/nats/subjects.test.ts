import * as fc from 'fast-check';
import { filterOf, isWildcard, nameOf, tokensOf } from '../../../src/adapters/nats/subjects';

const names: [string, string][] = [
  ['room:7', 'room.7'],
  ['room', 'room'],
  ['node 4f2a', 'node%204f2a'],
  ['a.b:c', 'a%2Eb.c'],
  ['a*b:*', 'a%2Ab.%2A'],
  ['>', '%3E'],
  ['100%', '100%25'],
  ['%20', '%2520'],
  ['', '%'],
  [':a::', '%.a.%.%'],
  ['tab\tline\r\nnul\0', 'tab%09line%0D%0Anul%00'],
  ['höhe:日本:🎉', 'höhe.日本.🎉'],
  ['half \ud83c', 'half%20%uD83C'],
];

test.each(names)('%j is %s', (name, tokens) => {
  expect(tokensOf(name)).toBe(tokens);
  expect(nameOf(tokens)).toBe(name);
});

test.each([
  ['room:7', 'room.7'],
  ['room:*', 'room.*'],
  ['*:7:*', '*.7.*'],
  ['room:**', 'room.>'],
  ['**', '>'],
  ['**:a', '%2A%2A.a'],
  ['a*:**b', 'a%2A.%2A%2Ab'],
])('as a pattern, %s is %s', (pattern, filter) => {
  expect(filterOf(pattern)).toBe(filter);
});

test.each([
  ['room:*', true],
  ['room:**', true],
  ['*:a', true],
  ['a*:**b:>', false],
  ['room:7', false],
])('%s stands for more than one name: %s', (pattern, expected) => {
  expect(isWildcard(filterOf(pattern))).toBe(expected);
});

test('all names have tokens of their own, that NATS takes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (name) => {
      const tokens = tokensOf(name);
      expect(nameOf(tokens)).toBe(name);
      expect(tokens).toMatch(/^[^.\s*>]+(\.[^.\s*>]+)*$/);
    }),
  );
});

test('names that would not fit into a line of the protocol are refused', () => {
  expect(tokensOf('a'.repeat(3072))).toHaveLength(3072);
  expect(() => tokensOf('a'.repeat(3073))).toThrow(RangeError);
  expect(() => tokensOf('日'.repeat(1025))).toThrow(RangeError);
  expect(() => filterOf(' '.repeat(1025))).toThrow(RangeError);
});
