import type { DriverContext } from './driver-context';
import type { OwnedSource } from './owned-source';
import type { Route } from './routes';
import type { Subscriber } from './subscriptions';

/** A connection as the parts of its driver see it. */
export interface ConnectionCore extends Subscriber {
  readonly context: DriverContext;
  readonly route: Route;
  /** Aborts as soon as nothing can be sent any more. */
  readonly signal: AbortSignal;
  /** Takes over a source of items, which ends with the connection at the latest. */
  own<T>(source: unknown, failed: (error: unknown) => unknown): OwnedSource<T>;
  /** True where the observer has heard of this failure. */
  hasTold(error: unknown): boolean;
  close(code: number, reason: string): void;
}
