import { Connection, OnClose, OnError, OnMessage, OnOpen, refuse, WebSocketPath } from '../../src';
import { NO_REPLY } from '../../src/messages';
import { compileInvoke, Pipeline, type Stage } from '../../src/binding/pipeline';
import { connect, start } from '../support/app';
import { deferred } from '../support/engine';
import { guard, interceptor, thrower } from '../support/uses';

class NotFound extends Error {}
class RoomNotFound extends NotFound {}

test.each([
  [
    'throws',
    (): unknown => {
      throw new Error('secret');
    },
  ],
  ['rejects', (): unknown => Promise.reject(new Error('secret'))],
  [
    'throws what is no error',
    (): unknown => {
      throw 'secret';
    },
  ],
  ['rejects with nothing', (): unknown => Promise.reject(undefined)],
])('a handler that %s closes with 1011, is logged, and tells the peer nothing', async (_how, method) => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    any(): unknown {
      return method();
    }
  }
  const app = await start([Controller]);
  const [client, neighbour] = [await connect(app, '/'), await connect(app, '/')];
  client.send('x');
  expect(await client.closed).toEqual({ code: 1011, reason: 'internal error' });
  expect(app.log.lines).toContain('error Controller.any failed');
  expect(neighbour.socket.readyState).toBe(neighbour.socket.OPEN);
});

test('@OnError takes what a handler throws, the most specific class first; its answer is sent', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(message: string): never {
      if (message === 'room') throw new RoomNotFound('r');
      if (message === 'thing') throw new NotFound('t');
      if (message === 'type') throw new TypeError('y');
      throw 'a string';
    }

    @OnError()
    any(error: unknown): string {
      return `any: ${String(error)}`;
    }

    @OnError(NotFound)
    missing(error: NotFound, connection: Connection): string {
      return `missing: ${error.message} ${connection.path}`;
    }

    @OnError(RoomNotFound)
    async room(error: RoomNotFound): Promise<string> {
      return `room: ${error.message}`;
    }
  }
  const app = await start([Controller]);
  const client = await connect(app, '/');
  expect(await client.ask('room')).toBe('room: r');
  expect(await client.ask('thing')).toBe('missing: t /');
  expect(await client.ask('type')).toBe('any: TypeError: y');
  expect(await client.ask('other')).toBe('any: a string');
  expect(app.log.lines).toEqual([]);
});

test('an error that no @OnError takes closes with 1011', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    any(): never {
      throw new TypeError('not mine');
    }

    @OnError(NotFound)
    missing(): string {
      return 'missing';
    }
  }
  const app = await start([Controller]);
  const client = await connect(app, '/');
  client.send('x');
  expect((await client.closed).code).toBe(1011);
});

test('an @OnError that fails itself passes on to the next; when all fail, both are logged and it is 1011', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(message: string): never {
      throw message === 'room' ? new RoomNotFound('original') : new Error('original');
    }

    @OnError(RoomNotFound)
    async room(): Promise<never> {
      throw new Error('handler of rooms broke');
    }

    @OnError(NotFound)
    missing(): string {
      return 'handled after all';
    }

    @OnError()
    any(): never {
      throw new Error('last handler broke');
    }
  }
  const app = await start([Controller]);
  const client = await connect(app, '/');
  expect(await client.ask('room')).toBe('handled after all');
  client.send('x');
  expect((await client.closed).code).toBe(1011);
  expect(app.log.errors.map((error) => (error as Error).message)).toEqual([
    'handler of rooms broke',
    'last handler broke',
    'original',
  ]);
});

test.each([
  ['sync', false],
  ['async', true],
])('%s failures of @OnOpen reach @OnError, else close with 1011', async (_how, later) => {
  const opened = deferred();
  @WebSocketPath('/handled')
  class Handled {
    @OnOpen()
    open(): unknown {
      if (later) return Promise.reject(new Error('open failed'));
      throw new Error('open failed');
    }

    @OnError()
    failed(error: Error): string {
      return error.message;
    }
  }
  @WebSocketPath('/bare')
  class Bare {
    @OnOpen()
    open(): unknown {
      opened.resolve();
      if (later) return Promise.reject(new Error('open failed'));
      throw new Error('open failed');
    }
  }
  const app = await start([Handled, Bare]);
  expect(await (await connect(app, '/handled')).receive()).toBe('open failed');
  expect((await (await connect(app, '/bare')).closed).code).toBe(1011);
});

test('a failure of @OnClose is logged, and the process lives', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnClose()
    async bye(): Promise<never> {
      throw new Error('bye failed');
    }
  }
  const app = await start([Controller]);
  const client = await connect(app, '/');
  client.socket.close();
  await client.closed;
  while (app.log.lines.length === 0) await new Promise(setImmediate);
  expect(app.log.lines).toEqual(['error Controller.bye failed']);
});

test('10,000 throws, rejections and handlers that never settle: no unhandled rejection, neighbours served', async () => {
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  @WebSocketPath('/', { concurrency: 64 })
  class Controller {
    private calls = 0;
    @OnMessage()
    text(message: string): unknown {
      if (message === 'ping') return 'pong';
      switch (this.calls++ % 2) {
        case 0:
          throw new Error('thrown');
        default:
          return Promise.reject(new Error('rejected'));
      }
    }
    @OnMessage()
    binary(_message: Uint8Array): Promise<never> {
      return new Promise(() => {});
    }
    @OnError()
    ignore(): void {}
  }
  const app = await start([Controller]);
  const [client, stuck, neighbour] = [await connect(app, '/'), await connect(app, '/'), await connect(app, '/')];
  for (let i = 0; i < 10_000; i++) {
    client.send('x');
    stuck.send(Buffer.from('x'));
  }
  expect(await client.ask('ping')).toBe('pong');
  expect(await neighbour.ask('ping')).toBe('pong');
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

describe('what is synchronous makes no promise', () => {
  class Controller {}
  const sent: unknown[] = [];
  const connection = { send: (message: unknown) => sent.push(message), path: '/' } as unknown as Connection;
  const around = {
    guards: [guard(() => true), guard(() => true)],
    interceptors: [interceptor((_context, next) => `(${String(next())})`)],
  };
  const stage = (more: Partial<Stage> = {}): Stage => ({
    controller: Controller,
    kind: 'message',
    method: 'text',
    call: (_connection, body) => body,
    guards: [],
    interceptors: [],
    errorHandlers: [],
    ...more,
  });
  const pipeline = new Pipeline(thrower(new Error('nothing is reported here')));

  test('without guards and interceptors, a call is called as it is', () => {
    const bare = stage();
    expect(compileInvoke(bare)).toBe(bare.call);
  });

  test.each<[string, Partial<Stage>, unknown]>([
    ['a method', {}, 'x'],
    ['a method behind guards and interceptors', around, '(x)'],
    ['a method that returns nothing', { call: () => undefined }, undefined],
  ])('%s', (_what, more, expected) => {
    sent.length = 0;
    expect(pipeline.compile(stage(more))(connection, 'x', NO_REPLY)).toBeUndefined();
    expect(sent).toEqual(expected === undefined ? [] : [expected]);
  });

  test('an upgrade, accepted or refused', () => {
    const verdictOf = (value: unknown) => ({ value });
    const decide = (call: Stage['call']) =>
      pipeline.compileUpgrade(stage({ kind: 'upgrade' }), compileInvoke(stage({ ...around, call })), verdictOf);
    expect(decide(() => 'yes')(connection)).toEqual({ value: '(yes)' });
    const refusal = refuse(418);
    expect(decide(thrower(refusal))(connection)).toBe(refusal);
  });
});
