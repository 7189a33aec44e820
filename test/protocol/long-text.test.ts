import { decodeText } from '../../src/protocol/long-text';

const UNITS = 3_000_001;

test.each([
  ['ASCII', 'a'],
  ['two bytes', 'é'],
  ['three bytes', '€'],
  ['four bytes', '😀'],
])('a text of %s for each character is decoded whole, however long', (_, character) => {
  for (const before of ['', 'x', 'xy', 'xyz']) {
    const text = before + character.repeat(Math.floor(UNITS / character.length));
    const bytes = Buffer.from(text);
    expect(decodeText(bytes, bytes.length, character === 'a') === text).toBe(true);
  }
});

test('only the first bytes count', () => {
  expect(decodeText(Buffer.from('abc'), 2, true)).toBe('ab');
  expect(decodeText(Buffer.from('éé'), 2, false)).toBe('é');
});

test('a long text takes no memory outside the heap', () => {
  const bytes = Buffer.alloc(UNITS, 'a');
  decodeText(bytes, bytes.length, true);
  const before = process.memoryUsage().external;
  const text = decodeText(bytes, bytes.length, true);
  expect(process.memoryUsage().external - before).toBeLessThan(UNITS / 10);
  expect(text).toHaveLength(UNITS);
});
