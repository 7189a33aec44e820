import type { Readable } from 'node:stream';
import { isPromise } from 'node:util/types';
import { isThenable } from '../messages';

type Item<T> = IteratorResult<T, undefined>;

/** A source of items, made of an iterable or a stream. */
export interface Source<T> {
  /** The next item. Not called after `stop`. */
  next(): Promise<Item<T>>;
  /** Ends the source, also while `next` waits. Settles when the source has ended, which may take as long as `next`. */
  stop(): Promise<unknown>;
}

const OVER = { done: true, value: undefined } as const;

/**
 * Takes over an iterable, an async iterable, a stream of Node or a web stream. Errors of a stream are heard from here
 * on, before anybody reads it.
 * @throws TypeError for any other value, and for a web stream that is locked
 */
export function sourceOf<T>(given: unknown): Source<T> {
  if (typeof given === 'object' && given !== null) {
    if ('getReader' in given) return new WebSource(given as ReadableStream<T>);
    if (Array.isArray(given)) given.forEach(hearPromise);
    if (Symbol.asyncIterator in given || Symbol.iterator in given) {
      return isNodeStream(given) ? new StreamSource(given) : new IteratorSource(given as AsyncIterable<T>);
    }
  }
  // a promise that was not awaited
  if (isPromise(given)) void given.then((late) => sourceOf(late).stop()).catch(ignore);
  throw new TypeError('chunks must be an iterable, an async iterable or a ReadableStream');
}

/**
 * Hears errors of a stream of Node, or of a promise of one, before somebody takes it over: unheard, they would end the
 * process.
 */
export function hearErrors(value: unknown): void {
  if (isPromise(value)) value.then(hearErrors, ignore);
  else if (typeof value === 'object' && value !== null && isNodeStream(value)) value.on('error', ignore);
}

/** Hears errors of the stream and destroys it at the end, as `stream.pipeline` does. */
class StreamSource<T> implements Source<T> {
  private iterator: AsyncIterator<T, undefined> | undefined;
  private stopped = false;

  constructor(private readonly stream: Readable) {
    stream.on('error', ignore);
  }

  async next(): Promise<Item<T>> {
    try {
      this.iterator ??= this.stream[Symbol.asyncIterator]() as AsyncIterator<T, undefined>;
      return await this.iterator.next();
    } catch (error) {
      // it ended too early, says Node
      if (this.stopped) return OVER;
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const { stream } = this;
    // those of other libraries may not tell
    if (stream.closed !== false) stream.destroy();
    else await new Promise((resolve) => stream.once('close', resolve).destroy());
  }
}

/** Uses a reader: the stream's own iterator would cancel the stream only when the next item has come. */
class WebSource<T> implements Source<T> {
  private readonly reader: ReadableStreamDefaultReader<T>;

  constructor(stream: ReadableStream<T>) {
    this.reader = stream.getReader();
  }

  next(): Promise<Item<T>> {
    return this.reader.read() as Promise<Item<T>>;
  }

  stop(): Promise<void> {
    return this.reader.cancel();
  }
}

class IteratorSource<T> implements Source<T> {
  private iterator: AsyncIterator<T> | Iterator<T> | undefined;

  constructor(private readonly iterable: AsyncIterable<T> | Iterable<T>) {}

  async next(): Promise<Item<T>> {
    const result: unknown = await this.begun().next();
    // as `for await` has it: without an object there would be no end
    if (typeof result !== 'object' || result === null) {
      throw new TypeError(`next() of an iterator returned ${String(result)}, and no object`);
    }
    const { done, value } = result as IteratorResult<T, unknown>;
    if (done) return OVER;
    if (!isThenable(value)) return { done: false, value };
    try {
      return { done: false, value: await value };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<unknown> {
    if (this.iterator === undefined) {
      // a generator that has not begun runs no `finally`, but its resources may be open
      const { [Symbol.asyncDispose]: later, [Symbol.dispose]: now } = this.iterable as Partial<
        AsyncDisposable & Disposable
      >;
      const dispose = later ?? now;
      if (typeof dispose === 'function') return dispose.call(this.iterable);
    }
    return this.begun().return?.();
  }

  private begun(): AsyncIterator<T> | Iterator<T> {
    if (this.iterator !== undefined) return this.iterator;
    const { iterable } = this;
    this.iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
    // that of an async function is a promise, and no iterator
    if (isPromise(this.iterator)) this.iterator.catch(ignore);
    return this.iterator;
  }
}

/** Handles a promise among the items, which would end the process when it rejects before its turn. */
function hearPromise(item: unknown): void {
  if (isPromise(item)) item.catch(ignore);
}

function isNodeStream(source: object): source is Readable {
  const { on, destroy } = source as Partial<Readable>;
  return typeof on === 'function' && typeof destroy === 'function' && Symbol.asyncIterator in source;
}

function ignore(): void {}
