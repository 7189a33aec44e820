import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import {
  Catch,
  Channels,
  Connection,
  JsonCodec,
  MessageBody,
  OnClose,
  OnDrain,
  OnError,
  OnMessage,
  OnOpen,
  OnPing,
  OnPong,
  OnSubscribe,
  OnUpgrade,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Backplane,
  type BackplaneHistory,
  type Codec,
  type ModuleProvider,
  type Observer,
} from '../../src';
import { ContainedBackplane } from '../../src/channels/contained-backplane';
import { openTelemetry } from '../../src/adapters/opentelemetry';
import type { Engine } from '../../src/engine';
import { start } from '../support/app';
import { LOCALHOST } from '../support/certificates';
import { startEngine, echo } from '../support/engine';
import { text } from '../support/frames';
import { dial } from '../support/layers';
import { MemoryBus } from '../support/memory-bus';
import { RawClient } from '../support/raw-client';
import { serve, settled, type ServeOptions } from '../support/serve';

/** Jest's own copy of `process` does not emit these events. */
const outerProcess = (Buffer.constructor as (code: string) => () => NodeJS.Process)('return process')();
const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

const unheard: unknown[] = [];
const onUnheard = (error: unknown): void => void unheard.push(error);

beforeEach(() => {
  unheard.length = 0;
  for (const event of EVENTS) outerProcess.on(event, onUnheard);
});

afterEach(() => {
  for (const event of EVENTS) outerProcess.off(event, onUnheard);
});

const PAGE = join(__dirname, '../../docs/decisions/calls-of-users-code.md');
const listed = [...readFileSync(PAGE, 'utf8').matchAll(/^\| (.+?) +\|/gm)]
  .map(([, name]) => name!)
  .filter((name) => name !== 'call' && !name.startsWith('-'));

const failure = new Error('the failure');
const KEEP = { size: 1, ttlSeconds: 1 };

/** Ways in which users' code may fail. */
const WAYS: Record<string, () => unknown> = {
  throws: () => {
    throw failure;
  },
  rejects: () => Promise.reject(failure),
  'returns a thenable that fails': () => ({ then: (_done: unknown, fail: (error: unknown) => void) => fail(failure) }),
  'returns a thenable that throws': () => ({
    then() {
      throw failure;
    },
  }),
};

type Fail = () => never;

@WebSocketPath('/echo')
class Neighbour {
  @OnMessage('echo')
  echo(@MessageBody() data: string): string {
    return data;
  }
}

interface Visited {
  /** The errors in the log. */
  logged: unknown[];
}

/** Lets a client visit `/x`, with any outcome, and checks that another client is still served. */
async function visit(controller: new () => object, options: ServeOptions = {}): Promise<Visited> {
  const app = await serve([controller, Neighbour], options);
  const neighbour = await app.connect('/echo');
  const client = await app.connect('/x').catch(() => undefined);
  if (client !== undefined) {
    client.emit('event', 'x');
    await settled();
    void client.close();
    await client.closed;
  }
  await settled();
  expect(await neighbour.request('echo', 'here')).toBe('here');
  await app.close();
  return { logged: app.log.errors };
}

/** A controller at `/x` with one method that fails. */
function controllerOf(decorator: MethodDecorator, fail: Fail): new () => object {
  class Failing {
    method(): unknown {
      return fail();
    }

    @OnMessage('other')
    other(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Failing.prototype, 'method')!;
  decorator(Failing.prototype, 'method', descriptor);
  WebSocketPath('/x')(Failing);
  return Failing;
}

const method = (decorator: MethodDecorator) => (fail: Fail) => visit(controllerOf(decorator, fail));

/** A controller at `/x` with these decorators and an event that does nothing. */
function quiet(...decorators: ClassDecorator[]): new () => object {
  @WebSocketPath('/x')
  class Quiet {
    @OnMessage('event')
    event(): void {}
  }
  for (const decorate of decorators) decorate(Quiet);
  return Quiet;
}

const codecOf = (part: Partial<Codec>): Codec => {
  const json = new JsonCodec();
  return {
    binary: false,
    decode: (message) => json.decode(message),
    encode: (envelope) => json.encode(envelope),
    ...part,
  };
};

/** An engine with one WebSocket, and the calls of its observer. */
async function engineOf(options: Parameters<typeof startEngine>[1]): Promise<{ engine: Engine; logged: unknown[] }> {
  const logged: unknown[] = [];
  const engine = await startEngine([echo], { ...options, observer: { failed: (error) => void logged.push(error) } });
  return { engine, logged };
}

/** Sends a control frame to a method that fails. */
async function control(decorator: MethodDecorator, fail: Fail, opcode: number): Promise<Visited> {
  const app = await start([controllerOf(decorator, fail)]);
  const client = await RawClient.open(app.url, '/x');
  client.write(Buffer.from([0x80 | opcode, 0x80, 0, 0, 0, 0]));
  expect(await codeOf(client)).toBe(1011);
  return { logged: app.log.errors };
}

/** The code of the Close frame; frames before it are skipped. */
async function codeOf(client: RawClient): Promise<number> {
  let frame = await client.frame();
  while (frame.opcode !== 8) frame = await client.frame();
  client.destroy();
  return frame.payload.readUInt16BE(0);
}

/** Runs two processes on a bus; one method of a backplane fails once it is told to. */
async function failing(
  method: keyof Backplane | keyof BackplaneHistory,
  fail: Fail,
  act: (app: ChannelApp) => unknown,
) {
  const own = new MemoryBus().connect();
  let fails = false;
  const spoilt = (part: object): unknown =>
    new Proxy(part, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name === 'history') return spoilt(value as object);
        if (typeof value !== 'function') return value;
        return (...values: unknown[]): unknown =>
          fails && name === method ? fail() : (value as (...all: unknown[]) => unknown).apply(target, values);
      },
    });
  @WebSocketPath('/x')
  class Room {
    @OnMessage('subscribe')
    async subscribe(connection: Connection, @MessageBody() channel: string): Promise<void> {
      await connection.subscribe(channel);
    }
  }
  const app = await serve([Room, Neighbour], {
    backplane: spoilt(own) as Backplane,
    history: { 'log:*': { size: 10, ttlSeconds: 60 } },
  });
  const [client, neighbour] = [await app.connect('/x'), await app.connect('/echo')];
  const channels = app.container.resolve(Channels);
  await client.request('subscribe', 'room:0');
  fails = true;
  await act({ client, channels, close: () => app.close() });
  // lost packets are reported a little later
  if (method !== 'stop') await app.advance(300);
  while (app.log.errors.length === 0) await settled();
  fails = false;
  if (method !== 'stop') expect(await neighbour.request('echo', 'here')).toBe('here');
  await app.close();
  return { logged: app.log.errors.map((error) => (error as Error).cause ?? error) };
}

interface ChannelApp {
  readonly client: Awaited<ReturnType<Awaited<ReturnType<typeof serve>>['connect']>>;
  readonly channels: Channels;
  close(): Promise<void>;
}

const subscribing =
  (channel: string) =>
  ({ client }: ChannelApp): Promise<void> =>
    expect(client.request('subscribe', channel)).rejects.toMatchObject({ code: 'internal_error' });

/** Calls of users' code, by their names in the page. */
const CALLS: Record<string, (fail: Fail) => Promise<Visited>> = {
  'an observer': (fail) => {
    const observer: Observer = { arrived: fail, opened: fail, received: fail, sent: fail, closed: fail, handled: fail };
    return visit(quiet(), { observers: [observer] });
  },
  'a method of the logger': async (fail) => {
    const warnings: unknown[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    outerProcess.on('warning', onWarning);
    await visit(controllerOf(OnMessage('event'), fail), { logger: { info: fail, warn: fail, error: fail } });
    await settled();
    outerProcess.off('warning', onWarning);
    expect(warnings).toMatchObject([{ name: 'PortalWarning' }]);
    return { logged: [failure] };
  },
  'the `request` listener': async (fail) => {
    const { engine, logged } = await engineOf({ request: fail });
    const client = RawClient.over(await dial(engine));
    client.write('GET /page HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.answer()).status).toBe(500);
    return { logged };
  },
  'an `origins` function': async (fail) => {
    const { engine, logged } = await engineOf({ origins: fail });
    const client = RawClient.over(await dial(engine));
    client.upgrade('/');
    expect((await client.answer()).status).toBe(500);
    return { logged };
  },
  '`@OnUpgrade`': method(OnUpgrade()),
  'a guard at the upgrade': (fail) => visit(quiet(UseGuards({ canActivate: fail }))),
  '`@OnOpen`': method(OnOpen()),
  '`@OnMessage`': method(OnMessage('event')),
  '`@OnPing`': (fail) => control(OnPing(), fail, 9),
  '`@OnPong`': (fail) => control(OnPong(), fail, 10),
  '`@OnDrain`': async (fail) => {
    @WebSocketPath('/x', { limits: { maxBufferedBytes: 100_000_000 } })
    class Flooding {
      @OnMessage('event')
      flood(connection: Connection): void {
        while (connection.send(Buffer.alloc(60_000)));
        client.socket.resume();
      }

      @OnDrain()
      drained(): unknown {
        return fail();
      }
    }
    const app = await start([Flooding]);
    const client = await RawClient.open(app.url, '/x');
    client.socket.pause();
    client.write(text('{"event":"event"}'));
    expect(await codeOf(client)).toBe(1011);
    return { logged: app.log.errors };
  },
  '`@OnClose`': method(OnClose()),
  '`@OnSubscribe`': async (fail) => {
    const refused: unknown[] = [];
    @WebSocketPath('/x')
    class Subscribing {
      @OnMessage('event')
      async event(connection: Connection): Promise<void> {
        await connection.subscribe('news').catch((error: unknown) => refused.push(error));
      }

      @OnSubscribe()
      mayHear(): unknown {
        return fail();
      }
    }
    await visit(Subscribing);
    return { logged: refused };
  },
  'a guard': async (fail) => {
    @WebSocketPath('/x')
    class Guarded {
      @UseGuards({ canActivate: fail })
      @OnMessage('event')
      event(): void {}
    }
    return visit(Guarded);
  },
  'an interceptor': (fail) => visit(quiet(UseInterceptors({ intercept: fail }))),
  'an exception filter': (fail) => {
    @Catch()
    class Failing {
      catch(): unknown {
        return fail();
      }
    }
    @WebSocketPath('/x')
    @UseFilters(Failing)
    class Throwing {
      @OnMessage('event')
      event(): void {
        throw new Error('in the first place');
      }
    }
    return visit(Throwing);
  },
  '`@OnError`': (fail) => {
    @WebSocketPath('/x')
    class Throwing {
      @OnMessage('event')
      event(): void {
        throw new Error('in the first place');
      }

      @OnError()
      failed(_error: unknown): unknown {
        return fail();
      }
    }
    return visit(Throwing);
  },
  '`validate` of a schema': (fail) => {
    const schema = { '~standard': { version: 1, vendor: 'test', validate: fail } } as const;
    @WebSocketPath('/x')
    class Validating {
      @OnMessage('event')
      event(@MessageBody(schema) _body: unknown): void {}
    }
    return visit(Validating);
  },
  '`decode` of a codec': async (fail) => {
    @WebSocketPath('/x', { codec: codecOf({ decode: fail }) })
    class Decoding {
      @OnMessage('event')
      event(): void {}
    }
    const { logged } = await visit(Decoding);
    // codecs throw to say that a message is malformed
    expect(logged.map(String).filter((line) => !/^TypeError: decode of a codec returned a promise/.test(line))).toEqual(
      [],
    );
    return { logged: [failure] };
  },
  '`encode` of a codec': async (fail) => {
    @WebSocketPath('/x', { codec: codecOf({ encode: fail }) })
    class Encoding {
      @OnOpen()
      open(connection: Connection): void {
        connection.emit('news');
      }

      @OnMessage('event')
      event(): void {}
    }
    const app = await serve([Encoding]);
    const client = await app.connect('/x');
    expect(await client.closed).toMatchObject({ code: 1011 });
    expect(app.log.errors).not.toEqual([]);
    return { logged: [failure] };
  },
  'an iterable that is returned': (fail) => {
    const iterable = { [Symbol.asyncIterator]: () => ({ next: fail, return: fail }) };
    @WebSocketPath('/x')
    class Iterating {
      @OnMessage('event')
      event(): AsyncIterable<string> {
        return iterable;
      }
    }
    return visit(Iterating);
  },
  'chunks of `sendStream`': async (fail) => {
    const rejected: unknown[] = [];
    @WebSocketPath('/x')
    class Streaming {
      @OnMessage('event')
      event(connection: Connection): void {
        const chunks = { [Symbol.asyncIterator]: () => ({ next: fail, return: fail }) };
        connection.sendStream(chunks).catch((error: unknown) => rejected.push(error));
        void connection.sendStream(chunks);
      }
    }
    await visit(Streaming);
    return { logged: rejected };
  },
  'a listener of the abort signal': (fail) => {
    @WebSocketPath('/x')
    class Listening {
      @OnOpen()
      open({ signal }: Connection): void {
        signal.addEventListener('abort', fail);
        signal.addEventListener('abort', { handleEvent: fail });
        signal.onabort = fail;
      }

      @OnMessage('other')
      other(): void {}
    }
    return visit(Listening);
  },
  'a handler of `watch`': async (fail) => {
    @WebSocketPath('/x')
    class Watching {
      constructor(private readonly channels: Channels) {}

      @OnMessage('event')
      async event(connection: Connection): Promise<void> {
        await this.channels.watch('room', { join: fail, leave: fail });
        await connection.subscribe('room');
      }
    }
    return visit(Watching as new () => object);
  },
  '`dispose` of a provider': (fail) => {
    class Cart {
      dispose(): unknown {
        return fail();
      }
    }
    @WebSocketPath('/x', { scope: 'connection' })
    class Disposing {
      constructor(_cart: Cart) {}

      dispose(): unknown {
        return fail();
      }

      @OnMessage('event')
      event(): void {}
    }
    return visit(Disposing as new () => object, { providers: [Cart] });
  },
  '`onInit`': async (fail) => {
    class Db {
      onInit(): unknown {
        return fail();
      }
    }
    await expect(serve([quiet()], { providers: [Db] as ModuleProvider[] })).rejects.toBe(failure);
    return { logged: [failure] };
  },
  '`onShutdown`': (fail) => {
    class Db {
      onShutdown(): unknown {
        return fail();
      }
    }
    return visit(quiet(), { providers: [Db] as ModuleProvider[] });
  },
  '`onBackplaneGap`': async (fail) => {
    const bus = new MemoryBus();
    class Db {
      onBackplaneGap(): unknown {
        return fail();
      }
    }
    const app = await serve([quiet()], { providers: [Db] as ModuleProvider[], backplane: bus.connect() });
    bus.goDown();
    await settled();
    bus.comeUp();
    while (app.log.errors.length === 0) await settled();
    return { logged: app.log.errors };
  },
  '`start` of a backplane': async (fail) => {
    const backplane = Object.assign(new MemoryBus().connect(), { start: fail });
    await expect(serve([quiet()], { backplane })).rejects.toBe(failure);
    return { logged: [failure] };
  },
  '`stop` of a backplane': (fail) => failing('stop', fail, ({ close }) => close()),
  '`subscribe` of a backplane': (fail) => failing('subscribe', fail, subscribing('room:1')),
  '`unsubscribe` of a backplane': (fail) => failing('unsubscribe', fail, ({ client }) => client.close()),
  '`publish` of a backplane': (fail) => failing('publish', fail, ({ channels }) => channels.publish('room:1', 'x')),
  '`append` of a history': (fail) => failing('append', fail, ({ channels }) => channels.publish('log:1', 'x')),
  '`last` of a history': (fail) => failing('last', fail, subscribing('log:1')),
  '`after` of a history': async (fail) => {
    const after = { after: fail } as unknown as BackplaneHistory;
    await expect(new ContainedBackplane({ history: after } as Backplane).history!.after('', '', KEEP)).rejects.toBe(
      failure,
    );
    return { logged: [failure] };
  },
  'a factory of a provider': async (fail) => {
    const providers: ModuleProvider[] = [{ token: 'db', useFactory: fail }];
    const error: unknown = await serve([quiet()], { providers }).catch((thrown: unknown) => thrown);
    expect(String(error instanceof Error ? (error.cause ?? error) : error)).toContain(failure.message);
    return { logged: [failure] };
  },
  '`tls.SNICallback`': async (fail) => {
    const { engine, logged } = await engineOf({ tls: { ...LOCALHOST, SNICallback: fail } });
    const socket = connectTls({ port: engine.port, host: '127.0.0.1', servername: 'other.example' });
    await once(socket, 'error');
    return { logged };
  },
  'a tracer of OpenTelemetry': async (fail) => {
    const tracing = openTelemetry({ tracer: { startSpan: fail, startActiveSpan: fail } });
    const handled: string[] = [];
    @WebSocketPath('/x')
    class Traced {
      @OnMessage('event')
      event(): void {
        handled.push('event');
      }
    }
    await visit(Traced, { observers: [tracing], interceptors: [tracing] });
    expect(handled).toEqual(['event']);
    return { logged: [failure] };
  },
};

test('the page lists exactly these calls', () => {
  expect([...listed].sort()).toEqual(Object.keys(CALLS).sort());
});

describe.each(Object.entries(CALLS))('%s', (_name, call) => {
  test.each(Object.entries(WAYS))('%s: the failure is reported, and nothing else stops', async (_way, fail) => {
    const { logged } = await call(fail as Fail);
    await settled();
    expect(unheard).toEqual([]);
    expect(logged).toContain(failure);
  });
});

/** Calls that reject with the thrown value, or resolve with it. */
const REJECTING = [
  '`decode` of a codec',
  '`onInit`',
  '`start` of a backplane',
  '`after` of a history',
  'a factory of a provider',
];

test.each(Object.entries(CALLS).filter(([name]) => !REJECTING.includes(name)))(
  '%s throws a promise that rejects: nothing stops either',
  async (_name, call) => {
    await call(() => {
      throw Promise.reject(failure);
    });
    await settled();
    expect(unheard).toEqual([]);
  },
);
