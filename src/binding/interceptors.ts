import { takeRejection } from '../messages';
import type { Context, Interceptor } from '../decorators';

/** Gets the rejection of a `next()` that its interceptor did not wait for. */
export type Unawaited = (error: unknown, context: Context) => void;

/** Puts each interceptor around the next, and the last around the call. */
export function compose(
  interceptors: readonly Interceptor[],
  call: (context: Context) => unknown,
  unawaited: Unawaited = () => {},
): (context: Context) => unknown {
  return interceptors.reduceRight((next, interceptor) => around(interceptor, next, unawaited), call);
}

function around(interceptor: Interceptor, next: (context: Context) => unknown, unawaited: Unawaited): typeof next {
  return (context) => {
    let isDone = false;
    const done = (): void => void (isDone = true);
    const proceed = (): unknown => {
      const value = next(context);
      // another thenable may begin its work when it is asked
      if (value instanceof Promise) takeRejection(value, (error) => isDone && unawaited(error, context));
      return value;
    };
    try {
      const value = interceptor.intercept(context, proceed);
      if (value instanceof Promise) value.then(done, done);
      else isDone = true;
      return value;
    } catch (error) {
      isDone = true;
      throw error;
    }
  };
}
