import { injectable, OnMessage, WebSocketPath, type Connection, type ModuleProvider } from '../../src';
import { container, Lifecycle, singleton, type DependencyContainer } from 'tsyringe';
import { ConnectionScope } from '../../src/app/connection-scope';
import { Connection as ConnectionClass } from '../../src/engine';
import { serve } from '../support/serve';

const scoped = (useClass: new (...args: never[]) => unknown): ModuleProvider => ({
  token: useClass,
  useClass,
  options: { lifecycle: Lifecycle.ContainerScoped },
});

/** A class that tells when it is disposed of, in whatever way. */
function disposable(name: string, calls: string[], how: () => unknown = () => {}) {
  return class {
    dispose(): unknown {
      calls.push(name);
      return how();
    }
  };
}

/** Connects to a controller that is made with these, and closes. */
async function live(providers: ModuleProvider[], ...needed: (new () => object)[]) {
  class Chat {
    constructor(...made: object[]) {
      expect(made).toHaveLength(needed.length);
    }
    @OnMessage()
    any(): void {}
  }
  Reflect.defineMetadata('design:paramtypes', needed, Chat);
  WebSocketPath('/', { scope: 'connection' })(Chat);
  const app = await serve([Chat], { providers });
  const client = await app.connect('/');
  await client.close();
  await app.advance(0);
  return app;
}

test('what was made for the connection is disposed of, the latest first, each awaited', async () => {
  const calls: string[] = [];
  const First = disposable('first', calls);
  const Second = disposable('second', calls, async () => {
    await new Promise(setImmediate);
    calls.push('second done');
  });
  const Third = disposable('third', calls);
  await live([scoped(First), scoped(Second), scoped(Third)], First, Second, Third);
  expect(calls).toEqual(['third', 'second', 'second done', 'first']);
});

test('one that fails, at once or later, does not skip the others, and is logged by its name', async () => {
  const calls: string[] = [];
  const First = disposable('first', calls);
  class Throws extends disposable('throws', calls, () => {
    throw new Error('at once');
  }) {}
  class Rejects extends disposable('rejects', calls, () => Promise.reject(new Error('later'))) {}
  const app = await live([scoped(First), scoped(Throws), scoped(Rejects)], First, Throws, Rejects);
  expect(calls).toEqual(['rejects', 'throws', 'first']);
  expect(app.log.lines).toEqual(['error Rejects.dispose failed', 'error Throws.dispose failed']);
  expect(app.log.errors).toEqual([new Error('later'), new Error('at once')]);
});

test('what the application has one of is not disposed of, nor what tsyringe has one of', async () => {
  const calls: string[] = [];
  const One = disposable('one', calls);
  const Value = disposable('value', calls);
  const Global = disposable('global', calls);
  singleton()(Global);
  const Own = disposable('own', calls);
  await live([One, { token: Value, useValue: new Value() }, scoped(Own)], One, Value, Global, Own);
  expect(calls).toEqual(['own']);
  container.clearInstances();
});

test('what nobody provides is made for the connection, with its Connection', async () => {
  const made: string[] = [];
  @injectable()
  class Unlisted {
    constructor(connection: ConnectionClass) {
      made.push(connection.path);
    }
  }
  await live([], Unlisted as unknown as new () => object);
  expect(made).toEqual(['/']);
});

test('a container that keeps its disposables elsewhere is disposed of as a whole', async () => {
  const calls: unknown[] = [];
  const child = {
    register: () => {},
    dispose: () => {
      calls.push('all');
      return Promise.reject(new Error('one of them'));
    },
  };
  const connection = {} as Connection;
  const parent = { createChildContainer: () => child } as unknown as DependencyContainer;
  const scope = new ConnectionScope(parent, connection, (error, where, failed) =>
    calls.push((error as Error).message, where, failed),
  );
  await scope.dispose();
  expect(calls).toEqual(['all', 'one of them', 'Object.dispose', connection]);
});

test.each(['without a prototype', 'of a class that fails'])(
  'one %s may fail too, and the others have their turn',
  async (what) => {
    const calls: string[] = [];
    const First = disposable('first', calls);
    class Made {
      constructor() {
        const bare = Object.create(null) as Record<string, unknown>;
        bare['dispose'] = () => {
          throw new Error('no');
        };
        if (what === 'without a prototype') return bare;
        return Object.defineProperty(bare, 'constructor', {
          get() {
            throw new Error('no class');
          },
        });
      }
    }
    const app = await live([scoped(First), scoped(Made)], First, Made);
    expect(calls).toEqual(['first']);
    expect(app.log.lines).toEqual(['error Object.dispose failed']);
  },
);
