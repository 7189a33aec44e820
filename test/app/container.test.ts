import { bootstrap, BootError, Inject, injectable, OnMessage, WebSocketPath, type ModuleProvider } from '../../src';
import { connect, moduleOf, start } from '../support/app';
import { inject, type DependencyContainer } from 'tsyringe';

const SETTINGS = Symbol('settings');

@WebSocketPath('/')
class Reader {
  constructor(@Inject(SETTINGS) private readonly settings: { value: number }) {}

  @OnMessage()
  any(): number {
    return this.settings.value;
  }
}

async function readWith(...providers: ModuleProvider[]): Promise<string | Buffer> {
  const client = await connect(await start([Reader], { providers }), '/');
  return client.ask('');
}

class Seven {
  readonly value = 7;
}

test.each<[string, ModuleProvider[]]>([
  ['a value', [{ token: SETTINGS, useValue: { value: 7 } }]],
  ['a class', [{ token: SETTINGS, useClass: Seven }]],
  ['another token', [Seven, { token: SETTINGS, useToken: Seven }]],
  ['a factory', [Seven, { token: SETTINGS, useFactory: (c: DependencyContainer) => c.resolve(Seven) }]],
  ['an async factory', [{ token: SETTINGS, useFactory: () => Promise.resolve(new Seven()) }]],
  [
    'a factory that needs an earlier async one',
    [
      { token: 'deep', useFactory: async () => new Seven() },
      { token: SETTINGS, useFactory: (c: DependencyContainer) => c.resolve<Seven>('deep') },
    ],
  ],
  [
    'a factory that needs a later one',
    [
      { token: SETTINGS, useFactory: (c: DependencyContainer) => c.resolve<Seven>('later') },
      { token: 'later', useFactory: () => new Seven() },
    ],
  ],
])('%s provides', async (_what, providers) => {
  expect(await readWith(...providers)).toBe('7');
});

test('a factory is called once', async () => {
  const factory = jest.fn(() => new Seven());
  await readWith({ token: SETTINGS, useFactory: factory }, { token: 'other', useToken: SETTINGS });
  expect(factory).toHaveBeenCalledTimes(1);
});

async function bootErrorOf(controllers: (new (...args: never[]) => object)[], providers: ModuleProvider[] = []) {
  const error: unknown = await bootstrap(moduleOf(controllers, providers), { port: 0 }).then(
    (app) => app.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BootError)) throw new Error(`no boot error but ${String(error)}`);
  return error;
}

test('a token that nothing provides', async () => {
  const { message } = await bootErrorOf([Reader]);
  expect(message).toBe(
    'Reader, constructor parameter 1: nothing provides Symbol(settings): add { token: Symbol(settings), useValue: … } ' +
      'to the providers of a module.',
  );
});

test('a provider with parameters that is not @injectable()', async () => {
  class Plain {
    constructor(readonly seven: Seven) {}
  }
  const { message } = await bootErrorOf([], [Seven, Plain]);
  expect(message).toBe(
    'Plain, constructor parameter 1: its type is not known. Decorate Plain with @injectable() from portal-ws, with ' +
      '"emitDecoratorMetadata": true in tsconfig.json; or bind the parameter with @Inject(token).',
  );
});

test('the same, where a controller needs it', async () => {
  class Plain {
    constructor(readonly seven: Seven) {}
  }
  @WebSocketPath('/')
  class Needy {
    constructor(readonly plain: Plain) {}
    @OnMessage()
    any(): void {}
  }
  expect((await bootErrorOf([Needy])).message).toContain('Decorate Plain with @injectable()');
});

test('a constructor parameter whose type names nothing', async () => {
  @injectable()
  class Named {
    constructor(readonly name: string) {}
  }
  expect((await bootErrorOf([], [Named])).message).toBe(
    'Named, constructor parameter 1: its type came out as String, which names no provider. Use @Inject(token).',
  );
  @injectable()
  class Injected {
    constructor(@inject('name') readonly name: string) {}
  }
  await (await bootstrap(moduleOf([], [{ token: 'name', useValue: 'n' }, Injected]), { port: 0 })).close();
});

test('a provider whose constructor throws, and a factory that fails, keep their cause', async () => {
  class Broken {
    constructor() {
      throw new Error('no database');
    }
  }
  expect((await bootErrorOf([], [Broken])).message).toBe('Broken cannot be made. no database');
  const failure = new Error('unreachable');
  const error = await bootErrorOf([], [{ token: 'db', useFactory: () => Promise.reject(failure) }]);
  expect(error.message).toBe('"db" cannot be made. unreachable');
  expect(error.cause).toBe(failure);
});

test('an async factory that is asked for before its turn', async () => {
  const { message } = await bootErrorOf(
    [],
    [
      { token: 'early', useFactory: (c: DependencyContainer) => c.resolve<Seven>('late') },
      { token: 'late', useFactory: async () => new Seven() },
    ],
  );
  expect(message).toContain('"late" comes from an async factory: list its provider before those that need it');
});

test('a provider without token or without anything to provide', async () => {
  expect((await bootErrorOf([], [{ useValue: 1 } as never])).message).toBe(
    'a provider has no token: write { token: …, useValue: … }, or list a class.',
  );
  expect((await bootErrorOf([], [{ token: 't' } as never])).message).toBe(
    'the provider of "t" has no useClass, useValue, useFactory or useToken.',
  );
});
