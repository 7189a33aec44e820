import { Heartbeat, type HeartbeatTarget, type HeartbeatOptions } from '../../src/server/heartbeat';
import { ManualClock } from '../support/manual-clock';

class Peer implements HeartbeatTarget {
  heartbeatTicks = 0;
  awaitsPong = false;
  alive = false;
  readonly events: string[] = [];

  constructor(private readonly clock: ManualClock) {}

  takeSignOfLife(): boolean {
    const { alive } = this;
    this.alive = false;
    return alive;
  }

  sendHeartbeat(): void {
    this.events.push(`ping at ${this.clock.now()}`);
  }

  terminate(): void {
    this.events.push(`terminated at ${this.clock.now()}`);
    peers.delete(this);
  }
}

const peers = new Set<Peer>();

function target(options: HeartbeatOptions = { intervalMs: 10_000, timeoutMs: 5_000 }) {
  const clock = new ManualClock();
  peers.clear();
  const heartbeat = new Heartbeat(clock, () => peers, options);
  const join = (): Peer => {
    const peer = new Peer(clock);
    peers.add(peer);
    heartbeat.begin(peer);
    return peer;
  };
  return { clock, heartbeat, join };
}

test('a silent peer is pinged after the interval, and terminated after the time-out', () => {
  const { clock, join } = target();
  const peer = join();
  clock.advance(60_000);
  expect(peer.events).toEqual(['ping at 10000', 'terminated at 15000']);
});

test('any sign of life after a ping is enough, and the next ping comes an interval after the last', () => {
  const { clock, join } = target();
  const peer = join();
  clock.advance(14_500);
  peer.alive = true;
  clock.advance(9_000);
  expect(peer.events).toEqual(['ping at 10000', 'ping at 20000']);
});

test('what came before the ping does not answer it', () => {
  const { clock, join } = target();
  const peer = join();
  clock.advance(9_000);
  peer.alive = true;
  clock.advance(60_000);
  expect(peer.events).toEqual(['ping at 10000', 'terminated at 15000']);
});

test('one timer for all, which rests while there is nobody', () => {
  const { clock, join } = target();
  expect(clock.pending).toBe(0);
  const all = Array.from({ length: 1000 }, join);
  expect(clock.pending).toBe(1);
  clock.advance(20_000);
  expect(all.every(({ events }) => events.length === 2)).toBe(true);
  clock.advance(1_000);
  expect(clock.pending).toBe(0);
  join();
  expect(clock.pending).toBe(1);
});

test('peers that come together are pinged one after another, in the last fifth of the interval', () => {
  const { clock, join } = target();
  const all = Array.from({ length: 40 }, join);
  clock.advance(10_000);
  const pinged = (ms: number): number => all.filter(({ events }) => events[0] === `ping at ${ms}`).length;
  expect([8_500, 9_000, 9_500, 10_000].map(pinged)).toEqual([10, 10, 10, 10]);
});

test('a process that was busy for long judges nobody by that', () => {
  const { clock, join } = target();
  const peer = join();
  clock.advance(14_900);
  // the timer calls back late: what has arrived meanwhile was not read
  clock.sleep(30_000);
  clock.advance(0);
  expect(peer.events).toEqual(['ping at 10000']);
  peer.alive = true;
  clock.advance(600);
  expect(peer.events.some((event) => event.startsWith('terminated'))).toBe(false);
});

test('an answer that is not read yet when the tick comes late, by less than another, is in time', () => {
  const { clock, join } = target({ intervalMs: 500, timeoutMs: 500 });
  const peer = join();
  clock.advance(500);
  clock.sleep(500);
  clock.advance(0);
  peer.alive = true;
  clock.advance(250);
  expect(peer.events).toEqual(['ping at 500', 'ping at 1250']);
});

test('times shorter than a tick are kept', () => {
  const { clock, join } = target({ intervalMs: 100, timeoutMs: 30 });
  const peer = join();
  clock.advance(1_000);
  expect(peer.events).toEqual(['ping at 90', 'terminated at 120']);
});

test.each([
  [{ intervalMs: 0 }],
  [{ intervalMs: 1.5 }],
  [{ timeoutMs: -1 }],
  [{ timeoutMs: Infinity }],
  [{ intervalMs: '25' as unknown as number }],
])('%j is no heartbeat', (options) => {
  expect(() => target(options)).toThrow(/^heartbeat\.(interval|timeout)Ms must be a whole number/);
});
