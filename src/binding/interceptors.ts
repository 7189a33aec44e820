import type { Context, Interceptor } from './context';

/** Puts the first interceptor around the second, and so on, and the last around the call. */
export function compose(
  interceptors: readonly Interceptor[],
  call: (context: Context) => unknown,
): (context: Context) => unknown {
  return interceptors.reduceRight(
    (next, interceptor) => (context) => interceptor.intercept(context, () => next(context)),
    call,
  );
}
