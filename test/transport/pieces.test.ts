import { chunks } from '../../src/protocol';
import { CopiedFrame } from '../../src/transport/copied-frame';
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

const copied = (): CopiedFrame => new CopiedFrame(0x82, Buffer.alloc(300_000, 'c'));

test('copied frames among short pieces keep their place, and are counted with their header', () => {
  const pieces = new Pieces();
  const frames = [copied(), copied()];
  for (let i = 0; i < 100; i++) pieces.add(numbered(i));
  pieces.add(frames[0]!);
  for (let i = 100; i < 300; i++) pieces.add(numbered(i));
  pieces.add(frames[1]!);
  const header = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 4, 0x93, 0xe0]);
  const frame = Buffer.concat([header, Buffer.alloc(300_000, 'c')]);
  const short = Array.from({ length: 300 }, (_, i) => numbered(i));
  const expected = Buffer.concat([...short.slice(0, 100), frame, ...short.slice(100), frame]);
  expect(pieces.bytes).toBe(expected.length);
  expect(joined(pieces.take()).equals(expected)).toBe(true);
  for (const each of frames) each.release();
});

test('pieces that are dropped give their chunks back; pieces that were taken do not', () => {
  const [take, give] = [jest.spyOn(chunks, 'take'), jest.spyOn(chunks, 'give')];
  const pieces = new Pieces();
  const taken = copied();
  pieces.add(taken);
  pieces.take();
  pieces.drop();
  expect(give).not.toHaveBeenCalled();
  for (const piece of [numbered(1), copied(), numbered(2), copied()]) pieces.add(piece);
  pieces.drop();
  expect([pieces.length, pieces.bytes]).toEqual([0, 0]);
  taken.release();
  expect(give).toHaveBeenCalledTimes(take.mock.calls.length);
  jest.restoreAllMocks();
});
