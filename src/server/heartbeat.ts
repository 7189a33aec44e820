import type { Clock } from '../messages';
import type { Resolved } from '../connection';

export interface HeartbeatOptions {
  /** Milliseconds between two pings to a connection. Default 25,000: proxies cut connections that are silent for a minute. */
  intervalMs?: number | undefined;
  /** Milliseconds after a ping in which any byte of the peer must come. Default 20,000. */
  timeoutMs?: number | undefined;
}

/** A connection that is pinged. */
export interface HeartbeatTarget {
  /** True where the peer has sent or taken bytes since the last call, or where we do not read. */
  takeSignOfLife(): boolean;
  sendHeartbeat(): void;
  terminate(limit: 'heartbeat'): void;
  /** Ticks since the last ping. The heartbeat changes it. */
  heartbeatTicks: number;
  /** The peer was pinged and has shown no sign of life since. The heartbeat changes it. */
  awaitsPong: boolean;
}

export const DEFAULT_HEARTBEAT: Resolved<HeartbeatOptions> = { intervalMs: 25_000, timeoutMs: 20_000 };

/** The longest time between two ticks. */
const MAX_TICK_MS = 500;

/** The first ping to a connection comes early by up to this part of the interval. */
const SPREAD = 0.2;

/**
 * Pings all connections from one timer, and terminates silent ones. The heartbeat counts ticks, not milliseconds: a process that
 * was busy or asleep has ticked once. A late tick terminates no connection, since an answer may not have been read yet.
 */
export class Heartbeat {
  private readonly tickMs: number;
  private readonly intervalTicks: number;
  private readonly timeoutTicks: number;
  private timer: { cancel(): void } | undefined;
  private due = 0;
  private begun = 0;

  /** @throws RangeError for a time that is no whole number of milliseconds above 0 */
  constructor(
    private readonly clock: Clock,
    private readonly connections: () => Iterable<HeartbeatTarget>,
    { intervalMs, timeoutMs }: HeartbeatOptions = {},
  ) {
    const interval = checked('intervalMs', intervalMs ?? DEFAULT_HEARTBEAT.intervalMs);
    const timeout = checked('timeoutMs', timeoutMs ?? DEFAULT_HEARTBEAT.timeoutMs);
    // at least two ticks for an answer, which may be unread when a tick is late by less than one
    this.tickMs = Math.min(MAX_TICK_MS, interval, Math.ceil(timeout / 2));
    this.intervalTicks = Math.floor(interval / this.tickMs);
    this.timeoutTicks = Math.ceil(timeout / this.tickMs);
  }

  /**
   * Starts to ping a connection. The timer stops when no connection is left. Connections that open together are not pinged
   * together.
   */
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
