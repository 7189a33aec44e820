import { isThenable, takeRejection } from './users-code';

/** Calls `next` with a value at once, or with the value of a promise when it resolves. */
export function then<T, R>(value: T | PromiseLike<T>, next: (value: T) => R): R | Promise<R> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value);
}

/**
 * The answer of a condition of `@ValidateIf`. An asynchronous condition means yes, since class-validator does not wait for it; its rejection
 * must not end the process.
 */
export function saysYes(answer: unknown): boolean {
  if (typeof answer !== 'boolean') takeRejection(answer, () => {});
  return Boolean(answer);
}
