import { IsInt } from 'class-validator';
import {
  CloseInfo,
  Connection,
  injectable,
  OnClose,
  OnDrain,
  OnError,
  OnMessage,
  OnOpen,
  OnPing,
  OnPong,
  OnUpgrade,
  refuse,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Context,
  type Interceptor,
} from '../../src';
import { compose } from '../../src/binding/interceptors';
import { connect, start } from '../support/app';
import { deferred } from '../support/engine';
import { serve } from '../support/serve';
import { guard, interceptor, thrower } from '../support/uses';

/** Tells when it is entered and left. */
const noting = (calls: string[], name: string): Interceptor =>
  interceptor((_context, next) => {
    calls.push(`> ${name}`);
    const result = next();
    calls.push(`< ${name}`);
    return result;
  });

function eventWith(...interceptors: Interceptor[]) {
  @WebSocketPath('/')
  class Chat {
    calls = 0;
    @UseInterceptors(...interceptors)
    @OnMessage('double')
    double(value: number): number {
      this.calls++;
      if (value < 0) throw new RangeError('negative');
      return value * 2;
    }
    @OnMessage('calls')
    count(): number {
      return this.calls;
    }
  }
  return Chat;
}

test('those of the application stand around those of the class, and those around those of the method', async () => {
  const calls: string[] = [];
  @UseInterceptors(noting(calls, 'class 1'))
  @UseInterceptors(noting(calls, 'class 2'))
  @WebSocketPath('/')
  class Chat {
    @UseInterceptors(noting(calls, 'method 1'), noting(calls, 'method 2'))
    @UseInterceptors(noting(calls, 'method 3'))
    @OnMessage('go')
    go(): string {
      calls.push('go');
      return 'gone';
    }
  }
  const interceptors = [noting(calls, 'application 1'), noting(calls, 'application 2')];
  const app = await serve([Chat], { interceptors });
  expect(await (await app.connect('/')).request('go')).toBe('gone');
  const names = ['application 1', 'application 2', 'class 1', 'class 2', 'method 1', 'method 2', 'method 3'];
  expect(calls).toEqual([...names.map((name) => `> ${name}`), 'go', ...names.reverse().map((name) => `< ${name}`)]);
});

test('they see every kind of hook, with what it is about', async () => {
  const seen: Context[] = [];
  const drained = deferred();
  const closed = deferred();
  class Denied extends Error {}
  @WebSocketPath('/', { limits: { highWaterMarkBytes: 1, maxBufferedBytes: 100_000_000 } })
  class Chat {
    @OnUpgrade()
    enter(): void {}
    @OnOpen()
    open(): void {}
    @OnMessage()
    fill(_message: Uint8Array, connection: Connection): void {
      connection.send(Buffer.alloc(30_000_000));
    }
    @OnMessage('deny')
    deny(): never {
      throw new Denied();
    }
    @OnError(Denied)
    denied(): string {
      return 'denied';
    }
    @OnPing()
    ping(): void {}
    @OnPong()
    pong(): string {
      return 'pong';
    }
    @OnDrain()
    drain(): void {
      drained.resolve();
    }
    @OnClose()
    bye(): void {
      closed.resolve();
    }
  }
  const watch = interceptor((context, next) => (seen.push(context), next()));
  const app = await start([Chat], { interceptors: [watch] });
  const client = await connect(app, '/');
  expect(await client.ask('{"event":"deny","data":1}')).toBe('{"event":"deny","data":"denied"}');
  client.socket.ping('a');
  client.socket.pong('b');
  expect(await client.receive()).toBe('pong');
  client.send(Buffer.from('x'));
  await client.receive();
  await drained.promise;
  client.socket.close(3000, 'bye');
  await closed.promise;
  expect(seen.map(({ connection, ...rest }) => ({ ...rest, path: connection.path }))).toEqual(
    [
      { kind: 'upgrade', method: 'enter' },
      { kind: 'open', method: 'open' },
      { kind: 'message', method: 'deny', event: 'deny', body: 1 },
      { kind: 'error', method: 'denied', event: 'deny', body: new Denied() },
      { kind: 'ping', method: 'ping', body: Buffer.from('a') },
      { kind: 'pong', method: 'pong', body: Buffer.from('b') },
      { kind: 'message', method: 'fill', body: Buffer.from('x') },
      { kind: 'drain', method: 'drain' },
      { kind: 'close', method: 'bye', body: new CloseInfo(3000, 'bye', true) },
    ].map((context) => ({ controller: Chat, path: '/', ...context })),
  );
});

test.each<[string, Interceptor['intercept'], unknown]>([
  ['leave the result', (_context, next) => next(), 6],
  ['change it', (_context, next) => ({ doubled: next() }), { doubled: 6 }],
  ['answer in its place', () => 'no need to ask', 'no need to ask'],
  ['swallow it', (_context, next) => void next(), null],
  ['call the method twice', (_context, next) => [next(), next()], [6, 6]],
  ['wait for it', async (_context, next) => `later ${String(await next())}`, 'later 6'],
  [
    'make a stream of it',
    async function* (_context, next) {
      yield 'first';
      yield next();
    },
    ['first', 6],
  ],
])('one can %s', async (_what, intercept, expected) => {
  const app = await serve([eventWith({ intercept })]);
  expect(await (await app.connect('/')).request('double', 3)).toEqual(expected);
});

test('one that does not call next keeps the method from being called, and one that does so twice calls it twice', async () => {
  const app = await serve([
    eventWith(interceptor(({ body }, next) => (body === 0 ? 'none' : body === 2 ? [next(), next()] : next()))),
  ]);
  const client = await app.connect('/');
  expect(await client.request('double', 0)).toBe('none');
  expect(await client.request('calls')).toBe(0);
  expect(await client.request('double', 2)).toEqual([4, 4]);
  expect(await client.request('calls')).toBe(2);
});

test('one can change the body, which is checked after that', async () => {
  const parse = interceptor((context, next) => {
    context.body = Number(context.body);
    return next();
  });
  class Item {
    @IsInt()
    id!: number;
  }
  @WebSocketPath('/')
  class Shop {
    @UseInterceptors(interceptor((context, next) => ((context.body = { id: context.body }), next())))
    @OnMessage('item')
    item(item: Item): unknown {
      return [item instanceof Item, item.id];
    }
    @UseInterceptors(parse)
    @OnMessage('double')
    double(value: number): number {
      return value * 2;
    }
  }
  const app = await serve([Shop]);
  const client = await app.connect('/');
  expect(await client.request('double', '3')).toBe(6);
  expect(await client.request('item', 5)).toEqual([true, 5]);
  await expect(client.request('item', 'five')).rejects.toMatchObject({
    details: [{ path: 'id', constraints: { isInt: 'id must be an integer number' } }],
  });
});

test('one can measure how long a method takes, until its promise settles', async () => {
  const work = deferred<string>();
  const measured: unknown[] = [];
  let now = 0;
  @WebSocketPath('/')
  class Chat {
    @OnMessage('work')
    work(): Promise<string> {
      return work.promise;
    }
  }
  const timing = interceptor(async ({ event }, next) => {
    const begun = now;
    try {
      return await next();
    } finally {
      measured.push([event, now - begun]);
    }
  });
  const app = await serve([Chat], { interceptors: [timing] });
  const answer = (await app.connect('/')).request('work');
  await app.advance(0);
  now = 250;
  work.resolve('done');
  expect(await answer).toBe('done');
  expect(measured).toEqual([['work', 250]]);
});

test.each<[string, Interceptor['intercept']]>([
  ['throws', thrower(new Error('secret'))],
  ['rejects', () => Promise.reject(new Error('secret'))],
  [
    'throws after the method was called',
    (_context, next) => {
      next();
      throw new Error('secret');
    },
  ],
])('one that %s has failed as the method would have', async (_how, intercept) => {
  const app = await serve([eventWith({ intercept })]);
  const client = await app.connect('/');
  await expect(client.request('double', 3)).rejects.toMatchObject({ code: 'internal_error' });
  expect(app.log.lines).toEqual(['error Chat.double failed']);
  expect(app.log.errors).toEqual([new Error('secret')]);
});

test('one can catch what the method throws, and what is wrong with the body', async () => {
  const errors: unknown[] = [];
  const catching = interceptor((_context, next) => {
    try {
      return next();
    } catch (error) {
      errors.push((error as Error).message);
      return 'caught';
    }
  });
  const app = await serve([eventWith(catching)]);
  const client = await app.connect('/');
  expect(await client.request('double', -1)).toBe('caught');
  expect(await client.request('double', 'three')).toBe('caught');
  expect(errors).toEqual(['negative', 'The message is not valid.']);
});

test('guards are asked first; a message that no method takes passes no interceptor', async () => {
  const calls: string[] = [];
  @WebSocketPath('/')
  class Chat {
    @UseGuards(guard(() => false))
    @OnMessage('join')
    join(): void {}
  }
  const app = await serve([Chat], { interceptors: [noting(calls, 'application')] });
  const client = await app.connect('/');
  await expect(client.request('join')).rejects.toMatchObject({ code: 'forbidden' });
  await expect(client.request('leave')).rejects.toMatchObject({ code: 'unknown_event' });
  expect(calls).toEqual([]);
});

test('around @OnUpgrade, one can decide', async () => {
  @WebSocketPath('/')
  class Chat {
    @UseInterceptors(interceptor(({ connection }, next) => (connection.query.has('bar') ? refuse(418) : next())))
    @OnUpgrade()
    enter(): { protocol: string } {
      return { protocol: 'v1' };
    }
  }
  const app = await serve([Chat]);
  expect((await app.refusal('/?bar')).status).toBe(418);
  expect((await app.connect('/', { protocols: ['v1'] })).protocol).toBe('v1');
});

test('one that is a class is made by the container, once', async () => {
  class Counter {
    count = 0;
  }
  let made = 0;
  @injectable()
  class Counting implements Interceptor {
    constructor(private readonly counter: Counter) {
      made++;
    }
    intercept(_context: Context, next: () => unknown): unknown {
      this.counter.count++;
      return next();
    }
  }
  @WebSocketPath('/')
  class Chat {
    @UseInterceptors(Counting)
    @OnMessage('count')
    count(counter: Counter): number {
      return counter.count;
    }
  }
  const app = await serve([Chat], { providers: [Counter], interceptors: [Counting] });
  expect(await (await app.connect('/')).request('count')).toBe(2);
  expect(made).toBe(1);
});

describe('what `next()` rejects with, where nobody waits for it', () => {
  /** Jest's own copy of `process` hears nothing of these events. */
  const outerProcess = (Buffer.constructor as (code: string) => () => NodeJS.Process)('return process')();
  const unhandled = jest.fn();

  beforeEach(() => void outerProcess.on('unhandledRejection', unhandled));

  afterEach(() => {
    outerProcess.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  const forgetful: [string, Interceptor['intercept']][] = [
    ['returns nothing', (_context, next) => void next()],
    [
      'returns something else',
      (_context, next) => {
        void next();
        return 'else';
      },
    ],
    [
      'throws',
      (_context, next) => {
        void next();
        throw new RangeError('own');
      },
    ],
    ['is asynchronous, and does not await it', async (_context, next) => void next()],
  ];

  test.each(forgetful)('one that %s: it is told', async (_how, intercept) => {
    const unawaited = jest.fn();
    const work = deferred<unknown>();
    const run = compose([{ intercept }], () => work.promise, unawaited);
    const context = {} as Context;
    try {
      await run(context);
    } catch (error) {
      expect(error).toEqual(new RangeError('own'));
    }
    work.reject(new Error('late'));
    await settled();
    expect(unawaited).toHaveBeenCalledTimes(1);
    expect(unawaited).toHaveBeenCalledWith(new Error('late'), context);
  });

  test.each<[string, Interceptor['intercept']]>([
    ['returns it', (_context, next) => next()],
    ['awaits it', async (_context, next) => await next()],
    ['catches it', (_context, next) => (next() as Promise<unknown>).catch(() => 'caught')],
    ['races it', (_context, next) => Promise.race([next(), new Promise(() => {})])],
  ])('one that %s has heard of it', async (_how, intercept) => {
    const unawaited = jest.fn();
    const run = compose([{ intercept }], () => Promise.reject(new Error('late')), unawaited);
    await Promise.allSettled([run({} as Context)]);
    await settled();
    expect(unawaited).not.toHaveBeenCalled();
  });

  test('a thenable that is no promise is not begun twice', async () => {
    const then = jest.fn((resolve: (value: unknown) => void) => resolve('rows'));
    const run = compose([interceptor((_context, next) => next())], () => ({ then }));
    expect(await run({} as Context)).toBe('rows');
    expect(then).toHaveBeenCalledTimes(1);
  });

  test('in an application it is logged with the name of the method', async () => {
    @WebSocketPath('/')
    class Chat {
      @UseInterceptors(interceptor((_context, next) => void next()))
      @OnMessage('work')
      async work(): Promise<void> {
        await Promise.resolve();
        throw new Error('late');
      }
    }
    const app = await serve([Chat]);
    expect(await (await app.connect('/')).request('work')).toBeNull();
    await settled();
    expect(app.log.lines).toEqual(['error Chat.work failed']);
    expect(app.log.errors).toEqual([new Error('late')]);
  });
});

test('compose puts nothing around a call where there is nothing', () => {
  const call = (): number => 1;
  expect(compose([], call)).toBe(call);
});
