export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
}

/** A promise with its resolver, as `Promise.withResolvers` of Node 22. */
export function deferred<T = void>(): Deferred<T> {
  let settle: Deferred<T>['resolve'] = () => undefined;
  const promise = new Promise<T>((resolve) => (settle = resolve));
  return { promise, resolve: settle };
}
