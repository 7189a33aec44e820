import { Deadlines, systemClock } from '../../src/messages/deadlines';
import { ManualClock } from '../support/manual-clock';

let clock: ManualClock;
let deadlines: Deadlines;
let expired: string[];
const expire = (name: string) => () => void expired.push(name);

beforeEach(() => {
  clock = new ManualClock();
  deadlines = new Deadlines(clock);
  expired = [];
});

test('each deadline expires once, in the order of time', () => {
  deadlines.set(50, expire('late'));
  deadlines.set(10, expire('early'));
  clock.advance(9);
  expect(expired).toEqual([]);
  clock.advance(1);
  expect(expired).toEqual(['early']);
  clock.advance(1000);
  expect(expired).toEqual(['early', 'late']);
});

test('a cancelled deadline does not expire, and the last one leaves no timer', () => {
  const cancel = deadlines.set(10, expire('cancelled'));
  cancel();
  cancel();
  expect(clock.pending).toBe(0);
  clock.advance(100);
  expect(expired).toEqual([]);
});

test('one that cancels the last of its duration and sets another loses neither', () => {
  deadlines.set(10, () => {
    expired.push('first');
    cancel();
    deadlines.set(10, expire('anew'));
  });
  const cancel = deadlines.set(10, expire('cancelled'));
  clock.advance(10);
  expect(expired).toEqual(['first']);
  clock.advance(10);
  expect(expired).toEqual(['first', 'anew']);
  expect(clock.pending).toBe(0);
});

test('a thousand deadlines of one duration share one timer', () => {
  for (let i = 0; i < 1000; i++) deadlines.set(10, expire(String(i)));
  expect(clock.pending).toBe(1);
  clock.advance(10);
  expect(expired).toHaveLength(1000);
  expect(clock.pending).toBe(0);
});

test('deadlines of one duration that were set later expire later', () => {
  deadlines.set(10, expire('first'));
  clock.advance(6);
  deadlines.set(10, expire('second'));
  clock.advance(4);
  expect(expired).toEqual(['first']);
  clock.advance(6);
  expect(expired).toEqual(['first', 'second']);
});

test('a deadline that cancels itself when it expires may be set anew for as long', () => {
  const cancel = deadlines.set(10, () => {
    cancel();
    deadlines.set(10, expire('anew'));
  });
  clock.advance(10);
  expect(clock.pending).toBe(1);
  clock.advance(10);
  expect(expired).toEqual(['anew']);
  expect(clock.pending).toBe(0);
});

test('a deadline may be set while another expires', () => {
  deadlines.set(10, () => void deadlines.set(10, expire('nested')));
  clock.advance(10);
  expect(clock.pending).toBe(1);
  clock.advance(10);
  expect(expired).toEqual(['nested']);
});

test('cancelling one of several leaves the others', () => {
  const cancel = deadlines.set(10, expire('cancelled'));
  deadlines.set(10, expire('kept'));
  deadlines.set(20, expire('other'));
  cancel();
  clock.advance(20);
  expect(expired).toEqual(['kept', 'other']);
});

test('a deadline beyond what timers of Node can wait for is waited for in steps', () => {
  const after = jest.spyOn(clock, 'after');
  deadlines.set(2 ** 32, expire('in 50 days'));
  clock.advance(2 ** 32 - 1);
  expect(expired).toEqual([]);
  clock.advance(1);
  expect(expired).toEqual(['in 50 days']);
  expect(Math.max(...after.mock.calls.map(([ms]) => ms))).toBe(2 ** 31 - 1);
  deadlines.set(Infinity, expire('never'));
  clock.advance(2 ** 40);
  expect(expired).toEqual(['in 50 days']);
});

test('the system clock calls back, and can be cancelled', async () => {
  const cancelled = systemClock.after(1, () => expired.push('cancelled'));
  cancelled.cancel();
  const before = systemClock.now();
  // unref'd timers keep nothing alive: hold the process with one of our own
  const holder = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  clearInterval(holder);
  expect(systemClock.now()).toBeGreaterThan(before);
  expect(expired).toEqual([]);
});

test('when nothing ran for a while, what has arrived is read before a deadline expires', () => {
  const cancel = deadlines.set(10, expire('answered meanwhile'));
  deadlines.set(10, expire('silent'));
  clock.sleep(10_000);
  // the turn in which the timer is found late, and sockets are read
  clock.step(0);
  expect(expired).toEqual([]);
  cancel();
  clock.step(0);
  expect(expired).toEqual(['silent']);
  expect(clock.pending).toBe(0);
});
