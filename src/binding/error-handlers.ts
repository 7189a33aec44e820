import { caughtBy, type Constructor } from '../decorators';
import { classNameOf } from '../messages';
import type { Context, ExceptionFilter } from '../decorators';
import type { ReplyTo } from '../messages';

/** Someone who takes errors of a class: an `@OnError` method or a filter. */
export interface ErrorHandler {
  /** Undefined: all errors, whatever was thrown. */
  readonly error: Constructor | undefined;
  /** Such as `ChatController.onDenied` or `AuditFilter`. */
  readonly name: string;
  handle(error: unknown, context: Context, replyTo: ReplyTo): unknown;
}

/** The filters of one place, as error handlers, the most specific first. */
export function filterHandlers(filters: readonly ExceptionFilter[]): ErrorHandler[] {
  const errorHandlers = filters.flatMap((filter) => {
    const caught = caughtBy(filter);
    const errors = caught.length === 0 ? [undefined] : caught;
    return errors.map((error) => ({
      error,
      name: classNameOf(filter),
      handle: (thrown: unknown, context: Context) => filter.catch(thrown, context),
    }));
  });
  return bySpecificity(errorHandlers);
}

/** A subclass before its base; those of one depth stay in their order. */
export function bySpecificity(errorHandlers: readonly ErrorHandler[]): ErrorHandler[] {
  return [...errorHandlers].sort((a, b) => depth(b.error) - depth(a.error));
}

export function handles({ error: wanted }: ErrorHandler, error: unknown): boolean {
  return wanted === undefined || error instanceof wanted;
}

function depth(constructor: Constructor | undefined): number {
  let levels = 0;
  for (let at: unknown = constructor; typeof at === 'function'; at = Object.getPrototypeOf(at)) levels++;
  return levels;
}
