import type { Batch } from '../transport';
import type { Clock, Deadlines } from '../messages';
import type { Flusher } from '../transport';
import type { Observer } from './observer';
import type { Subscriber, Subscriptions } from './subscriptions';

/** What the sessions of one engine share. */
export interface SessionContext {
  readonly batch: Batch;
  readonly flusher: Flusher;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  /** So many bytes more are held for somebody. */
  readonly budget: { put(bytes: number): void };
  readonly subscriptions: Subscriptions;
  /** Makes an id by which its connection is found. */
  identify(session: Subscriber): string;
  /** The handshake is answered. */
  opened(session: Subscriber): void;
  /** The transport is gone, or its upgrade was refused: the connection counts no more. */
  closed(session: Subscriber): void;
  /** The endpoint's `close` and `release` have settled too: the session's last sign of life. */
  ended(session: Subscriber): void;
}
