import { caughtBy, type Constructor, type Context, type ExceptionFilter } from '../decorators';
import { classNameOf, type ReplyTo } from '../messages';

/** Handles errors: an `@OnError` method or a filter. */
export interface ErrorHandler {
  /** `undefined` matches every thrown value. */
  readonly error: Constructor | undefined;
  /** Such as `ChatController.onDenied` or `AuditFilter`. */
  readonly name: string;
  handle(error: unknown, context: Context, replyTo: ReplyTo): unknown;
}

/** The filters of one place as error handlers, the most specific first. */
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

/** Sorts subclasses before their base classes. Classes of one depth stay in their order. */
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
