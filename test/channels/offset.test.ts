import * as fc from 'fast-check';
import { isAfter, isOffset } from '../../src/channels/offset';

test.each([
  ['1-2', '1-1'],
  ['1-10', '1-9'],
  ['1-1', '1-0'],
  ['1700000000000000-1000', '1700000000000000-999'],
])('%s comes after %s', (later, earlier) => {
  expect(isAfter(later, earlier)).toBe(true);
  expect(isAfter(earlier, later)).toBe(false);
});

test('none comes after itself', () => {
  expect(isAfter('1-5', '1-5')).toBe(false);
});

test.each([
  ['2-1', '1-9'],
  ['1-9', '2-1'],
  ['12-1', '1-2'],
  ['1-2', '12-1'],
  ['10-1', '11-5'],
])('in another epoch everything is new: %s after %s', (one, other) => {
  expect(isAfter(one, other)).toBe(true);
});

test('offsets of one epoch have the order of their numbers', () => {
  const number = fc.nat(Number.MAX_SAFE_INTEGER);
  fc.assert(
    fc.property(number, number, number, (epoch, one, other) => {
      expect(isAfter(`${epoch}-${one}`, `${epoch}-${other}`)).toBe(one > other);
    }),
  );
});

test.each(['0-0', '1-1', '1700000000000000-5', `${'9'.repeat(20)}-${'9'.repeat(20)}`])('%s is an offset', (text) => {
  expect(isOffset(text)).toBe(true);
});

test.each([
  '',
  '-',
  'x',
  '1',
  '1-',
  '-1',
  '1-1-1',
  '1--1',
  '+1-1',
  ' 1-1',
  '1-1 ',
  '1-1\n',
  '1.5-1',
  '1-1e3',
  '0x1-1',
  '٣-١',
  '1-NaN',
  `1-${'9'.repeat(21)}`,
  `${'9'.repeat(21)}-1`,
])('%j is none', (text) => {
  expect(isOffset(text)).toBe(false);
});
