import { createServer, type Server } from 'node:net';
import {
  bootstrap,
  createApp,
  injectable,
  ListenError,
  OnMessage,
  WebSocketPath,
  type LifecycleHooks,
  type ModuleProvider,
  type PortalOptions,
} from '../../src';
import { createTestApp } from '../../src/testing';
import { MemoryLogger, moduleOf } from '../support/app';
import { deferred } from '../support/engine';
import { ManualClock } from '../support/manual-clock';
import { settled } from '../support/serve';

/** A resource that somebody has opened. */
const resource = (calls: string[], name: string, hooks: LifecycleHooks & { dispose?(): unknown } = {}) => ({
  onShutdown: () => void calls.push(`-${name}`),
  dispose: () => void calls.push(`~${name}`),
  ...hooks,
});
const ENDED = ['-b', '~b', '-a', '~a'];

const made = (calls: string[]): ModuleProvider[] => [
  { token: 'a', useFactory: () => resource(calls, 'a') },
  { token: 'b', useFactory: async () => resource(calls, 'b') },
];

@injectable()
class Broken {
  constructor() {
    throw new Error('broken');
  }
}

@WebSocketPath('/')
class Wrong {
  @OnMessage()
  text(_a: string, _b: string): void {}
}

describe('what was made is ended in reverse when', () => {
  test.each<[string, ModuleProvider[], Parameters<typeof moduleOf>[0], string]>([
    [
      'a later factory throws',
      [
        {
          token: 'x',
          useFactory: () => {
            throw new Error('no port');
          },
        },
      ],
      [],
      '"x" cannot be made. no port',
    ],
    [
      'a later factory rejects',
      [{ token: 'x', useFactory: () => Promise.reject(new Error('no port')) }],
      [],
      '"x" cannot be made. no port',
    ],
    ['a constructor throws', [Broken], [], 'Broken cannot be made. broken'],
    ['nothing provides a token', [{ token: 'x', useToken: 'y' }], [], '"x": nothing provides "y"'],
    ['a controller cannot be compiled', [], [Wrong], 'Wrong.text, parameter 2 (_b): a second body'],
    ['two controllers have one path', [], [class {}], 'has no @WebSocketPath'],
  ])('%s', async (_what, providers, controllers, message) => {
    for (const boot of [createApp, createTestApp, bootstrap] as const) {
      const calls: string[] = [];
      const booting = boot(moduleOf(controllers, [...made(calls), ...providers]), { logger: new MemoryLogger() });
      await expect(booting).rejects.toThrow(message);
      expect(calls).toEqual(ENDED);
    }
  });

  test('an onInit throws: also what was not started', async () => {
    for (const boot of [createTestApp, bootstrap] as const) {
      const calls: string[] = [];
      const root = moduleOf(
        [],
        [
          { token: 'a', useFactory: () => resource(calls, 'a', { onInit: () => void calls.push('+a') }) },
          { token: 'x', useValue: { onInit: () => Promise.reject(new Error('no table')) } },
          { token: 'b', useFactory: () => resource(calls, 'b', { onInit: () => void calls.push('+b') }) },
        ],
      );
      await expect(boot(root, { logger: new MemoryLogger() })).rejects.toThrow('no table');
      expect(calls).toEqual(['+a', ...ENDED]);
    }
  });

  test('the port is in use', async () => {
    const other = await listening();
    const calls: string[] = [];
    const { port } = other.address() as { port: number };
    const root = moduleOf([], made(calls));
    await expect(bootstrap(root, { port, host: '127.0.0.1', logger: new MemoryLogger() })).rejects.toThrow(ListenError);
    expect(calls).toEqual(ENDED);
    other.close();
  });
});

test('an application whose port is in use can listen again, and is ended once', async () => {
  const other = await listening();
  const calls: string[] = [];
  const { port } = other.address() as { port: number };
  const hooks = { onInit: () => void calls.push('+a') };
  const app = await createApp(moduleOf([], [{ token: 'a', useFactory: () => resource(calls, 'a', hooks) }]), {
    port,
    host: '127.0.0.1',
    logger: new MemoryLogger(),
  });
  await expect(app.listen()).rejects.toThrow(ListenError);
  expect(calls.splice(0)).toEqual(['+a', '-a']);
  await new Promise((resolve) => other.close(resolve));
  await app.listen();
  await app.close();
  await app.close();
  expect(calls).toEqual(['+a', '-a', '~a']);
});

test('an application that was built and never started is ended by close()', async () => {
  const calls: string[] = [];
  const app = await createApp(moduleOf([], made(calls)), { logger: new MemoryLogger() });
  const closing = app.close();
  expect(app.close()).toBe(closing);
  await closing;
  expect(calls).toEqual(ENDED);
});

test('a factory that is at work when another one fails is waited for, and its product ended', async () => {
  const calls: string[] = [];
  const root = moduleOf(
    [],
    [
      { token: 'early', useFactory: (c: { resolve(token: string): unknown }) => c.resolve('late') },
      {
        token: 'late',
        useFactory: async () => {
          await settled();
          return resource(calls, 'late');
        },
      },
      { token: 'lost', useFactory: () => Promise.reject(new Error('nobody hears')) },
    ],
  );
  await expect(createApp(root)).rejects.toThrow('"late" comes from an async factory');
  expect(calls).toEqual(['-late', '~late']);
});

test('what fails at the end is logged, and the first error thrown', async () => {
  const logger = new MemoryLogger();
  const calls: string[] = [];
  class Pool {
    onShutdown(): void {
      throw new Error('stuck');
    }
    dispose(): Promise<never> {
      return Promise.reject(new Error('jammed'));
    }
  }
  const root = moduleOf(
    [],
    [
      ...made(calls),
      Pool,
      { token: 'pool', useFactory: () => new Pool() },
      { token: 'x', useFactory: () => Promise.reject(new Error('first')) },
    ],
  );
  await expect(createApp(root, { logger })).rejects.toThrow('first');
  expect(calls).toEqual(ENDED);
  expect(logger.lines).toEqual(['error Pool.onShutdown failed', 'error Pool.dispose failed']);
});

describe('the deadline', () => {
  /** An application with three that hang at their end, in one way or another. */
  async function hanging(options: PortalOptions, calls: string[]) {
    const clock = new ManualClock();
    const logger = new MemoryLogger();
    const never = new Promise<void>(() => {});
    class Hangs {
      onShutdown(): Promise<void> {
        calls.push('hangs');
        return never;
      }
    }
    class Jams {
      dispose(): Promise<void> {
        calls.push('jams');
        return never;
      }
    }
    const root = moduleOf([], [...made(calls), Hangs, Jams]);
    const app = await createApp(root, { port: 0, host: '127.0.0.1', clock, logger, ...options });
    return { app, clock, logger };
  }
  const TOLD = ['error Jams.dispose failed', 'error Hangs.onShutdown failed'];

  test.each([1_000, undefined])(
    'of %p ms is for all that ends, who hangs is told, and the others have their turn',
    async (deadlineMs) => {
      const calls: string[] = [];
      const { app, clock, logger } = await hanging({ shutdown: deadlineMs === undefined ? {} : { deadlineMs } }, calls);
      await app.listen();
      let closed = false;
      const closing = app.close().then(() => (closed = true));
      await settled();
      clock.advance((deadlineMs ?? 30_000) - 1);
      await settled();
      expect([closed, calls]).toEqual([false, ['jams']]);
      clock.advance(1);
      await closing;
      expect(calls).toEqual(['jams', 'hangs', ...ENDED]);
      expect(logger.lines).toEqual(TOLD);
      expect(logger.errors[1]).toEqual(
        new Error(
          `onShutdown had not settled within shutdown.deadlineMs (${deadlineMs ?? 30_000}), and is waited for no longer`,
        ),
      );
    },
  );

  test('holds for an onInit that never settles: it is told, and ended when it does', async () => {
    const calls: string[] = [];
    const ready = deferred();
    const entered = deferred();
    class Slow {
      onInit(): Promise<void> {
        entered.resolve();
        return ready.promise;
      }
      onShutdown(): void {
        calls.push('-slow');
      }
    }
    const clock = new ManualClock();
    const logger = new MemoryLogger();
    const root = moduleOf(
      [],
      [...made(calls), Slow, { token: 'later', useValue: { onInit: () => void calls.push('later') } }],
    );
    const app = await createApp(root, { port: 0, host: '127.0.0.1', clock, logger, shutdown: { deadlineMs: 100 } });
    const listening = app.listen();
    await entered.promise;
    const closing = app.close();
    await settled();
    clock.advance(100);
    await closing;
    expect(calls).toEqual(ENDED);
    expect(logger.lines).toEqual(['error Slow.onInit failed']);
    ready.resolve();
    await listening;
    expect(calls).toEqual([...ENDED, '-slow']);
    expect(() => app.port).toThrow('the server is not listening');
  });
});

describe.each(['SIGTERM', 'SIGINT'] as const)('%s while an onInit runs', (signal) => {
  test('lets it end, starts no more, does not listen, and ends all that there is', async () => {
    const calls: string[] = [];
    const ready = deferred();
    const entered = deferred();
    const slow = resource(calls, 'slow', {
      async onInit() {
        entered.resolve();
        await ready.promise;
        calls.push('+slow');
      },
    });
    const root = moduleOf(
      [],
      [
        ...made(calls),
        { token: 'slow', useValue: slow },
        { token: 'later', useValue: { onInit: () => void calls.push('later') } },
      ],
    );
    const before = process.listenerCount(signal);
    const booting = bootstrap(root, {
      port: 0,
      host: '127.0.0.1',
      shutdown: { signals: true },
      logger: new MemoryLogger(),
    });
    await entered.promise;
    expect(process.listenerCount(signal)).toBe(before + 1);
    process.emit(signal, signal);
    ready.resolve();
    const app = await booting;
    await app.close();
    expect(calls).toEqual(['+slow', '-slow', ...ENDED]);
    expect(() => app.port).toThrow('the server is not listening');
    expect(process.listenerCount(signal)).toBe(before);
  });
});

test('a start that fails leaves nobody who listens for signals', async () => {
  const before = process.listenerCount('SIGTERM');
  const root = moduleOf([], [{ token: 'x', useValue: { onInit: () => Promise.reject(new Error('no table')) } }]);
  await expect(bootstrap(root, { shutdown: { signals: true }, logger: new MemoryLogger() })).rejects.toThrow(
    'no table',
  );
  expect(process.listenerCount('SIGTERM')).toBe(before);
});

test('closed while it is made to listen, it is closed', async () => {
  const app = await createApp(moduleOf([]), { port: 0, host: '127.0.0.1', logger: new MemoryLogger() });
  const listening = app.listen();
  await app.close();
  await listening;
  expect(() => app.port).toThrow('the server is not listening');
  await app.listen();
  expect(app.port).toBeGreaterThan(0);
  await app.close();
});

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
