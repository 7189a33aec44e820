import { ManualClock } from '../../src/testing/manual-clock';

let clock: ManualClock;
let calls: string[];
const note = (name: string) => () => void calls.push(`${name} at ${clock.now()}`);

beforeEach(() => {
  clock = new ManualClock();
  calls = [];
});

test('time stands still until it is advanced', async () => {
  clock.after(0, note('a'));
  await new Promise(setImmediate);
  expect(clock.now()).toBe(0);
  expect(calls).toEqual([]);
  expect(clock.isDue).toBe(true);
  clock.advance(0);
  expect(calls).toEqual(['a at 0']);
  expect(clock.isDue).toBe(false);
});

test('timers call back once, in the order of their times, and then of their setting', () => {
  clock.after(30, note('third'));
  clock.after(10, note('first'));
  clock.after(30, note('fourth'));
  clock.after(20, note('second'));
  expect(clock.pending).toBe(4);
  clock.advance(29);
  expect(calls).toEqual(['first at 10', 'second at 20']);
  expect(clock.now()).toBe(29);
  clock.advance(1);
  expect(calls).toEqual(['first at 10', 'second at 20', 'third at 30', 'fourth at 30']);
  expect(clock.pending).toBe(0);
  clock.advance(1000);
  expect(calls).toHaveLength(4);
  expect(clock.now()).toBe(1030);
});

test('a timer set in a callback counts from the time of that callback', () => {
  const again = (left: number) => () => {
    note(`${left} left`)();
    if (left > 0) clock.after(10, again(left - 1));
  };
  clock.after(10, again(5));
  clock.advance(35);
  expect(calls).toEqual(['5 left at 10', '4 left at 20', '3 left at 30']);
  clock.after(0, () => void clock.after(0, note('at once')));
  clock.advance(0);
  expect(calls.at(-1)).toBe('at once at 35');
});

test('a cancelled timer does not call back, even when another cancels it at the same time', () => {
  const cancelled = clock.after(10, note('cancelled'));
  clock.after(5, () => cancelled.cancel());
  const other = clock.after(20, note('other'));
  clock.advance(15);
  other.cancel();
  other.cancel();
  expect(clock.pending).toBe(0);
  clock.advance(100);
  expect(calls).toEqual([]);
});

test('a step goes to the next timer, and returns the rest of the time', () => {
  clock.after(10, note('a'));
  clock.after(20, note('b'));
  expect(clock.step(25)).toBe(15);
  expect(calls).toEqual(['a at 10']);
  expect(clock.step(15)).toBe(5);
  expect(clock.step(5)).toBe(0);
  expect(clock.now()).toBe(25);
  expect(calls).toEqual(['a at 10', 'b at 20']);
});
