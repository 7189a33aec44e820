import type { Batch } from '../transport';
import type { Clock, Deadlines } from '../messages';
import type { Flusher } from '../transport';
import type { Observer } from './observer';
import type { Subscriber, Subscriptions } from './subscriptions';

/** What the drivers of one engine share. */
export interface DriverContext {
  readonly batch: Batch;
  readonly flusher: Flusher;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  /** So many bytes more are held for somebody. */
  readonly budget: { put(bytes: number): void };
  readonly subscriptions: Subscriptions;
  /** Makes an id by which its connection is found. */
  identify(driver: Subscriber): string;
  /** The handshake is answered. */
  opened(driver: Subscriber): void;
  /** The transport is gone, or its upgrade was refused: the connection counts no more. */
  closed(driver: Subscriber): void;
  /** The endpoint's `close` and `release` have settled too: the driver's last sign of life. */
  ended(driver: Subscriber): void;
}
