import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import {
  Connection,
  MessageStream,
  OnClose,
  OnMessage,
  OnOpen,
  OnUpgrade,
  refuse,
  UseInterceptors,
  WebSocketPath,
  type Application,
  type Context,
} from '../../src';
import { Lifecycle } from 'tsyringe';
import type { Endpoint } from '../../src/engine';
import { openTelemetry } from '../../src/adapters/opentelemetry';
import { start } from '../support/app';
import { deferred, startEngine } from '../support/engine';
import { ManualClock } from '../support/manual-clock';
import { CLOSE, close, continuation, text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { serve, settled } from '../support/serve';
import { closed, overTransports, type Served } from './transports';
import { MIB } from './traffic';

const folder = mkdtempSync(join(tmpdir(), 'portal-'));
const FILE = join(folder, 'download');
writeFileSync(FILE, Buffer.alloc(6 * MIB, 'x'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A source of a stream; `ended` resolves when the source has ended. */
interface Handed {
  readonly source: AsyncIterable<string | Uint8Array>;
  readonly ended: Promise<unknown>;
}

function handed(make: (end: () => void) => unknown): Handed {
  const { promise, resolve } = deferred();
  return { source: make(resolve) as AsyncIterable<Uint8Array>, ended: promise };
}

function fromStream(stream: Readable): Handed {
  return { source: stream, ended: closed(stream) };
}

const CHUNK = Buffer.alloc(64 * 1024, 'x');

const SOURCES: Record<string, () => Handed> = {
  'a file': () => fromStream(createReadStream(FILE)),
  'a missing file': () => fromStream(createReadStream('/no/such/file')),
  'a stream that waits': () => fromStream(new Readable({ read() {} })),
  'a web stream': () =>
    handed((end) => new ReadableStream({ pull: (controller) => controller.enqueue(CHUNK), cancel: end })),
  'a web stream that waits': () => handed((end) => new ReadableStream({ cancel: end })),
  'an iterator': () =>
    handed((end) => ({
      [Symbol.asyncIterator]: () => ({ next: () => ({ done: false, value: CHUNK }), return: end }),
    })),
  'an iterator that waits': () =>
    handed((end) => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: end }) })),
};

type Handler = (connection: Connection, source: () => unknown) => unknown;

/** Ways in which handlers send a source. */
const WAYS: Record<string, Handler> = {
  sent: (connection, source) => connection.sendStream(source() as never),
  'sent when the client has left': async (connection, source) => {
    await left(connection);
    await connection.sendStream(source() as never);
  },
  'sent behind another': (connection, source) => {
    void connection.sendStream(SOURCES['a stream that waits']!().source);
    return connection.sendStream(source() as never);
  },
  returned: (_connection, source) => source(),
  'returned when the client has left': async (connection, source) => {
    await left(connection);
    return source();
  },
};

/** Resolves when the client has left. */
async function left({ signal }: Connection): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
  await new Promise(setImmediate);
}

const newHandlers = () => ({ called: deferred(), begun: deferred<Handed>(), settled: deferred() });
let handlers = newHandlers();

@WebSocketPath('/sources')
class SourcesController {
  @OnMessage()
  async take(command: string, connection: Connection): Promise<unknown> {
    handlers.called.resolve();
    const [way, what] = command.split(': ');
    const make = (): unknown => {
      const made = SOURCES[what!]!();
      handlers.begun.resolve(made);
      return made.source;
    };
    try {
      return await WAYS[way!]!(connection, make);
    } finally {
      handlers.settled.resolve();
    }
  }
}

const cases = Object.keys(WAYS).flatMap((way) => Object.keys(SOURCES).map((what) => [way, what] as const));

describe.each(overTransports([SourcesController]))('%s', (_name, open) => {
  let served: Served;
  beforeAll(async () => void (served = await open()));
  afterAll(() => served.close());

  test.each(cases)('%s: %s ends when the client leaves', async (way, what) => {
    handlers = newHandlers();
    const client = await served.connect('/sources');
    client.socket.pause();
    client.write(text(`${way}: ${what}`));
    await (way.endsWith('has left') ? handlers.called : handlers.begun).promise;
    client.destroy();
    const { ended } = await handlers.begun.promise;
    await ended;
    await handlers.settled.promise;
  });
});

const FAILING: Record<string, () => unknown> = {
  'a missing file': () => createReadStream('/no/such/file'),
  'a stream that was destroyed before': () => new Readable({ read() {} }).destroy(),
  'a stream that ends too early': () => {
    const stream = new Readable({ read: () => void setImmediate(() => stream.destroy()) });
    return stream;
  },
  'a generator that throws an AbortError of its own': async function* () {
    yield 'begun';
    AbortSignal.abort().throwIfAborted();
  },
  'a web stream that fails': () =>
    new ReadableStream({ pull: (controller) => controller.error(new Error('it failed')) }),
  'a chunk of another type': () => [5],
  'a value that is not iterable': () => 5,
};

const SENDING: Record<string, (connection: Connection, source: unknown) => Promise<void>> = {
  awaited: (connection, source) => connection.sendStream(source as never),
  'not awaited': async (connection, source) => void connection.sendStream(source as never),
  'awaited, with the failure caught': (connection, source) => connection.sendStream(source as never).catch(() => {}),
};

@WebSocketPath('/failing')
class FailingController {
  @OnMessage()
  async take(command: string, connection: Connection): Promise<void> {
    const [way, what] = command.split(': ');
    await SENDING[way!]!(connection, FAILING[what!]!());
  }
}

const failures: unknown[] = [];
const observers = [{ failed: (error: unknown) => void failures.push(error) }];

describe.each(overTransports([FailingController], { observers }))(
  'a source that fails ends the connection: %s',
  (_name, open) => {
    let served: Served;
    beforeAll(async () => void (served = await open()));
    afterAll(() => served.close());

    test.each(Object.keys(SENDING).flatMap((way) => Object.keys(FAILING).map((what) => `${way}: ${what}`)))(
      '%s: it is reported once',
      async (command) => {
        failures.length = 0;
        const client = await served.connect('/failing');
        client.write(text(command));
        let frame = await client.frame();
        while (frame.opcode !== CLOSE) frame = await client.frame();
        expect(frame.payload.readUInt16BE(0)).toBe(1011);
        client.write(close(1011));
        await client.end();
        client.destroy();
        expect(failures).toHaveLength(1);
      },
    );
  },
);

describe('sendStream settles, and the source ends, though the client reads nothing', () => {
  const LEAVE: Record<string, (client: RawClient, connection: Connection, app: Application) => unknown> = {
    'the client says Close': (client) => client.write(close(1000)),
    'the client breaks a rule': (client) => client.write(Buffer.from([0xff, 0xff])),
    'the client resets the connection': (client) => client.socket.resetAndDestroy(),
    'the client ends its side': (client) => client.socket.end(),
    'the server closes': (_client, connection) => void connection.close(1000),
    'the server terminates': (_client, connection) => connection.terminate(),
    'the application closes': (_client, _connection, app) => void app.close(),
  };

  test.each(Object.entries(LEAVE))('%s', async (_how, leave) => {
    const begun = deferred<[Connection, Promise<void>[], Handed[]]>();
    @WebSocketPath('/')
    class Controller {
      @OnMessage()
      take(_message: string, connection: Connection): void {
        const sources = ['a file', 'an iterator', 'a web stream'].map((what) => SOURCES[what]!());
        begun.resolve([connection, sources.map(({ source }) => connection.sendStream(source)), sources]);
      }
    }
    const app = await start([Controller]);
    const client = await RawClient.open(app.url, '/');
    client.socket.pause();
    client.write(text('go'));
    const [connection, sent, sources] = await begun.promise;
    while (connection.bufferedBytes === 0) await new Promise(setImmediate);
    leave(client, connection, app);
    await Promise.all([...sent, ...sources.map(({ ended }) => ended)]);
    client.destroy();
    expect(app.log.errors).toEqual([]);
  });
});

test('a source sent before the upgrade is answered or refused ends', async () => {
  const sources: Handed[] = [];
  @WebSocketPath('/')
  class Controller {
    @OnUpgrade()
    async upgrade(connection: Connection): Promise<unknown> {
      sources.push(SOURCES['a file']!(), SOURCES['a missing file']!());
      for (const { source } of sources) await connection.sendStream(source);
      return connection.query.has('refused') ? refuse(403) : undefined;
    }
    @OnMessage()
    message(): void {}
  }
  const app = await serve([Controller]);
  await app.connect('/');
  await app.refusal('/?refused');
  await Promise.all(sources.map(({ ended }) => ended));
  expect(sources).toHaveLength(4);
});

test('a promise is refused as a source, and its rejection is handled', async () => {
  const refused: unknown[] = [];
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    async take(_message: string, connection: Connection): Promise<void> {
      const promise = Promise.reject(new Error('not awaited')) as never;
      await connection.sendStream(promise).catch((error: unknown) => refused.push(error));
    }
  }
  const app = await serve([Controller]);
  const client = await app.connect('/');
  client.send('x');
  expect(await client.closed).toMatchObject({ code: 1011 });
  expect(refused).toMatchObject([{ name: 'TypeError' }]);
});

describe('a source that is returned through interceptors', () => {
  test('may fail before it is sent', async () => {
    const gate = deferred();
    const stream = createReadStream('/no/such/file');
    class Slow {
      async intercept(_context: Context, next: () => unknown): Promise<unknown> {
        const value = await next();
        await gate.promise;
        return value;
      }
    }
    @WebSocketPath('/')
    class Controller {
      @UseInterceptors(Slow)
      @OnMessage('file')
      file(): unknown {
        return stream;
      }
    }
    const app = await serve([Controller], { providers: [Slow] });
    const client = await app.connect('/');
    const answer = client.request('file');
    await closed(stream);
    gate.resolve();
    await expect(answer).rejects.toMatchObject({ code: 'internal_error' });
    expect(app.log.errors).toMatchObject([{ code: 'ENOENT' }]);
  });

  test.each(['a file', 'a missing file', 'a web stream'])('is owned behind tracing too: %s', async (what) => {
    const made = deferred<Handed>();
    const gate = deferred();
    @WebSocketPath('/')
    class Controller {
      @OnMessage('late')
      async late(connection: Connection): Promise<unknown> {
        gate.resolve();
        await left(connection);
        const handed = SOURCES[what]!();
        made.resolve(handed);
        return handed.source;
      }
    }
    const tracing = openTelemetry();
    const app = await serve([Controller], { interceptors: [tracing], observers: [tracing] });
    const client = await app.connect('/');
    client.emit('late');
    await gate.promise;
    await client.close();
    await (
      await made.promise
    ).ended;
  });
});

describe('objects of a connection are disposed of', () => {
  const steps: string[] = [];
  beforeEach(() => void (steps.length = 0));

  class Resource {
    dispose(): void {
      steps.push('disposed');
    }
  }

  async function served(generator: (gate: Promise<void>) => AsyncGenerator<string>, way: string) {
    const gate = deferred();
    const sending = deferred();
    class Controller {
      constructor(readonly resource: Resource) {}
      @OnMessage()
      take(_message: string, connection: Connection): unknown {
        const items = generator(gate.promise);
        if (way === 'returned') return items;
        void connection.sendStream(items).then(() => sending.resolve());
        return way === 'sent for ever' ? new Promise(() => {}) : undefined;
      }
      @OnClose()
      close(): void {
        steps.push('@OnClose');
      }
    }
    Reflect.defineMetadata('design:paramtypes', [Resource], Controller);
    WebSocketPath('/', { scope: 'connection' })(Controller);
    const app = await serve([Controller], {
      providers: [{ token: Resource, useClass: Resource, options: { lifecycle: Lifecycle.ContainerScoped } }],
    });
    const client = await app.connect('/');
    client.send('go');
    await settled();
    return { app, client, gate };
  }

  async function* waiting(gate: Promise<void>): AsyncGenerator<string> {
    try {
      await gate;
      yield 'never sent';
    } finally {
      await new Promise(setImmediate);
      steps.push('finally');
    }
  }

  test.each(['returned', 'sent'])(
    'after the last finally of a %s source, for which the application waits',
    async (way) => {
      const { app, client, gate } = await served(waiting, way);
      void client.close();
      await client.closed;
      await settled();
      expect(steps).toEqual(['@OnClose']);
      const stopped = app.close().then(() => steps.push('stopped'));
      await settled();
      expect(steps).toEqual(['@OnClose']);
      gate.resolve();
      await stopped;
      expect(steps).toEqual(['@OnClose', 'finally', 'disposed', 'stopped']);
    },
  );

  test.each(['returned', 'sent'])('after closeTimeoutMs, where a %s source never ends', async (way) => {
    const { app, client } = await served(() => waiting(new Promise(() => {})), way);
    void client.close();
    await client.closed;
    await app.advance(4_999);
    expect(steps).toEqual(['@OnClose']);
    await app.advance(1);
    expect(steps).toEqual(['@OnClose', 'disposed']);
  });

  test('after twice as long, where the handler that sent it never settles either', async () => {
    const { app, client } = await served(() => waiting(new Promise(() => {})), 'sent for ever');
    void client.close();
    await client.closed;
    await app.advance(5_000);
    expect(steps).toEqual(['@OnClose']);
    await app.advance(5_000);
    expect(steps).toEqual(['@OnClose', 'disposed']);
  });

  test.each(['returned', 'sent'])('and an error in the finally of a %s source is logged', async (way) => {
    const failure = new Error('the failure');
    async function* failing(gate: Promise<void>): AsyncGenerator<string> {
      try {
        await gate;
        yield 'never sent';
      } finally {
        // eslint-disable-next-line no-unsafe-finally -- the case under test
        throw failure;
      }
    }
    const { app, client, gate } = await served(failing, way);
    void client.close();
    await client.closed;
    gate.resolve();
    await settled();
    expect(app.log.errors).toEqual([failure]);
    expect(steps).toEqual(['@OnClose', 'disposed']);
  });
});

test.each(['is there', 'has left'])(
  'an engine with a source that never ends closes at its deadline: the client %s',
  async (what) => {
    const clock = new ManualClock();
    const endpoint: Endpoint = {
      path: '/',
      text: (connection) => {
        void connection.sendStream(
          (async function* () {
            yield 'begun';
            await new Promise(() => {});
          })(),
        );
        return new Promise(() => {});
      },
    };
    const engine = await startEngine([endpoint], {
      clock,
      shutdown: { deadlineMs: 1_000 },
    });
    const client = await RawClient.open(engine.url, '/');
    client.write(text('go'));
    expect((await client.frame()).payload.toString()).toBe('begun');
    if (what === 'has left') {
      client.destroy();
      while (engine.connections.size > 0) await new Promise(setImmediate);
    }
    let isClosed = false;
    const closing = engine.close().then(() => (isClosed = true));
    await settled();
    clock.advance(999);
    await settled();
    expect(isClosed).toBe(false);
    clock.advance(1);
    await closing;
  },
);

test('an upload that is forwarded to a client that leaves is given up at once', async () => {
  const begun = deferred();
  const settledAs = deferred<string>();
  let target: Connection | undefined;
  @WebSocketPath('/target')
  class Target {
    @OnOpen()
    open(connection: Connection): void {
      target = connection;
    }
    @OnMessage()
    any(): void {}
  }
  @WebSocketPath('/relay')
  class Relay {
    @OnMessage()
    async relay(upload: MessageStream): Promise<void> {
      begun.resolve();
      await target!.sendStream(upload);
      settledAs.resolve('settled');
    }
  }
  const app = await start([Target, Relay]);
  const receiver = await RawClient.open(app.url, '/target');
  const sender = await RawClient.open(app.url, '/relay');
  sender.write(text('the first', { fin: false }));
  await begun.promise;
  expect((await receiver.frame()).payload.toString()).toBe('the first');
  receiver.destroy();
  expect(await settledAs.promise).toBe('settled');
  while (app.connections.size > 1) await new Promise(setImmediate);
  // the rest is discarded, and the next message is served
  sender.write(Buffer.concat([continuation('the rest'), close(1000)]));
  expect((await sender.closeFrame()).code).toBe(1000);
  sender.destroy();
});
