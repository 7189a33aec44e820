import type { Context, ExceptionFilter, Guard, Interceptor } from '../../src';

/** A guard, an interceptor and a filter made of their one method, which may return any value. */
export const guard = (canActivate: (context: Context) => unknown): Guard => ({ canActivate }) as Guard;

export const interceptor = (intercept: Interceptor['intercept']): Interceptor => ({ intercept });

export const filter = (take: ExceptionFilter['catch']): ExceptionFilter => ({ catch: take });

export const thrower = (error: unknown) => (): never => {
  throw error;
};

/** Results of a guard that are not exactly `true`. */
export const NOT_TRUE: [string, () => unknown][] = [
  ['false', () => false],
  ['undefined', () => undefined],
  ['1', () => 1],
  ['the text "true"', () => 'true'],
  ['an object', () => ({})],
  ['a promise of false', () => Promise.resolve(false)],
  ['a promise of nothing', () => Promise.resolve()],
];
