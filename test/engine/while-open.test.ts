import { whileOpen } from '../../src/engine/while-open';

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

const { signal } = new AbortController();

test.each<[string, () => Iterable<number> | AsyncIterable<number>]>([
  ['an array', () => [1, 2, 3]],
  [
    'a generator',
    function* () {
      yield* [1, 2, 3];
    },
  ],
  [
    'an async generator',
    async function* () {
      yield* [1, 2, 3];
    },
  ],
  [
    'a ReadableStream',
    () =>
      new ReadableStream<number>({
        start(controller) {
          for (const item of [1, 2, 3]) controller.enqueue(item);
          controller.close();
        },
      }),
  ],
])('all items of %s', async (_what, source) => {
  expect(await all(whileOpen(source(), signal))).toEqual([1, 2, 3]);
});

test.each([undefined, null, 5, 'text', {}])('%p is no iterable', async (source) => {
  await expect(all(whileOpen(source as never, signal))).rejects.toThrow(TypeError);
});

test('an abort ends it, even while the source waits, and returns the source', async () => {
  const controller = new AbortController();
  let returned = 0;
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => {
      let count = 0;
      return {
        next: () => (count++ === 0 ? Promise.resolve({ value: 1, done: false }) : new Promise(() => {})),
        return: () => {
          returned++;
          return Promise.resolve({ value: undefined, done: true });
        },
      };
    },
  };
  const items: number[] = [];
  for await (const item of whileOpen(source, controller.signal)) {
    items.push(item);
    setImmediate(() => controller.abort());
  }
  expect([items, returned]).toEqual([[1], 1]);
});

test('leaving the loop returns the source; its end and its failure do not', async () => {
  let returned = 0;
  function* source(): Generator<number> {
    try {
      yield 1;
      yield 2;
    } finally {
      returned++;
    }
  }
  for await (const item of whileOpen(source(), signal)) if (item === 1) break;
  expect(returned).toBe(1);
  const failing: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error('broke')),
      return: () => {
        returned++;
        return Promise.resolve({ value: 0, done: true });
      },
    }),
  };
  await expect(all(whileOpen(failing, signal))).rejects.toThrow('broke');
  expect(returned).toBe(1);
});

test('an aborted signal gives nothing', async () => {
  expect(await all(whileOpen([1], AbortSignal.abort()))).toEqual([]);
});
