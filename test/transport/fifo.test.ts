import { Fifo } from '../../src/transport/fifo';
import { movedBy } from '../support/moved';

test('the first item in is the first out', () => {
  const fifo = new Fifo<number>();
  expect([fifo.length, fifo.first, fifo.last, fifo.shift()]).toEqual([0, undefined, undefined, undefined]);
  for (let i = 0; i < 5; i++) fifo.push(i);
  expect([fifo.length, fifo.first, fifo.last]).toEqual([5, 0, 4]);
  expect([fifo.shift(), fifo.shift(), fifo.first, fifo.length]).toEqual([0, 1, 2, 3]);
  fifo.push(5);
  const rest = [];
  while (fifo.length > 0) rest.push(fifo.shift());
  expect(rest).toEqual([2, 3, 4, 5]);
  fifo.push(6);
  expect([fifo.length, fifo.shift(), fifo.shift()]).toEqual([1, 6, undefined]);
});

const MANY = 200_000;

test.each<[string, (fifo: Fifo<number>) => void]>([
  [
    'all come before one leaves',
    (fifo) => {
      for (let i = 0; i < MANY; i++) fifo.push(i);
      for (let i = 0; i < MANY; i++) expectQuickly(fifo.shift(), i);
    },
  ],
  [
    'it is never empty, and two come for one that leaves',
    (fifo) => {
      for (let i = 0; i < MANY; i++) {
        fifo.push(2 * i);
        fifo.push(2 * i + 1);
        expectQuickly(fifo.shift(), i);
      }
    },
  ],
  [
    'it never grows, and is never empty',
    (fifo) => {
      fifo.push(0);
      for (let i = 0; i < MANY; i++) {
        fifo.push(i + 1);
        expectQuickly(fifo.shift(), i);
      }
    },
  ],
])('200,000 that wait are moved twice at the most: %s', (_when, run) => {
  expect(movedBy(() => run(new Fifo<number>()))).toBeLessThanOrEqual(2 * MANY);
});

test('items that have left are not kept', () => {
  const fifo = new Fifo<object>();
  for (let i = 0; i < 10; i++) fifo.push({ i });
  for (let i = 0; i < 9; i++) fifo.shift();
  expect(JSON.stringify(fifo)).not.toMatch(/"i":[0-8]/);
});

/** `expect` itself takes longer than all the rest. */
function expectQuickly(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} in place of ${String(expected)}`);
}
