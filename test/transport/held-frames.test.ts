import { chunks } from '../../src/protocol';
import { CopiedFrame } from '../../src/transport/copied-frame';
import { HeldFrames } from '../../src/transport/held-frames';
import { joined } from './support';

const bytes = (text: string): Buffer => Buffer.from(text);

function takenFrom(held: HeldFrames): string[] {
  const taken: string[] = [];
  for (let ready = held.takeReady(); ready !== undefined; ready = held.takeReady()) {
    taken.push(...ready.map((each) => joined([each]).toString()));
  }
  return taken;
}

test('frames leave in the order in which they came, up to one that is not made yet', () => {
  const held = new HeldFrames();
  held.add(bytes('a'), bytes('b'));
  const pending = held.reserve(10);
  held.add(bytes('c'), undefined);
  const later = held.reserve(1);
  expect(held.bytes).toBe(14);
  expect(takenFrom(held)).toEqual(['a', 'b']);
  held.settle(later, bytes('late'));
  expect(takenFrom(held)).toEqual([]);
  held.settle(pending, bytes('made'));
  expect(held.bytes).toBe('made'.length + 'c'.length + 'late'.length);
  expect(takenFrom(held)).toEqual(['made', 'c', 'late']);
  expect([held.bytes, held.isEmpty]).toEqual([0, true]);
});

test('copied frames are counted, taken in their place, and given back when they are dropped', () => {
  const [take, give] = [jest.spyOn(chunks, 'take'), jest.spyOn(chunks, 'give')];
  const copied = (): CopiedFrame => new CopiedFrame(0x81, 'é'.repeat(100_000));
  const held = new HeldFrames();
  const pending = held.reserve(1);
  const first = copied();
  held.add(first, undefined);
  held.add(bytes('after'), undefined);
  expect(held.bytes).toBe(1 + 200_010 + 5);
  held.settle(pending, bytes('x'));
  held.reserve(3);
  held.add(copied(), undefined);
  expect(held.takeReady()).toEqual([bytes('x')]);
  const [taken, after] = held.takeReady()!;
  expect([taken === first, after, held.bytes]).toEqual([true, bytes('after'), 3 + 200_010]);
  held.drop();
  first.release();
  expect(give).toHaveBeenCalledTimes(take.mock.calls.length);
  jest.restoreAllMocks();
});
