import { Backlog, forgotten } from '../../src/channels/backlog';
import { entry, text } from '../support/subscribers';

const large = (n: number, length: number) => ({ ...entry(n), message: text('x'.repeat(length)) });
const offsets = (backlog: Backlog): string[] => [...backlog].map(({ offset }) => offset);

test('what waits stays in order', () => {
  const backlog = new Backlog();
  for (const n of [1, 2, 3]) backlog.add(entry(n));
  expect(offsets(backlog)).toEqual(['1-1', '1-2', '1-3']);
  expect(backlog.isWhole).toBe(true);
});

test.each([
  ['large messages', 100_000, 2],
  ['empty ones', 0, 2048],
])('%s are forgotten, all of them, when there are too many', (_, length, fit) => {
  const backlog = new Backlog();
  for (let n = 1; n <= fit; n++) backlog.add(large(n, length));
  expect(offsets(backlog)).toHaveLength(fit);
  expect(backlog.isWhole).toBe(true);
  backlog.add(large(fit + 1, length));
  expect(backlog.isWhole).toBe(false);
  backlog.add(entry(fit + 2));
  expect(offsets(backlog)).toEqual([]);
});

test('one alone may be of any size', () => {
  const backlog = new Backlog();
  backlog.add(large(1, 10_000_000));
  expect(offsets(backlog)).toEqual(['1-1']);
  backlog.add(entry(2));
  expect(backlog.isWhole).toBe(false);
});

test('one that is forgotten holds nothing', () => {
  const backlog = forgotten();
  backlog.add(entry(1));
  expect(offsets(backlog)).toEqual([]);
  expect(backlog.isWhole).toBe(false);
});
