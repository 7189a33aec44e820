import { runInNewContext } from 'node:vm';
import { includesText, isDevelopment, isError, isUtf8, textIn } from '../../src/messages/runtime';

const bytes = new Uint8Array(Buffer.from('<größe>')).subarray(1, 8);

test('a part of bytes is read as text', () => {
  expect(textIn(bytes, 0, 7)).toBe('größe');
  expect(textIn(bytes, 0, 3)).toBe('gr\ufffd');
  expect(textIn(Buffer.from('abc'), 1, 2)).toBe('b');
});

test('a text is found in bytes, and not beyond them', () => {
  expect(includesText(bytes, 'öß')).toBe(true);
  expect(includesText(bytes, '>')).toBe(false);
});

test('bytes are UTF-8 or not', () => {
  expect(isUtf8(bytes)).toBe(true);
  expect(isUtf8(bytes.subarray(0, 3))).toBe(false);
});

test('an error of another realm is one', () => {
  expect(isError(runInNewContext('new RangeError("no")') as object)).toBe(true);
  expect(isError(new TypeError())).toBe(true);
  expect(isError({ name: 'Error', message: '', stack: '' })).toBe(false);
});

test.each([
  ['production', false],
  ['development', true],
  ['', true],
])('NODE_ENV=%s', (env, expected) => {
  const before = process.env.NODE_ENV;
  try {
    process.env.NODE_ENV = env;
    expect(isDevelopment()).toBe(expected);
  } finally {
    process.env.NODE_ENV = before;
  }
});
