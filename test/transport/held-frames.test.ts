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
