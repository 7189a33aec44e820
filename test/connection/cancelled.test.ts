import { exec } from 'node:child_process';
import { EventEmitter, on, once } from 'node:events';
import { createServer } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { scheduler, setInterval as interval, setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  Catch,
  Connection,
  ConnectionClosedError,
  IncompleteMessageError,
  MessageStream,
  OnClose,
  OnMessage,
  OnOpen,
  OnUpgrade,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Context,
  type Guard,
  type Interceptor,
  type PortalOptions,
} from '../../src';
import { isCancelled } from '../../src/connection/cancelled';
import { MemoryLogger, start } from '../support/app';
import { deferred, startEngine } from '../support/engine';
import { opened as listening, portOf } from '../support/foreign';
import { text } from '../support/frames';
import { Http2Client } from '../support/http2-client';
import { dial, gone, LAYERS } from '../support/layers';
import { RawClient } from '../support/raw-client';
import { serve, settled } from '../support/serve';
import { logObserver } from '../../src/app/log-observer';

const HOUR = 3_600_000;

/** What awaits something until its client leaves. `silent`: the URL of a server that answers nothing. */
type Way = (connection: Connection, silent: string) => unknown;

const WAYS: Record<string, Way> = {
  fetch: ({ signal }, silent) => fetch(silent, { signal }),
  'timers/promises': ({ signal }) => wait(HOUR, undefined, { signal }),
  'scheduler.wait': ({ signal }) => scheduler.wait(HOUR, { signal }),
  'setInterval of timers/promises': async ({ signal }) => {
    for await (const tick of interval(HOUR, undefined, { signal })) void tick;
  },
  'events.once': ({ signal }) => once(new EventEmitter(), 'never', { signal }),
  'events.on': async ({ signal }) => {
    for await (const event of on(new EventEmitter(), 'never', { signal })) void event;
  },
  'stream.pipeline': ({ signal }) => pipeline(new PassThrough(), new PassThrough(), { signal }),
  'child_process.exec': ({ signal }) => promisify(exec)('sleep 3600', { signal }),
  throwIfAborted: async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    signal.throwIfAborted();
  },
  'the reason itself': ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  'AbortSignal.any': ({ signal }, silent) =>
    fetch(silent, { signal: AbortSignal.any([signal, new AbortController().signal]) }),
  'what has it for a cause': ({ signal }) =>
    wait(HOUR, undefined, { signal }).catch((cause) => {
      throw new Error('the query failed', { cause });
    }),
  'Promise.any': ({ signal }) =>
    Promise.any([wait(HOUR, undefined, { signal }), once(new EventEmitter(), 'never', { signal })]),
  'connection.ping': (connection) => connection.ping(),
  'connection.request': (connection) => connection.request('ask'),
  'a stream that is destroyed': ({ signal }) => {
    const sink = new PassThrough();
    signal.addEventListener('abort', () => void sink.destroy());
    return pipeline(new PassThrough(), sink);
  },
};

/** Calls a way, and says when it has settled. */
let run: (connection: Connection) => Promise<unknown>;

@WebSocketPath('/event')
class ByEvent {
  @OnMessage('go')
  go(connection: Connection) {
    return run(connection);
  }
}

@WebSocketPath('/plain')
class ByMessage {
  @OnMessage()
  go(_message: string, connection: Connection) {
    return run(connection);
  }
}

@WebSocketPath('/open')
class ByOpen {
  @OnOpen()
  open(connection: Connection) {
    return run(connection);
  }

  @OnMessage()
  message(_message: string) {}
}

@WebSocketPath('/iterable')
class ByIterable {
  @OnMessage()
  async *go(_message: string, connection: Connection) {
    yield 'begun';
    await run(connection);
  }
}

class RunsInterceptor implements Interceptor {
  async intercept({ connection, kind }: Context, next: () => unknown) {
    if (kind === 'message') await run(connection);
    return next();
  }
}

@WebSocketPath('/interceptor')
@UseInterceptors(RunsInterceptor)
class ByInterceptor {
  @OnMessage()
  go(_message: string) {}
}

@Catch()
class RunsFilter {
  catch(_error: unknown, { connection }: Context) {
    return run(connection);
  }
}

@WebSocketPath('/filter')
@UseFilters(RunsFilter)
class ByFilter {
  @OnMessage()
  go(_message: string) {
    throw new Error('taken');
  }
}

@WebSocketPath('/upgrade')
class ByUpgrade {
  @OnUpgrade()
  async up(connection: Connection) {
    await run(connection);
  }

  @OnMessage()
  message(_message: string) {}
}

class RunsGuard implements Guard {
  async canActivate({ connection }: Context) {
    await run(connection);
    return true;
  }
}

@WebSocketPath('/guard')
@UseGuards(RunsGuard)
class ByGuard {
  @OnMessage()
  message(_message: string) {}
}

const AFTER = [ByEvent, ByMessage, ByOpen, ByIterable, ByInterceptor, ByFilter];
const PLACES: [string, boolean][] = [
  ['/event', true],
  ['/plain', true],
  ['/open', true],
  ['/iterable', true],
  ['/interceptor', true],
  ['/filter', true],
  ['/upgrade', false],
  ['/guard', false],
];

/** Lets a client leave while something is at work. Returns what was logged, and which calls failed. */
async function visit(path: string, isOpened: boolean, way: Way, options: PortalOptions = {}) {
  const silent = createServer(() => {});
  const url = `http://127.0.0.1:${portOf(await listening(silent))}`;
  const begun = deferred();
  const done = deferred();
  run = (connection) => {
    const work = Promise.resolve(way(connection, url));
    work.then(
      () => done.resolve(),
      () => done.resolve(),
    );
    begun.resolve();
    return work;
  };
  const failures: unknown[] = [];
  const observer = {
    handled: (_call: unknown, _ms: number, error?: unknown) => void (error !== undefined && failures.push(error)),
  };
  const app = await start([...AFTER, ByUpgrade, ByGuard], { ...options, observers: [observer] });
  const client = await RawClient.connect(app.url);
  client.upgrade(path);
  if (isOpened) {
    await client.answer();
    client.write(text(path === '/event' ? '{"event":"go","id":1}' : 'go'));
  }
  await begun.promise;
  client.destroy();
  await done.promise;
  await settled();
  silent.closeAllConnections();
  // what the filter was given is another's
  const isOther = (error: unknown): boolean => (error as Error).message !== 'taken';
  return { errors: app.log.errors.filter(isOther), failures: failures.filter(isOther) };
}

describe.each(PLACES)('a client that leaves while %s is at work', (path, isOpened) => {
  const ways = Object.entries(WAYS).filter(([name]) => isOpened || !name.startsWith('connection.'));

  test.each(ways)('on %s: no error, neither in the log nor for observers', async (_name, way) => {
    const { errors, failures } = await visit(path, isOpened, way);
    expect(errors).toEqual([]);
    expect(failures).toEqual([]);
  });

  // nobody waits for what an iterable does after its end
  if (path === '/iterable') return;
  test.each<[string, Way]>([
    [
      'a mistake',
      async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw new TypeError('a mistake');
      },
    ],
    [
      'a time-out of its own',
      async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw new DOMException('too slow', 'TimeoutError');
      },
    ],
  ])('%s is one all the same', async (_name, way) => {
    const { errors } = await visit(path, isOpened, way);
    expect(errors).toHaveLength(1);
  });
});

test('work that is given up while the client is there is an error', async () => {
  const app = await serve([ByEvent]);
  run = () => wait(HOUR, undefined, { signal: AbortSignal.abort() });
  const client = await app.connect('/event');
  await expect(client.request('go')).rejects.toMatchObject({ code: 'internal_error' });
  expect(app.log.errors).toHaveLength(1);
});

test.each<[string, Way]>([
  ['request', (connection) => void connection.request('ask')],
  ['ping', (connection) => void connection.ping()],
  ['request of one that has gone', (connection) => (connection.terminate(), void connection.request('ask'))],
])('a %s that nobody awaits ends no process', async (_what, way) => {
  const { errors } = await visit('/plain', true, way);
  expect(errors).toEqual([]);
});

test('work that @OnClose begins with the signal of the connection never begins: that is an error', async () => {
  @WebSocketPath('/')
  class Late {
    @OnMessage()
    message(_message: string) {}

    @OnClose()
    async bye({ signal }: Connection) {
      await wait(HOUR, undefined, { signal });
    }
  }
  const app = await serve([Late]);
  await (await app.connect('/')).close();
  await settled();
  expect(app.log.errors).toHaveLength(1);
});

describe('an upload that is broken off', () => {
  const READERS: Record<string, (message: MessageStream) => unknown> = {
    'with for await': async (message) => {
      for await (const chunk of message) void chunk;
    },
    'by a pipeline': (message) => pipeline(Readable.from(message), new PassThrough().resume()),
    'and gives it a cause': async (message) => {
      try {
        for await (const chunk of message) void chunk;
      } catch (cause) {
        throw new Error('the file is incomplete', { cause });
      }
    },
  };

  test.each(
    Object.entries(LAYERS).flatMap(([name, layer]) =>
      Object.entries(READERS).map(([how, read]) => [how, name, layer, read] as const),
    ),
  )('is no error where it is read %s, over %s', async (_how, _name, { options, open }, read) => {
    const begun = deferred();
    const done = deferred();

    @WebSocketPath('/')
    class Upload {
      @OnMessage()
      async take(message: MessageStream) {
        begun.resolve();
        try {
          return await read(message);
        } finally {
          done.resolve();
        }
      }
    }
    const app = await start([Upload], { ...options });
    const socket = await dial({ port: app.port });
    const client = await open(socket);
    client.write(text('half of it', { fin: false }));
    await begun.promise;
    socket.destroy();
    await done.promise;
    await settled();
    expect(app.log.errors).toEqual([]);
  });
});

test.each(Object.entries(LAYERS))('hooks of an engine without controllers, over %s', async (name, layer) => {
  const begun = [deferred(), deferred()];
  const done = [deferred(), deferred()];
  const log = new MemoryLogger();
  const waiting = async (index: number, { signal }: Connection): Promise<undefined> => {
    begun[index]!.resolve();
    return wait(HOUR, undefined, { signal }).finally(() => done[index]!.resolve());
  };
  let isFirst = true;
  const engine = await startEngine(
    [
      {
        path: '/',
        upgrade: (connection) => {
          if (isFirst) return undefined;
          return waiting(1, connection);
        },
        text: async (connection) => waiting(0, connection),
      },
    ],
    { ...layer.options, observer: logObserver(log) },
  );
  const first = await dial(engine);
  (await layer.open(first)).write(text('x'));
  await begun[0]!.promise;
  isFirst = false;
  const stream = await layer.reach(await dial(engine));
  if (name.startsWith('HTTP/2')) {
    const client = await Http2Client.connect('ws://localhost', { createConnection: () => stream });
    client.connect('/').catch(() => {});
  } else RawClient.over(stream).upgrade('/');
  await begun[1]!.promise;
  first.destroy();
  stream.destroy();
  await Promise.all([...done.map(({ promise }) => promise), gone(stream)]);
  await settled();
  expect(log.errors).toEqual([]);
});

describe('cancelled work', () => {
  const aborted = { state: 'closed', signal: AbortSignal.abort(), hasTold: () => false } as const;

  test.each<[string, unknown]>([
    ['the reason', aborted.signal.reason],
    ['a ConnectionClosedError', new ConnectionClosedError()],
    ['an IncompleteMessageError', new IncompleteMessageError()],
    ['an AbortError of any kind', Object.assign(new Error('x'), { name: 'AbortError' })],
    ['a code of Node', Object.assign(new Error('x'), { code: 'ABORT_ERR' })],
    ['a code of axios', Object.assign(new Error('x'), { code: 'ERR_CANCELED' })],
    ['a cause of a cause', new Error('x', { cause: new Error('y', { cause: aborted.signal.reason }) })],
    ['several', new AggregateError([new ConnectionClosedError(), aborted.signal.reason])],
  ])('%s', (_what, error) => {
    expect(isCancelled(error, aborted)).toBe(true);
    expect(isCancelled(error, { ...aborted, state: 'open' })).toBe(false);
    expect(isCancelled(error, { ...aborted, hasTold: (told) => told === error })).toBe(false);
    expect(isCancelled(error, { ...aborted, signal: new AbortController().signal })).toBe(false);
  });

  const circle = new Error('x');
  circle.cause = circle;

  test.each<[string, unknown]>([
    ['another error', new Error('x')],
    ['a time-out', new DOMException('x', 'TimeoutError')],
    ['several, of which one is another', new AggregateError([new ConnectionClosedError(), new Error('x')])],
    ['none of several', new AggregateError([])],
    ['a circle', circle],
    ['undefined', undefined],
    ['a string', 'AbortError'],
    [
      'what cannot be looked at',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      ),
    ],
  ])('not %s', (_what, error) => {
    expect(isCancelled(error, aborted)).toBe(false);
  });
});
