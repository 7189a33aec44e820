import {
  Connection,
  OnClose,
  OnError,
  OnMessage,
  OnOpen,
  OnUpgrade,
  PortalError,
  refuse,
  UseGuards,
  WebSocketPath,
  injectable,
  type ModuleProvider,
} from '../../src';
import { Lifecycle } from 'tsyringe';
import { connect, start } from '../support/app';
import { deferred } from '../support/engine';
import { RawClient } from '../support/raw-client';
import { serve } from '../support/serve';
import { guard, thrower } from '../support/uses';

const scoped = (useClass: new (...args: never[]) => unknown): ModuleProvider => ({
  token: useClass,
  useClass,
  options: { lifecycle: Lifecycle.ContainerScoped },
});

describe('with the scope connection', () => {
  class Counter {
    count = 0;
  }
  @injectable()
  class Session {
    count = 0;
    constructor(
      readonly connection: Connection,
      readonly all: Counter,
    ) {}
  }

  @WebSocketPath('/:name', { scope: 'connection' })
  class Chat {
    private count = 0;
    constructor(
      private readonly connection: Connection,
      private readonly session: Session,
    ) {}
    @OnMessage('count')
    counts(counter: Counter, session: Session, connection: Connection): unknown {
      return {
        same: session === this.session && connection === this.connection && session.connection === connection,
        name: this.connection.params['name'],
        own: ++this.count,
        session: ++this.session.count,
        all: ++counter.count + ++this.session.all.count,
      };
    }
  }

  test('each connection has its own controller and providers, and the application what there is one of', async () => {
    const app = await serve([Chat], { providers: [Counter, scoped(Session)] });
    const [ann, bob] = [await app.connect('/ann'), await app.connect('/bob')];
    expect(await ann.request('count')).toEqual({ same: true, name: 'ann', own: 1, session: 1, all: 3 });
    expect(await ann.request('count')).toEqual({ same: true, name: 'ann', own: 2, session: 2, all: 7 });
    expect(await bob.request('count')).toEqual({ same: true, name: 'bob', own: 1, session: 1, all: 11 });
  });

  test.each([{}, { scope: undefined }, { scope: 'singleton' }] as const)(
    'with %j one controller for all',
    async (options) => {
      class One {
        count = 0;
        @OnMessage('count')
        counts(): number {
          return ++this.count;
        }
      }
      Reflect.decorate([WebSocketPath('/', options)], One);
      const app = await serve([One]);
      const [ann, bob] = [await app.connect('/'), await app.connect('/')];
      expect([await ann.request('count'), await bob.request('count')]).toEqual([1, 2]);
    },
  );

  test('a provider that only a handler names is made when it is called, once', async () => {
    const made: string[] = [];
    @injectable()
    class Late {
      constructor(connection: Connection) {
        made.push(connection.params['name']!);
      }
    }
    @WebSocketPath('/:name', { scope: 'connection' })
    class Lazy {
      @OnMessage('use')
      use(late: Late): boolean {
        return late instanceof Late;
      }
    }
    const app = await serve([Lazy], { providers: [scoped(Late)] });
    const client = await app.connect('/ann');
    expect(made).toEqual([]);
    await client.request('use');
    await client.request('use');
    expect(made).toEqual(['ann']);
  });
});

/** A controller and a provider of each connection that tell of their lives. */
function living(calls: string[], { enter, make }: { enter?: () => unknown; make?: () => void } = {}) {
  class Session {
    constructor() {
      calls.push('session');
    }
    async dispose(): Promise<void> {
      await Promise.resolve();
      calls.push('session disposed');
    }
  }
  class Base {
    constructor(readonly session: Session) {
      calls.push('controller');
      make?.();
    }
    @OnOpen()
    open(): void {
      calls.push('open');
    }
    @OnMessage()
    text(message: string): string {
      return message;
    }
    @OnClose()
    async bye(): Promise<void> {
      await Promise.resolve();
      calls.push('close');
    }
    dispose(): void {
      calls.push('controller disposed');
    }
  }
  class Chat extends Base {
    enter(): unknown {
      calls.push('upgrade');
      return enter!();
    }
  }
  if (enter !== undefined) Reflect.decorate([OnUpgrade()], Chat.prototype, 'enter');
  Reflect.defineMetadata('design:paramtypes', [Session], Chat);
  WebSocketPath('/', { scope: 'connection' })(Chat);
  return { controller: Chat, options: { providers: [scoped(Session)] } };
}

const MADE = ['session', 'controller'];
const DISPOSED = ['controller disposed', 'session disposed'];

describe('the life of what a connection has of its own', () => {
  test('begins at the opening, and ends after @OnClose', async () => {
    const calls: string[] = [];
    const { controller, options } = living(calls);
    const app = await serve([controller], options);
    const client = await app.connect('/');
    expect(calls).toEqual([...MADE, 'open']);
    await client.close();
    await app.advance(0);
    expect(calls).toEqual([...MADE, 'open', 'close', ...DISPOSED]);
    expect(app.log.lines).toEqual([]);
  });

  test('begins at the upgrade where there is @OnUpgrade, after the guards', async () => {
    const calls: string[] = [];
    const { controller, options } = living(calls, { enter: () => undefined });
    const app = await serve([controller], { ...options, guards: [guard(() => (calls.push('guard'), true))] });
    const client = await app.connect('/');
    await client.close();
    await app.advance(0);
    expect(calls).toEqual(['guard', ...MADE, 'upgrade', 'open', 'close', ...DISPOSED]);
  });

  test('ends when the connection is reset', async () => {
    const calls: string[] = [];
    const { controller, options } = living(calls);
    const app = await start([controller], options);
    const client = await connect(app, '/');
    client.send('x');
    await client.receive();
    client.socket.terminate();
    while (calls.length < 6) await new Promise(setImmediate);
    expect(calls).toEqual([...MADE, 'open', 'close', ...DISPOSED]);
  });

  test('is over when the application has closed', async () => {
    const calls: string[] = [];
    const { controller, options } = living(calls);
    const app = await serve([controller], options);
    await app.connect('/');
    await app.close();
    expect(calls).toEqual([...MADE, 'open', 'close', ...DISPOSED]);
  });

  test.each<[string, () => unknown, number]>([
    ['returned', () => refuse(418), 418],
    ['thrown', thrower(refuse(418)), 418],
    ['an error', thrower(new Error('secret')), 500],
    ['later', async () => refuse(418), 418],
  ])('ends when the upgrade is refused: %s', async (_how, enter, status) => {
    const calls: string[] = [];
    const { controller, options } = living(calls, { enter });
    const app = await serve([controller], options);
    expect((await app.refusal('/')).status).toBe(status);
    await app.advance(0);
    expect(calls).toEqual([...MADE, 'upgrade', ...DISPOSED]);
  });

  test('ends when the upgrade takes too long', async () => {
    const calls: string[] = [];
    const { controller, options } = living(calls, { enter: () => new Promise(() => {}) });
    const app = await serve([controller], options);
    const answer = app.refusal('/');
    await app.advance(0);
    await app.advance(10_000);
    expect((await answer).status).toBe(408);
    expect(calls).toEqual([...MADE, 'upgrade', ...DISPOSED]);
  });

  test('ends when the client goes away before the upgrade is answered', async () => {
    const calls: string[] = [];
    const entered = deferred();
    const enter = (): Promise<never> => {
      entered.resolve();
      return new Promise(() => {});
    };
    const { controller, options } = living(calls, { enter });
    const app = await start([controller], options);
    const client = await RawClient.connect(app.url);
    client.upgrade('/');
    await entered.promise;
    client.socket.resetAndDestroy();
    while (calls.length < 5) await new Promise(setImmediate);
    expect(calls).toEqual([...MADE, 'upgrade', ...DISPOSED]);
  });

  test('ends at once where a guard lets pass what is refused already', async () => {
    const calls: string[] = [];
    const asked = deferred();
    const answer = deferred<boolean>();
    const { controller, options } = living(calls, { enter: () => undefined });
    UseGuards(guard(() => (asked.resolve(), answer.promise)))(controller);
    const app = await serve([controller], options);
    const refusal = app.refusal('/');
    await asked.promise;
    await app.advance(10_000);
    expect((await refusal).status).toBe(408);
    answer.resolve(true);
    await app.advance(0);
    const made = calls.filter((call) => MADE.includes(call));
    expect(calls.filter((call) => DISPOSED.includes(call))).toHaveLength(made.length);
    expect(app.connections.size).toBe(0);
  });

  test('does not begin where a guard refuses', async () => {
    const calls: string[] = [];
    const { controller, options } = living(calls, { enter: () => undefined });
    const app = await serve([controller], { ...options, guards: [guard(() => false)] });
    expect((await app.refusal('/')).status).toBe(403);
    expect(calls).toEqual([]);
  });
});

describe('a constructor that throws', () => {
  const broken = new Error('no seat');

  test('at the opening: logged, 1011, nothing else is called, and what was made for it is disposed of', async () => {
    const calls: string[] = [];
    const { controller, options } = living(calls, { make: thrower(broken) });
    const app = await serve([controller], options);
    const client = await app.connect('/');
    client.send('x');
    expect(await client.closed).toMatchObject({ code: 1011, reason: 'internal error' });
    await app.advance(0);
    expect(calls).toEqual([...MADE, 'session disposed']);
    expect(app.log.lines).toEqual([`error ${controller.name} failed`]);
    expect(app.log.errors).toEqual([broken]);
  });

  test('at the upgrade: logged, 500', async () => {
    const calls: string[] = [];
    const { controller, options } = living(calls, { make: thrower(broken), enter: () => undefined });
    const app = await serve([controller], options);
    expect((await app.refusal('/')).status).toBe(500);
    await app.advance(0);
    expect(calls).toEqual([...MADE, 'session disposed']);
    expect(app.log.errors).toEqual([broken]);
  });

  test('a PortalError: its status at the upgrade', async () => {
    const make = thrower(new PortalError('full', 'no seat', { status: 503 }));
    const { controller, options } = living([], { make, enter: () => undefined });
    const app = await serve([controller], options);
    expect(await app.refusal('/')).toMatchObject({ status: 503, body: 'no seat' });
    expect(app.log.errors).toEqual([]);
  });

  test('has no @OnError of its own, but filters', async () => {
    let made = 0;
    @WebSocketPath('/', { scope: 'connection' })
    class Chat {
      constructor() {
        made++;
        throw broken;
      }
      @OnMessage()
      any(): void {}
      @OnError()
      error(): string {
        return 'never';
      }
    }
    const app = await serve([Chat], { filters: [{ catch: (error) => `sorry: ${(error as Error).message}` }] });
    expect(await (await app.connect('/')).receive()).toBe('sorry: no seat');
    expect(made).toBe(1);
    expect(app.log.lines).toEqual([]);
  });
});
