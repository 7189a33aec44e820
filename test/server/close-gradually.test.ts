import { closeGradually } from '../../src/server/close-gradually';
import type { ConnectionDriver } from '../../src/connection/connection-driver';
import { ManualClock } from '../support/manual-clock';

function draining(count: number, deadlineMs = 30_000, random = () => 0.5) {
  const clock = new ManualClock();
  const told: number[] = [];
  const driver = { closeGradually: () => void told.push(clock.now()) } as unknown as ConnectionDriver;
  const stop = closeGradually(Array<ConnectionDriver>(count).fill(driver), deadlineMs, clock, random);
  return { clock, told, stop };
}

test('a hundred are told at once', () => {
  const { told, clock } = draining(100);
  expect(told).toHaveLength(100);
  expect(clock.pending).toBe(0);
});

test('more are told in batches, at intervals that chance makes uneven', () => {
  const chances = [0, 1];
  const { told, clock } = draining(300, 30_000, () => chances.shift()!);
  expect(told).toHaveLength(100);
  clock.advance(1_000);
  expect([told[100], told[200]]).toEqual([25, 100]);
});

test('all are told in half of the deadline', () => {
  const { told, clock } = draining(100_000, 1_000);
  clock.advance(500);
  expect(told).toHaveLength(100_000);
});

test('stopped, it tells nobody more', () => {
  const { told, clock, stop } = draining(300);
  stop();
  clock.advance(1_000);
  expect(told).toHaveLength(100);
});
