import type { Context, ExceptionFilter, Guard, Interceptor } from '../../src';

/** A guard, an interceptor, a filter, each of its one method, whatever that returns. */
export const guard = (canActivate: (context: Context) => unknown): Guard => ({ canActivate }) as Guard;

export const interceptor = (intercept: Interceptor['intercept']): Interceptor => ({ intercept });

export const filter = (take: ExceptionFilter['catch']): ExceptionFilter => ({ catch: take });

export const thrower = (error: unknown) => (): never => {
  throw error;
};

/** What a guard may say that is not exactly true. */
export const NOT_TRUE: [string, () => unknown][] = [
  ['false', () => false],
  ['undefined', () => undefined],
  ['1', () => 1],
  ['the text "true"', () => 'true'],
  ['an object', () => ({})],
  ['a promise of false', () => Promise.resolve(false)],
  ['a promise of nothing', () => Promise.resolve()],
];
