import { Connection, OnMessage, OnOpen, WebSocketPath } from '../../src';
import { connect, start } from '../support/app';
import { deferred } from '../support/engine';

async function answerTo(method: () => unknown): Promise<string | Buffer> {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    any(): unknown {
      return method();
    }
  }
  const client = await connect(await start([Controller]), '/');
  return client.ask('go');
}

test.each<[string, () => unknown, unknown]>([
  ['a string', () => 'hé', 'hé'],
  ['an empty string', () => '', ''],
  ['zero', () => 0, '0'],
  ['false', () => false, 'false'],
  ['an object', () => ({ a: [1, 'é'] }), '{"a":[1,"é"]}'],
  ['an array', () => [1, 2], '[1,2]'],
  ['a Uint8Array', () => new Uint8Array([1, 2]), Buffer.from([1, 2])],
  ['an ArrayBuffer', () => new Uint8Array([3]).buffer, Buffer.from([3])],
  ['a promise of a string', () => Promise.resolve('later'), 'later'],
  ['a promise of bytes', async () => Buffer.from([4]), Buffer.from([4])],
  ['a promise of an async iterable', async () => items(['x']), 'x'],
  ['a thenable', () => ({ then: (resolve: (value: string) => void) => resolve('thenable') }), 'thenable'],
])('%s is sent', async (_what, method, expected) => {
  expect(await answerTo(method)).toEqual(expected);
});

async function* items(values: unknown[]): AsyncGenerator {
  for (const value of values) {
    await new Promise(setImmediate);
    yield value;
  }
}

test('nothing is sent for undefined, null, and promises of them', async () => {
  const values: unknown[] = [undefined, null, Promise.resolve(), Promise.resolve(null), 'end'];
  expect(await answerTo(() => items(values))).toBe('end');
});

test('each item of an async iterable is sent as what it is', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    any(): AsyncIterable<unknown> {
      return items(['a', { b: 1 }, Buffer.from([1]), 2]);
    }
  }
  const client = await connect(await start([Controller]), '/');
  expect(await client.ask('go')).toBe('a');
  expect(await client.receive()).toBe('{"b":1}');
  expect(await client.receive()).toEqual(Buffer.from([1]));
  expect(await client.receive()).toBe('2');
});

test('an async iterable runs beside the next messages, and is given up when the connection closes', async () => {
  const returned = deferred();
  // one tick, and then it waits for what never comes
  class Ticks implements AsyncIterable<string>, AsyncIterator<string> {
    private count = 0;
    [Symbol.asyncIterator](): this {
      return this;
    }
    next(): Promise<IteratorResult<string>> {
      return this.count++ === 0 ? Promise.resolve({ value: 'tick', done: false }) : new Promise(() => {});
    }
    return(): Promise<IteratorResult<string>> {
      returned.resolve();
      return Promise.resolve({ value: undefined, done: true });
    }
  }
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(message: string): unknown {
      return message === 'ticks' ? new Ticks() : 'beside';
    }
  }
  const client = await connect(await start([Controller]), '/');
  expect(await client.ask('ticks')).toBe('tick');
  expect(await client.ask('other')).toBe('beside');
  client.socket.terminate();
  await returned.promise;
});

test('an async iterable that throws closes with 1011, after what it gave', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    async *any(): AsyncGenerator<string> {
      yield 'one';
      await new Promise(setImmediate);
      throw new Error('source broke');
    }
  }
  const app = await start([Controller]);
  const client = await connect(app, '/');
  expect(await client.ask('go')).toBe('one');
  expect((await client.closed).code).toBe(1011);
  expect(app.log.lines).toContain('error Controller.any failed');
});

test('64 iterables run at once; the next handler settles when a place is free', async () => {
  const begun: (() => void)[] = [];
  const handled: string[] = [];
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(message: string): unknown {
      handled.push(message);
      return message === 'last' ? 'last' : endless();
    }
  }
  function endless(): AsyncIterable<string> {
    const end = deferred();
    return {
      async *[Symbol.asyncIterator]() {
        begun.push(end.resolve);
        await end.promise;
        yield 'ended';
      },
    };
  }
  const client = await connect(await start([Controller]), '/');
  for (let i = 0; i < 65; i++) client.send(String(i));
  client.send('last');
  while (handled.length < 65) await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(begun).toHaveLength(64);
  expect(handled).not.toContain('last');
  begun[0]!();
  expect(await client.receive()).toBe('ended');
  expect(await client.receive()).toBe('last');
  expect(begun).toHaveLength(65);
});

test('what cannot be sent is the handler’s failure', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    any(): unknown {
      return () => {};
    }
  }
  const app = await start([Controller]);
  const client = await connect(app, '/');
  client.send('x');
  expect((await client.closed).code).toBe(1011);
  expect(app.log.errors[0]).toEqual(new TypeError('a handler returned a function, which cannot be sent'));
});

test('what @OnOpen returns is the greeting', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnOpen()
    async greet(connection: Connection): Promise<string> {
      return `hello ${connection.path}`;
    }
  }
  const client = await connect(await start([Controller]), '/');
  expect(await client.receive()).toBe('hello /');
});
