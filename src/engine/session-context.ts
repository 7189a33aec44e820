import type { Batch } from './batch';
import type { Budget } from './budget';
import type { Clock, Deadlines } from './deadlines';
import type { Flusher } from './flusher';
import type { Observer } from './observer';
import type { Session } from './session';
import type { Subscriptions } from './subscriptions';

/** What the sessions of one engine share. */
export interface SessionContext {
  readonly batch: Batch;
  readonly flusher: Flusher;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  readonly budget: Budget;
  readonly subscriptions: Subscriptions;
  /** Makes an id by which its connection is found. */
  identify(session: Session): string;
  /** The handshake is answered. */
  opened(session: Session): void;
  /** The transport is gone, or its upgrade was refused: the connection counts no more. */
  closed(session: Session): void;
  /** The endpoint's `close` and `release` have settled too: the session's last sign of life. */
  ended(session: Session): void;
}
