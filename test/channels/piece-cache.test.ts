import { PieceCache } from '../../src/channels/piece-cache';
import type { HistoryEntry } from '../../src/channels/history-entry';
import { ManualClock } from '../support/manual-clock';
import { entry, text } from '../support/subscribers';

const range = (from: number, to: number): HistoryEntry[] =>
  Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));

function start() {
  const clock = new ManualClock();
  const cache = new PieceCache(clock);
  const find = (channel: string, since: string) => cache.find(channel, since)?.map(({ offset }) => offset);
  return { clock, cache, find };
}

test('finds what comes after the offset that was asked for, and after each of the messages but the last', () => {
  const { cache, find } = start();
  cache.add('log', '1-2', range(3, 5));
  expect(find('log', '1-2')).toEqual(['1-3', '1-4', '1-5']);
  expect(find('log', '1-4')).toEqual(['1-5']);
  for (const since of ['1-5', '1-1', '1-6', '2-2', '']) expect(find('log', since)).toBeUndefined();
  expect(find('other', '1-2')).toBeUndefined();
});

test('goes on to the next piece', () => {
  const { cache, find } = start();
  cache.add('log', '1-2', range(3, 5));
  cache.add('log', '1-5', range(6, 7));
  expect(find('log', '1-5')).toEqual(['1-6', '1-7']);
});

test('that there was nothing is not kept', () => {
  const { clock, cache, find } = start();
  cache.add('log', '1-2', []);
  expect(find('log', '1-2')).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test('is forgotten after five seconds', () => {
  const { clock, cache, find } = start();
  cache.add('log', '1-2', range(3, 5));
  clock.advance(4999);
  expect(find('log', '1-2')).toHaveLength(3);
  clock.advance(1);
  expect(find('log', '1-2')).toBeUndefined();
  cache.add('log', '1-2', range(3, 5));
  cache.clear();
  expect(find('log', '1-2')).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test('has 8 MiB at most, of those that were used last', () => {
  const { cache, find } = start();
  const piece = (n: number) => [{ ...entry(n), message: text('x'.repeat(2_000_000)) }];
  for (const n of [1, 2, 3, 4]) cache.add(n % 2 === 0 ? 'a' : 'b', `1-${n - 1}`, piece(n));
  expect(find('b', '1-0')).toEqual(['1-1']);
  cache.add('c', '1-4', piece(5));
  expect(find('a', '1-1')).toBeUndefined();
  for (const [channel, since] of [
    ['b', '1-0'],
    ['b', '1-2'],
    ['a', '1-3'],
    ['c', '1-4'],
  ] as const) {
    expect(find(channel, since)).toHaveLength(1);
  }
  cache.add('d', '1-0', [{ ...entry(1), message: text('x'.repeat(9_000_000)) }]);
  expect(find('d', '1-0')).toBeUndefined();
  expect(find('c', '1-4')).toHaveLength(1);
});
