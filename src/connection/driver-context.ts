import type { Batch } from '../transport';
import type { Clock, Deadlines } from '../messages';
import type { Flusher } from '../transport';
import type { Observer } from './observer';
import type { Subscriber, Subscriptions } from './subscriptions';

/** Shared by the drivers of one engine. */
export interface DriverContext {
  readonly batch: Batch;
  readonly flusher: Flusher;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  /** Bounds what all connections hold together. `put`: so many bytes more are held. */
  readonly budget: { put(bytes: number): void };
  readonly subscriptions: Subscriptions;
  /** Makes an id by which the connection is found. */
  identify(driver: Subscriber): string;
  /** The handshake is answered. */
  opened(driver: Subscriber): void;
  /** The transport is gone, or its upgrade was refused: the connection counts no more. */
  closed(driver: Subscriber): void;
  /** The endpoint's `close` and `release` have settled. The driver calls nothing after this. */
  ended(driver: Subscriber): void;
}
