import type { Clock } from '../messages';
import type { Resolved } from '../connection';

export interface HeartbeatOptions {
  /** Between two pings to a connection. Default 25 s: proxies cut what is silent for a minute. */
  intervalMs?: number | undefined;
  /** For any byte of the peer after a ping. Default 20 s. */
  timeoutMs?: number | undefined;
}

/** A connection that is pinged. */
export interface HeartbeatTarget {
  /** True where the peer has sent or taken bytes since the last call, or could not, since we do not read. */
  takeSignOfLife(): boolean;
  sendHeartbeat(): void;
  terminate(limit: 'heartbeat'): void;
  /** Ticks since the last ping. The heartbeat changes it. */
  heartbeatTicks: number;
  /** The peer was pinged and has shown no sign of life since. The heartbeat changes it. */
  awaitsPong: boolean;
}

export const DEFAULT_HEARTBEAT: Resolved<HeartbeatOptions> = { intervalMs: 25_000, timeoutMs: 20_000 };

/** How exact it is. */
const MAX_TICK_MS = 500;

/** By up to this part of the interval the first ping to a connection comes early. */
const SPREAD = 0.2;

/**
 * Pings all connections from one timer, and terminates those that stay silent. It counts ticks and not milliseconds: a process
 * that was busy, or asleep, has ticked once, and judges nobody by a tick that came late, since what it has not read may be an answer.
 */
export class Heartbeat {
  private readonly tickMs: number;
  private readonly intervalTicks: number;
  private readonly timeoutTicks: number;
  private timer: { cancel(): void } | undefined;
  private due = 0;
  private begun = 0;

  /** @throws RangeError when a time is no whole number of milliseconds above 0 */
  constructor(
    private readonly clock: Clock,
    private readonly connections: () => Iterable<HeartbeatTarget>,
    { intervalMs, timeoutMs }: HeartbeatOptions = {},
  ) {
    const interval = checked('intervalMs', intervalMs ?? DEFAULT_HEARTBEAT.intervalMs);
    const timeout = checked('timeoutMs', timeoutMs ?? DEFAULT_HEARTBEAT.timeoutMs);
    // two for an answer at least: it may wait to be read when a tick comes late by less than another
    this.tickMs = Math.min(MAX_TICK_MS, interval, Math.ceil(timeout / 2));
    this.intervalTicks = Math.floor(interval / this.tickMs);
    this.timeoutTicks = Math.ceil(timeout / this.tickMs);
  }

  /** There is one more; it stops by itself when there is nobody. Those that come together are not pinged together. */
  begin(connection: HeartbeatTarget): void {
    connection.heartbeatTicks = this.begun++ % Math.ceil(this.intervalTicks * SPREAD);
    if (this.timer === undefined) this.arm();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private arm(): void {
    this.due = this.clock.now() + this.tickMs;
    this.timer = this.clock.after(this.tickMs, () => this.tick());
  }

  private tick(): void {
    this.timer = undefined;
    const isLate = this.clock.now() - this.due > this.tickMs;
    let somebody = false;
    for (const connection of this.connections()) {
      somebody = true;
      if (!isLate) this.beat(connection);
    }
    if (somebody) this.arm();
  }

  private beat(connection: HeartbeatTarget): void {
    if (connection.takeSignOfLife()) connection.awaitsPong = false;
    connection.heartbeatTicks++;
    if (connection.awaitsPong) {
      if (connection.heartbeatTicks >= this.timeoutTicks) connection.terminate('heartbeat');
    } else if (connection.heartbeatTicks >= this.intervalTicks) {
      connection.heartbeatTicks = 0;
      connection.awaitsPong = true;
      connection.sendHeartbeat();
    }
  }
}

function checked(name: string, ms: number): number {
  if (Number.isInteger(ms) && ms >= 1 && ms < 2 ** 31) return ms;
  throw new RangeError(`heartbeat.${name} must be a whole number of milliseconds from 1 on, not ${String(ms)}`);
}
