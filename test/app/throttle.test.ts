import { Throttle } from '../../src/app/throttle';

test('so many pass in a second for each key, and the rest are counted', () => {
  let now = 0;
  const throttle = new Throttle(2, () => now);
  const take = (key: string, times: number) => Array.from({ length: times }, () => throttle.take(key));
  expect(take('a', 5)).toEqual([0, 0, undefined, undefined, undefined]);
  expect(take('b', 1)).toEqual([0]);
  now = 999;
  expect(take('a', 1)).toEqual([undefined]);
  now = 1000;
  expect(take('a', 3)).toEqual([4, 0, undefined]);
  now = 10_000;
  expect(take('a', 1)).toEqual([1]);
});
