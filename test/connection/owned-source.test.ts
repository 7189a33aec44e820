import { ConnectionClosedError } from '../../src';
import { OwnedSources, type OwnedSource } from '../../src/connection/owned-source';
import { deferred } from '../support/engine';

const failures: unknown[] = [];
beforeEach(() => void (failures.length = 0));

function own(given: unknown) {
  const sources = new OwnedSources();
  const source = sources.own<unknown>(given, (error) => failures.push(error));
  return { sources, source };
}

async function all(source: OwnedSource<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** Waits for ever. */
const silent = { next: () => new Promise<never>(() => {}) };

test('it gives all items, and has ended then', async () => {
  const { sources, source } = own([1, 2, 3]);
  expect(sources.untilEnded()).toBeInstanceOf(Promise);
  expect(await all(source)).toEqual([1, 2, 3]);
  expect(sources.untilEnded()).toBeUndefined();
});

test('between items others have a turn', async () => {
  const { source } = own([1, 2]);
  let turns = 0;
  const at: number[] = [];
  setImmediate(() => turns++);
  for await (const item of source) at.push(turns * 10 + (item as number));
  expect(at).toEqual([1, 12]);
});

test('its failure is thrown, and ends it without return()', async () => {
  const returned = jest.fn();
  const failing = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('broke')), return: returned }),
  };
  const { sources, source } = own(failing);
  await expect(all(source)).rejects.toThrow('broke');
  expect(sources.untilEnded()).toBeUndefined();
  sources.release();
  expect(returned).not.toHaveBeenCalled();
  expect(failures).toEqual([]);
});

test('leaving the loop releases the source', async () => {
  const ended = deferred();
  function* items(): Generator<number> {
    try {
      yield 1;
      yield 2;
    } finally {
      ended.resolve();
    }
  }
  const { sources, source } = own(items());
  for await (const item of source) if (item === 1) break;
  await ended.promise;
  await sources.untilEnded();
});

describe('released', () => {
  test('while it waits for an item, `next` ends at once, and the source when it can', async () => {
    const steps: string[] = [];
    const gate = deferred();
    async function* items(): AsyncGenerator<number> {
      try {
        await gate.promise;
        yield 1;
      } finally {
        steps.push('finally');
      }
    }
    const { sources, source } = own(items());
    const items$ = all(source);
    await new Promise(setImmediate);
    sources.release();
    expect(await items$).toEqual([]);
    const ended = sources.untilEnded()!.then(() => steps.push('ended'));
    await new Promise(setImmediate);
    expect(steps).toEqual([]);
    gate.resolve();
    await ended;
    expect(steps).toEqual(['finally', 'ended']);
  });

  test('before it was begun, it is told with return() and gives nothing', async () => {
    const next = jest.fn();
    const returned = jest.fn();
    const { sources, source } = own({ [Symbol.asyncIterator]: () => ({ next, return: returned }) });
    source.release();
    source.release();
    expect(await all(source)).toEqual([]);
    await sources.untilEnded();
    expect(next).not.toHaveBeenCalled();
    expect(returned).toHaveBeenCalledTimes(1);
  });

  test('between two items, it gives no other', async () => {
    const { sources, source } = own([1, 2]);
    await source.next();
    const second = source.next();
    sources.release();
    expect(await second).toEqual({ done: true, value: undefined });
  });

  test('with one that never ends, the others have ended', async () => {
    const { sources } = own({ [Symbol.asyncIterator]: () => ({ ...silent, return: () => new Promise(() => {}) }) });
    const gate = deferred();
    sources.own({ [Symbol.asyncIterator]: () => ({ ...silent, return: () => gate.promise }) }, () => {});
    sources.release();
    const ended = jest.fn();
    void sources.untilEnded()!.then(ended);
    gate.resolve();
    await new Promise(setImmediate);
    expect(ended).not.toHaveBeenCalled();
  });

  const broken = new Error('broken');

  test.each<[string, unknown, unknown[]]>([
    ['what its return throws', broken, [broken]],
    ['no abort', new DOMException('aborted', 'AbortError'), []],
    ['nor the end of the connection', new ConnectionClosedError(), []],
  ])('it tells %s', async (_what, error, expected) => {
    const { sources } = own({
      [Symbol.asyncIterator]: () => ({ ...silent, return: () => Promise.reject(error) }),
    });
    sources.release();
    await sources.untilEnded();
    expect(failures).toEqual(expected);
  });

  test('it tells what the item that was waited for has become, where that is a failure', async () => {
    const gate = deferred<never>();
    const { sources, source } = own({ [Symbol.asyncIterator]: () => ({ next: () => gate.promise }) });
    const waiting = source.next();
    await new Promise(setImmediate);
    sources.release();
    expect(await waiting).toMatchObject({ done: true });
    gate.reject(broken);
    await new Promise(setImmediate);
    expect(failures).toEqual([broken]);
  });
});

test.each([undefined, null, 5, 'text', {}])('%p is no source', (given) => {
  expect(() => own(given)).toThrow(TypeError);
});
