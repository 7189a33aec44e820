import { createReadStream } from 'node:fs';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { hearErrors, sourceOf } from '../../src/connection/source';

async function all(given: unknown): Promise<unknown[]> {
  const source = sourceOf(given);
  const items: unknown[] = [];
  for (let next = await source.next(); next.done !== true; next = await source.next()) items.push(next.value);
  return items;
}

function web(items: readonly unknown[], cancel?: (reason: unknown) => void | Promise<void>): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const item of items) controller.enqueue(item);
      if (cancel === undefined) controller.close();
    },
    ...(cancel && { cancel }),
  });
}

/** Not `once` of Node, which hears errors too. */
function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.on('close', resolve));
}

const KINDS: [string, () => unknown][] = [
  ['an array', () => [1, 2, 3]],
  ['promises', () => [1, Promise.resolve(2), Promise.resolve(3)]],
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
  ['a Readable', () => Readable.from([1, 2, 3])],
  ['a Transform', () => Readable.from([1, 2, 3]).pipe(new PassThrough({ objectMode: true }))],
  ['a ReadableStream', () => web([1, 2, 3])],
];

test.each(KINDS)('all items of %s', async (_what, given) => {
  expect(await all(given())).toEqual([1, 2, 3]);
});

test.each([undefined, null, 5, 'text', {}, () => {}])('%p is none', (given) => {
  expect(() => sourceOf(given)).toThrow(TypeError);
});

test.each([5, 'text', undefined, null, true])(
  'an iterator whose next() returns %p fails, and does not run for ever',
  async (result) => {
    const next = jest.fn(() => result);
    await expect(all({ [Symbol.iterator]: () => ({ next }) })).rejects.toThrow(
      `returned ${String(result)}, and no object`,
    );
    await expect(all({ [Symbol.asyncIterator]: () => ({ next }) })).rejects.toThrow(TypeError);
    await expect(all({ [Symbol.asyncIterator]: async () => ({ next }) })).rejects.toThrow(TypeError);
    expect(next).toHaveBeenCalledTimes(2);
  },
);

/** Jest's own copy of `process` hears nothing of these events. */
const outerProcess = (Buffer.constructor as (code: string) => () => NodeJS.Process)('return process')();

test('an async function in place of an iterator fails, and its rejection is handled', async () => {
  const unhandled = jest.fn();
  outerProcess.on('unhandledRejection', unhandled);
  const late = (): Promise<never> => Promise.reject(new Error('late'));
  await expect(all({ [Symbol.iterator]: late })).rejects.toThrow('next is not a function');
  await expect(all({ [Symbol.asyncIterator]: late })).rejects.toThrow('next is not a function');
  await new Promise((resolve) => setImmediate(resolve));
  outerProcess.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test('an iterator is done with whatever counts as true', async () => {
  const results = [{ value: 1 }, { done: 0, value: 2 }, { done: 1 }];
  expect(await all({ [Symbol.iterator]: () => ({ next: () => results.shift() }) })).toEqual([1, 2]);
});

test('a web stream that somebody else reads is none', () => {
  const stream = web([1]);
  stream.getReader();
  expect(() => sourceOf(stream)).toThrow('locked');
});

test('a promise is none; what it brings is brought to its end, and its failure is heard', async () => {
  const stream = new Readable({ read() {} });
  expect(() => sourceOf(Promise.resolve(stream))).toThrow(TypeError);
  await closed(stream);
  expect(() => sourceOf(Promise.reject(new Error('too late')))).toThrow(TypeError);
});

describe('errors of a source', () => {
  const broken = new Error('broken');

  test.each<[string, () => unknown]>([
    ['a Readable that fails', () => new Readable({ read: (): void => void 0, construct: (done) => done(broken) })],
    ['a Readable that has failed', () => new Readable({ read() {} }).destroy(broken)],
    ['a web stream', () => new ReadableStream({ start: (controller) => controller.error(broken) })],
    ['an iterator', () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(broken) }) })],
    ['an iterator, at once', () => ({ [Symbol.iterator]: () => ({ next: raise }) })],
    ['an iterable', () => ({ [Symbol.asyncIterator]: raise })],
    ['a promise among the items', () => [1, Promise.reject(broken)]],
  ])('is thrown by next: %s', async (_what, given) => {
    await expect(all(given())).rejects.toBe(broken);
  });

  test('a promise that rejects ends the iterator that brought it', async () => {
    let ended = false;
    function* items(): Generator<unknown> {
      try {
        yield Promise.reject(broken);
      } finally {
        ended = true;
      }
    }
    await expect(all(items())).rejects.toBe(broken);
    expect(ended).toBe(true);
  });

  test.each(['taken over', 'returned', 'promised'])('of a stream that is %s and not read is heard', async (how) => {
    const stream = createReadStream('/no/such/file');
    const source = how === 'taken over' ? sourceOf(stream) : undefined;
    if (source === undefined) hearErrors(how === 'returned' ? stream : Promise.resolve(stream));
    await closed(stream);
    const late = source ?? sourceOf(stream);
    await expect(late.next()).rejects.toMatchObject({ code: 'ENOENT' });
    await late.stop();
  });

  function raise(): never {
    throw broken;
  }
});

describe('stop', () => {
  const STREAMS: [string, () => Readable][] = [
    ['a file', () => createReadStream(__filename)],
    ['a missing file', () => createReadStream('/no/such/file')],
    ['a Duplex', () => new Duplex({ read() {}, write() {} })],
    ['one that makes itself from a generator', () => Readable.from([1])],
    ['one that is not destroyed when it ends', () => new Readable({ autoDestroy: false, read() {} })],
  ];

  test.each(STREAMS)(
    'destroys a stream that nobody has read, and waits until it is closed: %s',
    async (_what, make) => {
      const stream = make();
      await sourceOf(stream).stop();
      expect(stream.closed).toBe(true);
    },
  );

  test('destroys a stream that waits for an item, which is the end of that', async () => {
    const stream = new Readable({ read() {} });
    const source = sourceOf(stream);
    const next = source.next();
    await source.stop();
    expect(stream.destroyed).toBe(true);
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test('waits for the generator in a stream', async () => {
    const steps: string[] = [];
    async function* items(): AsyncGenerator<number> {
      try {
        yield 1;
        yield 2;
      } finally {
        await new Promise(setImmediate);
        steps.push('finally');
      }
    }
    const source = sourceOf(Readable.from(items(), { highWaterMark: 1 }));
    await source.next();
    await source.stop();
    expect(steps).toEqual(['finally']);
  });

  test('a stream of another kind need not tell when it is closed', async () => {
    const destroyed = jest.fn();
    const on = jest.fn();
    await sourceOf({ on, destroy: destroyed, [Symbol.asyncIterator]: () => [][Symbol.iterator]() }).stop();
    expect(destroyed).toHaveBeenCalledTimes(1);
    expect(on).toHaveBeenCalledWith('error', expect.any(Function));
  });

  test.each(['that nobody has read', 'that waits for an item'])('cancels a web stream %s', async (when) => {
    const cancelled = jest.fn();
    const source = sourceOf(web([], cancelled));
    const next = when === 'that waits for an item' ? source.next() : undefined;
    await source.stop();
    expect(cancelled).toHaveBeenCalledTimes(1);
    if (next !== undefined) expect(await next).toMatchObject({ done: true });
  });

  test('of a web stream waits for its own cancel, and throws what that throws', async () => {
    const broken = new Error('broken');
    await expect(sourceOf(web([], () => Promise.reject(broken))).stop()).rejects.toBe(broken);
  });

  test('returns an iterator, also one that was not begun', async () => {
    const returned = jest.fn();
    const iterable = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: returned }) };
    await sourceOf(iterable).stop();
    const source = sourceOf(iterable);
    void source.next();
    await source.stop();
    expect(returned).toHaveBeenCalledTimes(2);
    await sourceOf([1]).stop();
  });

  test.each([
    ['later', Symbol.asyncDispose],
    ['at once', Symbol.dispose],
  ])('disposes of what was not begun and can be, %s, and returns it after that', async (_when, symbol) => {
    const calls: string[] = [];
    const cursor = {
      [symbol]: () => void calls.push('disposed'),
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: 1 }),
        return: () => Promise.resolve(calls.push('returned')),
      }),
    };
    await sourceOf(cursor).stop();
    expect(calls).toEqual(['disposed']);
    const source = sourceOf(cursor);
    await source.next();
    await source.stop();
    expect(calls).toEqual(['disposed', 'returned']);
  });
});
