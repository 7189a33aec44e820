import { isThenable, takeRejection } from './users-code';

/** Goes on at once where a value is there, and later where it is still to come. */
export function then<T, R>(value: T | PromiseLike<T>, next: (value: T) => R): R | Promise<R> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value);
}

/**
 * What a condition of `@ValidateIf` says. One that is asynchronous says yes, since nobody can wait for it, and must not end the process
 * when it rejects.
 */
export function saysYes(answer: unknown): boolean {
  if (typeof answer !== 'boolean') takeRejection(answer, () => {});
  return Boolean(answer);
}
