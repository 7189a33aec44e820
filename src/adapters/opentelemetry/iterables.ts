import { sourceOf } from '../../connection';

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/**
 * Returns an iterable of the same items, each made inside of `run`. `ended` is called once, with the error that the iterable threw, if any.
 * The iterable is taken over at once, as by the connection that it is sent to.
 * @throws TypeError for a web stream that is locked
 */
export function within(
  run: <T>(call: () => T) => T,
  iterable: AsyncIterable<unknown>,
  ended: (error?: unknown) => void,
): AsyncIterable<unknown> {
  let over = false;
  const end = (error?: unknown): void => {
    if (!over) ended(error);
    over = true;
  };
  const guarded = async <T>(call: () => T): Promise<Awaited<T>> => {
    try {
      return await run(call);
    } catch (error) {
      end(error);
      throw error;
    }
  };
  const source = sourceOf<unknown>(iterable);
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const result = await guarded(() => source.next());
        if (result.done === true) end();
        return result;
      },
      async return(value: unknown) {
        await guarded(() => source.stop());
        end();
        return { done: true, value };
      },
    }),
  };
}
