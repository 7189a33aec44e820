import type { Connection } from '../../src/engine';
import { checkAgainst, converterTo } from '../../src/binding/url-values';

const connection = {} as Connection;

const NUMBERS: [string, number][] = [
  ['0', 0],
  ['-0', -0],
  ['7', 7],
  ['-7', -7],
  ['007', 7],
  ['1.50', 1.5],
  ['1e3', 1000],
  ['1E-2', 0.01],
  ['-2.5e+2', -250],
  ['1e308', 1e308],
  ['9007199254740991', 9007199254740991],
  ['0.30000000000000004', 0.30000000000000004],
];

const NO_NUMBERS = [
  '',
  ' ',
  ' 1',
  '1 ',
  '1\n',
  '+1',
  '--1',
  '.5',
  '1.',
  '1.2.3',
  '1,5',
  '1_000',
  '0x10',
  '0b1',
  '0o7',
  '1n',
  'e5',
  '1e',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e999',
  '-1e999',
  // which would be rounded
  '1e-999',
  '9007199254740993',
  '-9007199254740993',
  '12345678901234567890',
  '0.1234567890123456789',
  '9'.repeat(400),
  '١',
  'null',
  'true',
  '[1]',
];

const BOOLEANS: [string, boolean][] = [
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
];

const NO_BOOLEANS = ['', ' true', 'true ', 'TRUE', 'yes', 'no', 'on', 'off', '2', '-0', '00', 'null', 'toString'];

describe('a number', () => {
  test.each(NUMBERS)('%j', (text, value) => {
    expect(converterTo(Number)!(text)).toBe(value);
  });

  test.each(NO_NUMBERS)('is not %j', (text) => {
    expect(converterTo(Number)!(text)).toBeUndefined();
  });
});

describe('a boolean', () => {
  test.each(BOOLEANS)('%j', (text, value) => {
    expect(converterTo(Boolean)!(text)).toBe(value);
  });

  test.each(NO_BOOLEANS)('is not %j', (text) => {
    expect(converterTo(Boolean)!(text)).toBeUndefined();
  });
});

test.each([String, Object, undefined])('a parameter of type %p is the text as it is', (type) => {
  for (const text of ['', ' 1', 'true']) expect(converterTo(type)!(text)).toBe(text);
});

test.each([Date, Array, BigInt, class Dto {}])('no text becomes a %p', (type) => {
  expect(converterTo(type)).toBeUndefined();
});

describe('what is said at the upgrade', () => {
  const checked = (text: string | undefined, type: unknown): string | undefined =>
    checkAgainst(() => text, type, 'query parameter page')?.(connection);

  test.each(NO_NUMBERS)('%j is no number', (text) => {
    expect(checked(text, Number)).toBe('The query parameter page must be a number.');
  });

  test.each(NO_BOOLEANS)('%j is no boolean', (text) => {
    expect(checked(text, Boolean)).toBe('The query parameter page must be a boolean.');
  });

  test('nothing of what fits, falsy values among it, nor of what is absent', () => {
    for (const [text] of NUMBERS) expect(checked(text, Number)).toBeUndefined();
    for (const [text] of BOOLEANS) expect(checked(text, Boolean)).toBeUndefined();
    for (const type of [Number, Boolean]) expect(checked(undefined, type)).toBeUndefined();
  });

  test('a text is not looked at', () => {
    for (const type of [String, Object, undefined]) expect(checkAgainst(() => '', type, 'header x')).toBeUndefined();
  });

  test('the value is read from the connection that is upgraded', () => {
    const check = checkAgainst((upgraded) => upgraded.id, Number, 'header x')!;
    expect(check({ id: '1' } as Connection)).toBeUndefined();
    expect(check({ id: 'one' } as Connection)).toBe('The header x must be a number.');
  });
});
