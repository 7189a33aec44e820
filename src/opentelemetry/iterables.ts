export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** The same items, each made inside of `run`; `ended` is called once, with what the iterable threw if it did. */
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
  return {
    [Symbol.asyncIterator]() {
      let iterator: AsyncIterator<unknown> | undefined;
      const begun = (): AsyncIterator<unknown> => (iterator ??= iterable[Symbol.asyncIterator]());
      return {
        async next() {
          const result = await guarded(() => begun().next());
          if (result.done === true) end();
          return result;
        },
        async return(value: unknown) {
          const result = await guarded(() => begun().return?.(value));
          end();
          return result ?? { done: true, value };
        },
      };
    },
  };
}
