import { createServer } from 'node:http';
import {
  createApp,
  injectable,
  Module,
  OnMessage,
  OnClose,
  WebSocketPath,
  type Application,
  type LifecycleHooks,
  type ModuleProvider,
} from '../../src';
import { createTestApp } from '../../src/testing';
import { Lifecycle } from '../../src/app/lifecycle';
import { connect, MemoryLogger, moduleOf } from '../support/app';
import { deferred } from '../support/engine';
import { serve } from '../support/serve';

/** Tells of its start and its end. */
const member = (calls: string[], name: string): LifecycleHooks => ({
  onInit: () => void calls.push(`+${name}`),
  onShutdown: () => void calls.push(`-${name}`),
});

describe('a lifecycle', () => {
  const failed = jest.fn();

  test('names what has no class, and goes on', async () => {
    const calls: string[] = [];
    const failures: string[] = [];
    const fail = (): never => {
      throw new Error('no');
    };
    const bare = Object.assign(Object.create(null) as LifecycleHooks, { onShutdown: fail });
    const strange = Object.defineProperty({ onShutdown: fail }, 'constructor', { get: fail });
    const lifecycle = new Lifecycle([member(calls, 'a'), bare, strange], (_error, where) => void failures.push(where));
    await lifecycle.start();
    await lifecycle.stop();
    expect(calls).toEqual(['+a', '-a']);
    expect(failures).toEqual(['Object.onShutdown', 'Object.onShutdown']);
  });

  test('starts in the order given, each once, and stops in reverse', async () => {
    const calls: string[] = [];
    const [a, b] = [member(calls, 'a'), member(calls, 'b')];
    const lifecycle = new Lifecycle([a, b, a, null, undefined, 5, 'text', {}], failed);
    await lifecycle.start();
    await lifecycle.stop();
    await lifecycle.stop();
    expect(calls).toEqual(['+a', '+b', '-b', '-a']);
  });

  test('takes later ones, each once: at once where it runs', async () => {
    const calls: string[] = [];
    const [a, b, c] = [member(calls, 'a'), member(calls, 'b'), member(calls, 'c')];
    const lifecycle = new Lifecycle([a], failed);
    lifecycle.add(b, false);
    await lifecycle.start();
    for (const one of [a, b, c, c]) lifecycle.add(one, false);
    await new Promise(setImmediate);
    expect(calls).toEqual(['+a', '+b', '+c']);
    await lifecycle.end();
    await lifecycle.end();
    expect(calls.slice(3)).toEqual(['-c', '-b', '-a']);
  });

  test('tells of a later one that cannot start, and ends it', async () => {
    const calls: string[] = [];
    const tell = jest.fn();
    const lifecycle = new Lifecycle([], tell);
    await lifecycle.start();
    class Broken {
      onInit(): Promise<void> {
        return Promise.reject(new Error('no table'));
      }
      onShutdown(): void {
        calls.push('-broken');
      }
    }
    lifecycle.add(new Broken(), true);
    await new Promise(setImmediate);
    expect(tell.mock.calls).toEqual([[new Error('no table'), 'Broken.onInit']]);
    await lifecycle.end();
    expect(calls).toEqual(['-broken']);
  });

  test('awaits each before the next', async () => {
    const calls: string[] = [];
    const slow: LifecycleHooks = {
      async onInit() {
        await new Promise(setImmediate);
        calls.push('+slow');
      },
      async onShutdown() {
        await new Promise(setImmediate);
        calls.push('-slow');
      },
    };
    const lifecycle = new Lifecycle([slow, member(calls, 'a'), slow], failed);
    await lifecycle.start();
    await lifecycle.stop();
    expect(calls).toEqual(['+slow', '+a', '-a', '-slow']);
  });

  test('has hooks that are called as methods', async () => {
    class Service {
      private readonly state: string[] = [];
      onInit(): void {
        this.state.push('on');
      }
      onShutdown(): string[] {
        this.state.push('off');
        return this.state;
      }
    }
    const service = new Service();
    const lifecycle = new Lifecycle([service], failed);
    await lifecycle.start();
    await lifecycle.stop();
    expect(service).toEqual({ state: ['on', 'off'] });
  });

  test.each<[string, () => Promise<void> | void]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no database'))],
  ])('that cannot start (onInit %s) stops what was started, and only that', async (_how, onInit) => {
    const calls: string[] = [];
    const broken = { ...member(calls, 'broken'), onInit };
    const lifecycle = new Lifecycle([member(calls, 'a'), broken, member(calls, 'b')], failed);
    await expect(lifecycle.start()).rejects.toThrow('no database');
    expect(calls).toEqual(['+a', '-a']);
    expect(failed).not.toHaveBeenCalled();
  });

  test('tells of an onShutdown that fails, and goes on', async () => {
    const calls: string[] = [];
    class Broken {
      onShutdown(): Promise<never> {
        return Promise.reject(new Error('stuck'));
      }
    }
    const tell = jest.fn();
    const lifecycle = new Lifecycle([member(calls, 'a'), new Broken(), member(calls, 'b')], tell);
    await lifecycle.start();
    await lifecycle.stop();
    expect(calls).toEqual(['+a', '+b', '-b', '-a']);
    expect(tell.mock.calls).toEqual([[new Error('stuck'), 'Broken.onShutdown']]);
  });
});

/** Modules, providers, a controller and a guard with hooks, of which some need others. */
function parts(calls: string[]) {
  class Hooks {
    onInit(): void {
      calls.push(`+${this.constructor.name}`);
    }
    onShutdown(): void {
      calls.push(`-${this.constructor.name}`);
    }
  }
  @injectable()
  class Database extends Hooks {}
  @injectable()
  class Users extends Hooks {
    constructor(readonly database: Database) {
      super();
    }
  }
  @WebSocketPath('/')
  class Chat extends Hooks {
    constructor(readonly users: Users) {
      super();
    }
    @OnMessage()
    any(): string {
      return 'x';
    }
    @OnClose()
    bye(): void {
      calls.push('close');
    }
  }
  class Guarding extends Hooks {
    canActivate(): boolean {
      return true;
    }
  }
  @Module({ providers: [Users, Database] })
  class Data extends Hooks {}
  const values: ModuleProvider[] = [
    { token: 'value', useValue: member(calls, 'value') },
    { token: 'factory', useFactory: async () => member(calls, 'factory') },
    { token: 'alias', useToken: 'value' },
  ];
  @Module({ imports: [Data], controllers: [Chat], providers: values })
  class Root extends Hooks {}
  return { Root, Guarding };
}

const STARTED = ['+Database', '+Users', '+Chat', '+Data', '+Root', '+value', '+factory', '+Guarding'];
const STOPPED = [...STARTED].reverse().map((call) => call.replace('+', '-'));

describe('an application', () => {
  test('starts all that it consists of once, each after what it needs, before the first connection; and stops in reverse', async () => {
    const calls: string[] = [];
    const { Root, Guarding } = parts(calls);
    const app = await createTestApp(Root, { guards: [Guarding], logger: new MemoryLogger() });
    expect(calls).toEqual(STARTED);
    await app.connect('/');
    await app.close();
    expect(calls).toEqual([...STARTED, 'close', ...STOPPED]);
  });

  test('does so each time that it listens, not when it is built', async () => {
    const calls: string[] = [];
    const { Root, Guarding } = parts(calls);
    const app = await createApp(Root, { guards: [Guarding], logger: new MemoryLogger(), port: 0, host: '127.0.0.1' });
    expect(calls).toEqual([]);
    for (let round = 0; round < 2; round++) {
      calls.length = 0;
      await app.listen();
      expect(calls).toEqual(STARTED);
      const client = await connect(app, '/');
      expect(await client.ask('')).toBe('x');
      await app.close();
      expect(calls).toEqual([...STARTED, 'close', ...STOPPED]);
    }
  });

  test('listens only when every onInit has settled', async () => {
    const ready = deferred();
    const entered = deferred();
    class Slow {
      onInit(): Promise<void> {
        entered.resolve();
        return ready.promise;
      }
    }
    const app = await createApp(moduleOf([], [Slow]), { port: 0, host: '127.0.0.1' });
    const listening = app.listen();
    await entered.promise;
    expect(() => app.port).toThrow('the server is not listening');
    ready.resolve();
    await listening;
    expect(app.port).toBeGreaterThan(0);
    await app.close();
  });

  test.each<[string, (app: Application) => Promise<unknown>]>([
    ['listen', (app) => app.listen()],
    ['attach', (app) => app.attach(createServer())],
  ])('closed while %s waits for an onInit is closed, and stopped, when that has settled', async (_what, open) => {
    const calls: string[] = [];
    const ready = deferred();
    class Slow {
      async onInit(): Promise<void> {
        await ready.promise;
        calls.push('+');
      }
      onShutdown(): void {
        calls.push('-');
      }
    }
    const app = await createApp(moduleOf([], [Slow]), { port: 0, host: '127.0.0.1' });
    const opening = open(app);
    const closing = app.close();
    ready.resolve();
    await Promise.all([opening, closing]);
    expect(calls).toEqual(['+', '-']);
    expect(() => app.port).toThrow('the server is not listening');
  });

  test('whose onInit fails does not start, and may be started again', async () => {
    const calls: string[] = [];
    let broken = true;
    class Flaky {
      onInit(): void {
        if (broken) throw new Error('no database');
      }
    }
    const providers = [{ token: 'a', useValue: member(calls, 'a') }, Flaky];
    const app = await createApp(moduleOf([], providers), { port: 0, host: '127.0.0.1' });
    await expect(app.listen()).rejects.toThrow('no database');
    expect(calls).toEqual(['+a', '-a']);
    expect(() => app.port).toThrow('the server is not listening');
    broken = false;
    await app.listen();
    await app.close();
    expect(calls).toEqual(['+a', '-a', '+a', '-a']);
  });

  test('that cannot have its port stops what was started', async () => {
    const calls: string[] = [];
    const other = await createApp(moduleOf([]), { port: 0, host: '127.0.0.1' });
    await other.listen();
    const providers = [{ token: 'a', useValue: member(calls, 'a') }];
    const app = await createApp(moduleOf([], providers), { port: other.port, host: '127.0.0.1' });
    await expect(app.listen()).rejects.toThrow('already in use');
    expect(calls).toEqual(['+a', '-a']);
    await other.close();
  });

  test('logs an onShutdown that fails', async () => {
    class Broken {
      onShutdown(): void {
        throw new Error('stuck');
      }
    }
    const app = await serve([], { providers: [Broken] });
    await app.close();
    expect(app.log.lines).toEqual(['error Broken.onShutdown failed']);
    expect(app.log.errors).toEqual([new Error('stuck')]);
  });
});
