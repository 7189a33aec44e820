import { setImmediate } from './turns';

type Source<T> = Iterable<T> | AsyncIterable<T>;

/**
 * The items of any iterable until the signal aborts; then the iterable is told with `return()`, even while it is waiting
 * for its next item.
 * @throws TypeError when it is no iterable
 */
export async function* whileOpen<T>(source: Source<T>, signal: AbortSignal): AsyncGenerator<T, void, void> {
  const iterator = iteratorOf(source);
  // one listener and one promise at a time: racing against a lasting promise would grow with each item
  let giveUp = (): void => {};
  const onAbort = (): void => giveUp();
  signal.addEventListener('abort', onAbort);
  let finished = false;
  try {
    while (!signal.aborted) {
      const next = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
        giveUp = () => resolve(undefined);
        Promise.resolve(iterator.next()).then(resolve, (error: unknown) => {
          finished = true;
          reject(error);
        });
      });
      if (next === undefined) return;
      if (next.done) {
        finished = true;
        return;
      }
      yield next.value;
      // a source that never waits, for a consumer that never does, would leave no turn to anybody else
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (!finished) await iterator.return?.();
  }
}

function iteratorOf<T>(source: Source<T>): Iterator<T> | AsyncIterator<T> {
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
    if (Symbol.iterator in source) return source[Symbol.iterator]();
  }
  throw new TypeError('chunks must be an iterable, an async iterable or a ReadableStream');
}
