import { Deadline } from '../../src/app/deadline';
import { ManualClock } from '../support/manual-clock';

const never = new Promise<void>(() => {});

test('what settles in time is allowed, whatever it is', async () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 10);
  expect(await deadline.allows(undefined)).toBe(true);
  expect(await deadline.allows(Promise.resolve())).toBe(true);
  await expect(deadline.allows(Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('what does not is not, and the time is for all of it together', async () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 10);
  const first = deadline.allows(never);
  clock.advance(10);
  expect([await first, await deadline.allows(never)]).toEqual([false, false]);
});

test('when it has passed, what settles at once is allowed still', async () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 0);
  clock.advance(0);
  expect(await deadline.allows(never)).toBe(false);
  expect(await deadline.allows((async () => Promise.resolve(1))())).toBe(true);
  await expect(deadline.allows(Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('cancelled, it never passes; and none is too long for a timer', async () => {
  const timers: { ms: number; cancelled: boolean }[] = [];
  const after = (ms: number) => {
    const timer = { ms, cancelled: false };
    timers.push(timer);
    return { cancel: () => (timer.cancelled = true) };
  };
  new Deadline({ now: () => 0, after }, Infinity).cancel();
  expect(timers).toEqual([{ ms: 2 ** 31 - 1, cancelled: true }]);
});
