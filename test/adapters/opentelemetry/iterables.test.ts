import { AsyncLocalStorage } from 'node:async_hooks';
import { isAsyncIterable, within } from '../../../src/adapters/opentelemetry/iterables';
import { thrower } from '../../support/uses';

const storage = new AsyncLocalStorage<boolean>();

afterAll(() => storage.disable());
const run = <T>(call: () => T): T => storage.run(true, call);
const inside = (): boolean => storage.getStore() === true;

const ends: unknown[][] = [];
const ended = (...error: unknown[]): void => void ends.push(error);
beforeEach(() => void (ends.length = 0));

test.each<[string, unknown, boolean]>([
  ['an async generator', (async function* () {})(), true],
  ['an array', [1], false],
  ['a text', 'x', false],
  ['null', null, false],
  ['nothing', undefined, false],
])('%s', (_what, value, expected) => {
  expect(isAsyncIterable(value)).toBe(expected);
});

test('each item is made inside, and the end is told once', async () => {
  const where: boolean[] = [];
  async function* items() {
    where.push(inside());
    yield 1;
    where.push(inside());
    yield 2;
    where.push(inside());
  }
  const seen: unknown[] = [];
  for await (const item of within(run, items(), ended)) seen.push(item);
  expect(seen).toEqual([1, 2]);
  expect(where).toEqual([true, true, true]);
  expect(ends).toEqual([[undefined]]);
});

test('whoever takes no more of it ends it, and what it does then is inside too', async () => {
  const where: boolean[] = [];
  async function* items() {
    try {
      yield 1;
      yield 2;
    } finally {
      where.push(inside());
    }
  }
  for await (const item of within(run, items(), ended)) {
    expect(item).toBe(1);
    break;
  }
  expect(where).toEqual([true]);
  expect(ends).toEqual([[undefined]]);
});

test('one that cannot be ended early is ended all the same', async () => {
  const endless = { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false, value: 1 }) }) };
  const iterator = within(run, endless, ended)[Symbol.asyncIterator]();
  await iterator.next();
  expect(await iterator.return?.('x')).toEqual({ done: true, value: 'x' });
  expect(ends).toEqual([[undefined]]);
});

const error = new Error('boom');

test.each<[string, AsyncIterable<unknown>]>([
  [
    'at an item',
    (async function* () {
      yield await Promise.reject<unknown>(error);
    })(),
  ],
  ['before the first', { [Symbol.asyncIterator]: thrower(error) }],
])('what it throws is told and thrown: %s', async (_when, iterable) => {
  const iterator = within(run, iterable, ended)[Symbol.asyncIterator]();
  await expect(iterator.next()).rejects.toBe(error);
  expect(ends).toEqual([[error]]);
});

test('what it throws when it is ended', async () => {
  async function* items() {
    try {
      yield 1;
    } finally {
      // eslint-disable-next-line no-unsafe-finally -- this is what is tried
      throw error;
    }
  }
  const iterator = within(run, items(), ended)[Symbol.asyncIterator]();
  await iterator.next();
  await expect(iterator.return?.()).rejects.toBe(error);
  expect(ends).toEqual([[error]]);
});
