import { allOf } from '../../src/connection/observers';
import type { Connection, Observer } from '../../src/engine';

const connection = {} as Connection;

test('a report goes to all who hear it, as methods of their own', () => {
  const heard: string[] = [];
  class Counting implements Observer {
    constructor(private readonly name: string) {}

    opened(): void {
      heard.push(this.name);
    }
  }
  allOf([new Counting('a'), {}, new Counting('b')]).opened?.(connection);
  expect(heard).toEqual(['a', 'b']);
});

test('reports that nobody hears are not there to be made', () => {
  expect(Object.keys(allOf([{ opened() {} }, { failed() {} }]))).toEqual(['opened', 'failed']);
});

test('one that throws is told to the first, and the others hear the report all the same', () => {
  const failures: [unknown, string][] = [];
  const heard: string[] = [];
  const error = new Error('no room for a counter');
  const all = allOf([
    { failed: (thrown, where) => void failures.push([thrown, where]) },
    {
      received() {
        throw error;
      },
    },
    { received: () => void heard.push('received') },
  ]);
  all.received?.(connection, 1);
  expect(failures).toEqual([[error, 'an observer (received)']]);
  expect(heard).toEqual(['received']);
});

test('a log that cannot be written stops nobody', () => {
  const heard: string[] = [];
  const broken = (): never => {
    throw new Error('no space left on device');
  };
  const all = allOf([
    { failed: broken, opened: broken },
    { failed: (_, where) => void heard.push(where) },
    { opened: broken },
  ]);
  all.opened?.(connection);
  all.failed?.(new Error('in a handler'), 'Chat.say');
  expect(heard).toEqual(['Chat.say']);
});

test('one whose promise rejects, or is none after all, is told to the first', async () => {
  const failures: [unknown, string][] = [];
  const error = new Error('no room for a counter');
  const all = allOf([
    { failed: (thrown, where) => void failures.push([thrown, where]) },
    { opened: (): unknown => Promise.reject(error) },
    {
      opened: (): unknown => ({
        then() {
          throw error;
        },
      }),
    },
  ] as Observer[]);
  all.opened?.(connection);
  await new Promise(setImmediate);
  expect(failures).toEqual([
    [error, 'an observer (opened)'],
    [error, 'an observer (opened)'],
  ]);
});

test('a first one whose telling rejects is told of nothing more', async () => {
  let calls = 0;
  const all = allOf([{ failed: (): unknown => Promise.reject(new Error(String(++calls))) }]);
  all.failed?.(new Error('in a handler'), 'Chat.say');
  await new Promise(setImmediate);
  expect(calls).toBe(2);
});

test('a joined observer is not guarded twice', () => {
  const joined = allOf([{ opened() {} }, { failed() {} }]);
  expect(allOf([joined])).toBe(joined);
});
