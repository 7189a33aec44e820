import { caughtBy, type Constructor } from '../decorators';
import { classNameOf } from '../messages';
import type { Context, ExceptionFilter, Exchange } from '../decorators';

/** Someone who takes errors of a class: an `@OnError` method or a filter. */
export interface Taker {
  /** Undefined: all errors, whatever was thrown. */
  readonly error: Constructor | undefined;
  /** Such as `ChatController.onDenied` or `AuditFilter`. */
  readonly name: string;
  take(error: unknown, context: Context, exchange: Exchange): unknown;
}

/** The filters of one place, as takers, the most specific first. */
export function filterTakers(filters: readonly ExceptionFilter[]): Taker[] {
  const takers = filters.flatMap((filter) => {
    const caught = caughtBy(filter);
    const errors = caught.length === 0 ? [undefined] : caught;
    return errors.map((error) => ({
      error,
      name: classNameOf(filter),
      take: (thrown: unknown, context: Context) => filter.catch(thrown, context),
    }));
  });
  return bySpecificity(takers);
}

/** A subclass before its base; those of one depth stay in their order. */
export function bySpecificity(takers: readonly Taker[]): Taker[] {
  return [...takers].sort((a, b) => depth(b.error) - depth(a.error));
}

export function takes({ error: wanted }: Taker, error: unknown): boolean {
  return wanted === undefined || error instanceof wanted;
}

function depth(constructor: Constructor | undefined): number {
  let levels = 0;
  for (let at: unknown = constructor; typeof at === 'function'; at = Object.getPrototypeOf(at)) levels++;
  return levels;
}
