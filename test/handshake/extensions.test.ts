import { parseExtensions } from '../../src/handshake/extensions';

test.each<[string, unknown]>([
  ['foo', [{ name: 'foo', params: [] }]],
  [
    'foo, bar; baz=2',
    [
      { name: 'foo', params: [] },
      { name: 'bar', params: [['baz', '2']] },
    ],
  ],
  [
    'foo; bar; baz',
    [
      {
        name: 'foo',
        params: [
          ['bar', true],
          ['baz', true],
        ],
      },
    ],
  ],
  [
    'foo;bar=x;bar="y"',
    [
      {
        name: 'foo',
        params: [
          ['bar', 'x'],
          ['bar', 'y'],
        ],
      },
    ],
  ],
  ['\tfoo ;\tbar = "1\\0" ', [{ name: 'foo', params: [['bar', '10']] }]],
  [
    ', foo,, bar ,',
    [
      { name: 'foo', params: [] },
      { name: 'bar', params: [] },
    ],
  ],
  ['__proto__; constructor=toString', [{ name: '__proto__', params: [['constructor', 'toString']] }]],
])('RFC 6455 9.1: %j', (header, expected) => {
  expect(parseExtensions(header)).toEqual(expected);
});

test.each([
  '',
  ' ',
  ',',
  'foo;',
  'foo; ;bar',
  'foo;=1',
  'foo; bar=',
  'foo; bar=""',
  'foo; bar="a b"',
  'foo; bar="1',
  'foo; bar="1\\',
  'foo; bar=1 2',
  'foo bar',
  'foo; bar="1"2',
  'föö',
  'foo/bar',
  'foo\u0000',
])('what breaks the grammar is refused: %j', (header) => {
  expect(parseExtensions(header)).toBeUndefined();
});

test.each<[string, string]>([
  ['32,000 spaces', 'foo' + ' '.repeat(32_000) + 'x'],
  ['8,000 escaped quotes', 'foo; bar="' + '\\"'.repeat(8_000)],
  ['16,000 commas', ','.repeat(16_000)],
  ['an open string of 16,000', 'foo; bar="' + 'a'.repeat(16_000)],
])('%s are read once', (_what, header) => {
  expect(parseExtensions(header)).toBeUndefined();
});

test('many offers are all read', () => {
  expect(parseExtensions(Array(2_000).fill('foo; a=1; b').join(','))).toHaveLength(2_000);
});
