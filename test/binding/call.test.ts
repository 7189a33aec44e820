import type { Connection } from '../../src/engine';
import { compileCall, type InstanceOf } from '../../src/binding/call';
import { readBody, readConnection, type Reader } from '../../src/binding/parameters';

const connection = { id: 'c' } as Connection;
const seven: Reader = () => 7;

class Target {
  readonly self = this;

  method(...args: unknown[]): unknown[] {
    return [this === this.self, ...args];
  }
}

test.each<[string, Reader[], unknown[]]>([
  ['nothing', [], []],
  ['the body', [readBody], ['b']],
  ['the connection', [readConnection], [connection]],
  ['something else', [seven], [7]],
  ['body, connection', [readBody, readConnection], ['b', connection]],
  ['connection, body', [readConnection, readBody], [connection, 'b']],
  ['body, something', [readBody, seven], ['b', 7]],
  ['three', [seven, readBody, readConnection], [7, 'b', connection]],
  ['five', [seven, readBody, readConnection, seven, seven], [7, 'b', connection, 7, 7]],
])('a method that takes %s', (_what, readers, expected) => {
  expect(compileCall(new Target(), 'method', { readers, mayWait: false })(connection, 'b')).toEqual([
    true,
    ...expected,
  ]);
});

const later: Reader = (_connection, body) => Promise.resolve(`${String(body)} later`);
const fails: Reader = () => Promise.reject(new Error('refused later'));
const throws: Reader = () => {
  throw new Error('refused at once');
};

describe.each<[string, InstanceOf]>([
  ['of the one instance', new Target()],
  ['of the instance of the connection', (): Target => new Target()],
])('a method %s', (_what, target) => {
  const call = (...readers: Reader[]): unknown => {
    return compileCall(target, 'method', { readers, mayWait: true })(connection, 'b');
  };

  test('is called at once when its arguments are there', () => {
    expect(call(readBody, seven, readConnection)).toEqual([true, 'b', 7, connection]);
    expect(call()).toEqual([true]);
  });

  test('is called when all of its arguments are there', async () => {
    const called = call(later, seven, later);
    expect(called).toBeInstanceOf(Promise);
    expect(await called).toEqual([true, 'b later', 7, 'b later']);
  });

  test('is not called when an argument is refused, at once or later', async () => {
    expect(() => call(seven, throws)).toThrow('refused at once');
    await expect(call(later, fails)).rejects.toThrow('refused later');
  });

  test('leaves no rejection unhandled, for which jest would fail this test', async () => {
    expect(() => call(fails, fails, throws)).toThrow('refused at once');
    await expect(call(fails, fails)).rejects.toThrow('refused later');
    // they are reported when the microtasks are done
    await new Promise((resolve) => setImmediate(resolve));
  });
});

test('each connection has its own instance, looked up at each call', () => {
  const instances = new Map([new Target(), new Target()].map((instance, index) => [`c${index}`, instance]));
  class Self extends Target {
    override method(): unknown[] {
      return [this];
    }
  }
  instances.set('c2', new Self());
  const call = compileCall(({ id }: Connection) => instances.get(id)!, 'method', { readers: [], mayWait: false });
  expect(call({ id: 'c0' } as Connection, '')).toEqual([true]);
  expect(call({ id: 'c2' } as Connection, '')).toEqual([instances.get('c2')]);
});

test.each([0, 1, 2, 3, 4])('what a method with %d parameters throws is thrown', (count) => {
  const target = {
    method: (...args: unknown[]) => {
      throw new Error(`broken by ${args.length}`);
    },
  };
  const call = compileCall(target, 'method', { readers: Array<Reader>(count).fill(seven), mayWait: false });
  expect(() => call(connection, '')).toThrow(`broken by ${count}`);
});

test('parameters are read in their order, and no more once one is refused', () => {
  const read: number[] = [];
  const reader =
    (index: number): Reader =>
    () =>
      read.push(index);
  for (const mayWait of [false, true]) {
    const readers = [reader(0), reader(1), throws, reader(3)];
    const call = compileCall(new Target(), 'method', { readers, mayWait });
    expect(() => call(connection, '')).toThrow('refused at once');
  }
  expect(read).toEqual([0, 1, 0, 1]);
});
