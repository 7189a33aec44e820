import { Pieces } from '../../src/transport/pieces';
import { joined } from './support';

const numbered = (i: number): Buffer => Buffer.from([i, i >> 8, i >> 16]);

test('pieces are taken in their order, and none is left', () => {
  const pieces = new Pieces();
  for (const text of ['a', 'bc', 'd']) pieces.add(Buffer.from(text));
  expect([pieces.length, pieces.bytes]).toEqual([3, 4]);
  expect(pieces.take().map(String)).toEqual(['a', 'bc', 'd']);
  expect([pieces.length, pieces.bytes, pieces.take()]).toEqual([0, 0, []]);
  pieces.add(Buffer.from('only'));
  expect(String(pieces.takeOnly())).toBe('only');
  expect([pieces.length, pieces.bytes]).toEqual([0, 0]);
});

test('100,000 short ones are not so many objects, and all of them', () => {
  const pieces = new Pieces();
  for (let i = 0; i < 100_000; i++) pieces.add(numbered(i));
  expect(pieces.bytes).toBe(300_000);
  expect(pieces.length).toBeLessThan(100_000 / 60);
  const all = joined(pieces.take());
  for (let i = 0; i < 100_000; i += 997) expect(all.readUIntLE(3 * i, 3)).toBe(i);
});

test('long ones are not copied, nor a few short ones between them', () => {
  const pieces = new Pieces();
  const added = Array.from({ length: 200 }, (_, i) => Buffer.alloc(i % 63 === 62 ? 2000 : 1));
  for (const piece of added) pieces.add(piece);
  expect(pieces.take().every((piece, index) => piece === added[index])).toBe(true);
});

test('it may be filled again', () => {
  const pieces = new Pieces();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 70; i++) pieces.add(numbered(i));
    expect([pieces.length, pieces.bytes]).toEqual([7, 210]);
    pieces.take();
  }
});
