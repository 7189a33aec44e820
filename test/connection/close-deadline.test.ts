import { CloseDeadline } from '../../src/connection/close-deadline';
import { Deadlines } from '../../src/messages/deadlines';
import { ManualClock } from '../support/manual-clock';

const TIMEOUT_MS = 5_000;

function deadlineOf(unsentBytes: number) {
  const clock = new ManualClock();
  const outgoing = { unsentBytes };
  const expired = jest.fn();
  const deadline = new CloseDeadline(new Deadlines(clock), TIMEOUT_MS, outgoing, expired);
  return { clock, outgoing, expired, deadline };
}

test.each([0, 100])('a peer that takes nothing of %i bytes has the time once', (unsentBytes) => {
  const { clock, expired } = deadlineOf(unsentBytes);
  clock.advance(TIMEOUT_MS - 1);
  expect(expired).not.toHaveBeenCalled();
  clock.advance(1);
  expect(expired).toHaveBeenCalledTimes(1);
  expect(clock.pending).toBe(0);
});

test('a peer that takes some of it has the time anew, twelve times in all', () => {
  const { clock, outgoing, expired } = deadlineOf(1000);
  for (let times = 1; times < 12; times++) {
    outgoing.unsentBytes--;
    clock.advance(TIMEOUT_MS);
  }
  expect(expired).not.toHaveBeenCalled();
  outgoing.unsentBytes--;
  clock.advance(TIMEOUT_MS);
  expect(expired).toHaveBeenCalledTimes(1);
});

test('a peer that has taken all of it begins anew', () => {
  const { clock, deadline, expired } = deadlineOf(0);
  clock.advance(TIMEOUT_MS - 1);
  deadline.restart();
  clock.advance(TIMEOUT_MS - 1);
  expect(expired).not.toHaveBeenCalled();
  clock.advance(1);
  expect(expired).toHaveBeenCalledTimes(1);
});

test('a deadline that is cancelled does not come, renewed or not', () => {
  for (const left of [100, 99]) {
    const { clock, outgoing, deadline, expired } = deadlineOf(100);
    outgoing.unsentBytes = left;
    clock.advance(left === 99 ? TIMEOUT_MS : 0);
    deadline.cancel();
    clock.advance(TIMEOUT_MS);
    expect(expired).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  }
});
