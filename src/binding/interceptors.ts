import { takeRejection } from '../messages';
import type { Context, Interceptor } from '../decorators';

/** Hears what `next()` rejected with when its interceptor was done already, so that nobody had waited for it. */
export type Unawaited = (error: unknown, context: Context) => void;

/** Puts the first interceptor around the second, and so on, and the last around the call. */
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
