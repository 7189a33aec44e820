import { CHUNK_BYTES, chunks } from '../../src/protocol';
import { FilledChunks } from '../../src/transport/filled-chunks';

const MOST = 8 * CHUNK_BYTES;

const bytesOf = (filled: FilledChunks): Buffer => Buffer.concat(filled.parts);

/** Encodes as much of a text as there is room for. Returns the number of its units. */
function encodeAll(filled: FilledChunks, text: string): number {
  let at = 0;
  for (let read = filled.encode(text, at); read > 0; read = filled.encode(text, at)) {
    at += read;
    if (at === text.length) break;
  }
  return at;
}

/** Checks that `act` gives back every chunk that it takes. */
function balanced(act: () => void): void {
  const [take, give] = [jest.spyOn(chunks, 'take'), jest.spyOn(chunks, 'give')];
  act();
  const taken = take.mock.results.map(({ value }) => value as Buffer);
  const given = give.mock.calls.map(([chunk]) => chunk);
  take.mockRestore();
  give.mockRestore();
  expect(taken.length).toBeGreaterThan(0);
  expect(given).toHaveLength(taken.length);
  expect(given.every((chunk) => chunk.length === CHUNK_BYTES && taken.includes(chunk))).toBe(true);
}

const CHARACTERS: [string, string][] = [
  ['1 byte', 'a'],
  ['2 bytes', 'é'],
  ['3 bytes', '€'],
  ['4 bytes', '😀'],
  ['a lone high surrogate', '\ud83d'],
  ['a lone low surrogate', '\ude00'],
  ['two high surrogates', '\ud83d\ud83d'],
  ['a pair in the wrong order', '\ude00\ud83d'],
  ['a high surrogate before a pair', '\ud83d😀'],
];

describe.each(CHARACTERS)('characters of %s', (_, character) => {
  test.each(['', 'b', 'é', '😀'])('at each position around the end of a chunk, %j behind them', (behind) => {
    balanced(() => {
      for (let before = CHUNK_BYTES - 16; before <= CHUNK_BYTES + 2; before++) {
        const text = 'x'.repeat(before) + character + behind + 'y'.repeat(10);
        const filled = new FilledChunks(10);
        expect(encodeAll(filled, text)).toBe(text.length);
        expect(filled.bytes).toBe(Buffer.byteLength(text));
        expect(bytesOf(filled).equals(Buffer.from(text))).toBe(true);
        filled.release();
      }
    });
  });

  test('as the whole text, longer than all chunks', () => {
    balanced(() => {
      const text = character.repeat(MOST);
      const filled = new FilledChunks();
      const units = encodeAll(filled, text);
      const bytes = bytesOf(filled);
      expect(bytes.length).toBe(filled.bytes);
      expect(bytes.length).toBeGreaterThan(MOST - 8 * 4);
      expect(bytes.equals(Buffer.from(text.slice(0, units)))).toBe(true);
      const next = new FilledChunks();
      const more = next.encode(text, units);
      const both = Buffer.concat([bytes, bytesOf(next)]);
      expect(both.equals(Buffer.from(text.slice(0, units + more)))).toBe(true);
      for (const each of [filled, next]) each.release();
    });
  });
});

test('bytes are copied up to the end of the last chunk, and what is put in front is in front', () => {
  balanced(() => {
    const source = Buffer.alloc(MOST + 100);
    for (let i = 0; i < source.length; i++) source[i] = i % 251;
    const filled = new FilledChunks(14);
    let at = 0;
    for (let copied = filled.copy(source, at); copied > 0; copied = filled.copy(source, at)) at += copied;
    expect(at).toBe(MOST - 14);
    expect(filled.bytes).toBe(at);
    filled.prepend(Buffer.from('header'));
    expect(filled.bytes).toBe(at + 6);
    expect(filled.parts).toHaveLength(8);
    expect(bytesOf(filled).equals(Buffer.concat([Buffer.from('header'), source.subarray(0, at)]))).toBe(true);
    filled.release();
  });
});

test('the source may change once it is copied', () => {
  const source = Buffer.alloc(1000, 'a');
  const filled = new FilledChunks();
  expect(filled.copy(source, 0)).toBe(1000);
  source.fill('b');
  expect(bytesOf(filled).toString()).toBe('a'.repeat(1000));
  filled.release();
});
