import fc from 'fast-check';
import { KeyCache } from '../../src/messages/key-cache';

test('a name is what its bytes say, however often it comes and whatever came before', () => {
  const cache = new KeyCache();
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), { minLength: 50 }), (names) => {
      for (const name of [...names, ...names]) {
        const bytes = Buffer.from(`<${name}>`);
        expect(cache.decode(bytes, 1, bytes.length - 2)).toBe(name);
      }
    }),
    { numRuns: 200 },
  );
});

test('bytes that are no UTF-8 are not taken for the Latin letters of a known name', () => {
  const cache = new KeyCache();
  // U+00E9 twice has two characters, as e9 e9 has two bytes
  for (let round = 0; round < 2; round++) {
    expect(cache.decode(Buffer.from('éé'), 0, 4)).toBe('éé');
    expect(cache.decode(Buffer.of(0xe9, 0xe9), 0, 2)).toBe('\ufffd\ufffd');
  }
});

test('a name that is known is the same string again', () => {
  const cache = new KeyCache();
  const bytes = Buffer.from('name');
  const read = jest.spyOn(bytes, 'toString');
  for (let round = 0; round < 100; round++) expect(cache.decode(bytes, 0, 4)).toBe('name');
  expect(read).toHaveBeenCalledTimes(1);
});

test.each([
  [0, false],
  [1, true],
  [32, true],
  [33, false],
])('names of %i bytes are kept: %s', (length, expected) => {
  expect(new KeyCache().canBeCached(length)).toBe(expected);
});
