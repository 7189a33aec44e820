import 'reflect-metadata';
import { delay, type DependencyContainer } from 'tsyringe';
import {
  BootError,
  Inject,
  injectable,
  Module,
  OnMessage,
  refuse,
  UnauthorizedError,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Context,
  type ExceptionFilter,
  type Guard,
  type Interceptor,
} from '../../src';
import { createTestApp, type TestApp, type TestOptions } from '../../src/testing';

class Clock {
  now(): string {
    return 'real time';
  }
}

@injectable()
class Greeter {
  constructor(private readonly clock: Clock) {}
  greet(): string {
    return `hello at ${this.clock.now()}`;
  }
}

class OnlyFriends implements Guard {
  canActivate({ connection }: Context): boolean {
    if (connection.handshake.headers.authorization !== 'friend') throw new UnauthorizedError('who?');
    return true;
  }
}

class Loud implements Interceptor {
  intercept(_context: Context, next: () => unknown): unknown {
    return String(next()).toUpperCase();
  }
}

class Apologies implements ExceptionFilter {
  catch(error: Error): string {
    return `sorry: ${error.message}`;
  }
}

@WebSocketPath('/')
class Hello {
  constructor(
    private readonly greeter: Greeter,
    @Inject('config') private readonly config: { name: string },
  ) {}
  @OnMessage('greet')
  greet(): string {
    return `${this.greeter.greet()}, ${this.config.name}`;
  }
}

@WebSocketPath('/guarded')
@UseGuards(OnlyFriends)
@UseInterceptors(Loud)
@UseFilters(Apologies)
class Guarded {
  @OnMessage()
  text(message: string): string {
    if (message === 'fail') throw new Error('it failed');
    return message;
  }
}

@Module({
  controllers: [Hello, Guarded],
  providers: [Clock, Greeter, { token: 'config', useFactory: async () => ({ name: 'world' }) }],
})
class AppModule {}

const apps: TestApp[] = [];

async function appWith(override: TestOptions['override'] = []): Promise<TestApp> {
  const app = await createTestApp(AppModule, { override });
  apps.push(app);
  return app;
}

afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

const greetingOf = async (app: TestApp): Promise<unknown> => (await app.connect('/')).request('greet');

test('without overrides the application is unchanged', async () => {
  expect(await greetingOf(await appWith())).toBe('hello at real time, world');
});

test.each<[string, NonNullable<TestOptions['override']>, string]>([
  ['useValue', [{ token: Clock, useValue: { now: () => 'noon' } }], 'hello at noon, world'],
  [
    'useClass',
    [
      {
        token: Clock,
        useClass: class {
          now(): string {
            return 'dusk';
          }
        },
      },
    ],
    'hello at dusk, world',
  ],
  ['useFactory', [{ token: Clock, useFactory: () => ({ now: () => 'dawn' }) }], 'hello at dawn, world'],
  [
    'an async useFactory',
    [{ token: 'config', useFactory: async () => ({ name: 'test' }) }],
    'hello at real time, test',
  ],
  [
    'useToken',
    [
      { token: 'other', useValue: { name: 'alias' } },
      { token: 'config', useToken: 'other' },
    ],
    'hello at real time, alias',
  ],
  [
    'several',
    [
      { token: Clock, useValue: { now: () => 'noon' } },
      { token: 'config', useValue: { name: 'test' } },
    ],
    'hello at noon, test',
  ],
  ['what others need of it', [{ token: Greeter, useValue: { greet: () => 'hi' } }], 'hi, world'],
])('%s takes the place of a provider', async (_what, override, greeting) => {
  expect(await greetingOf(await appWith(override))).toBe(greeting);
});

test('a factory that was replaced is not called, nor a class made', async () => {
  const made: string[] = [];
  class Database {
    constructor() {
      made.push('class');
    }
  }
  class Root {}
  Module({
    providers: [Database, { token: 'pool', useFactory: () => made.push('factory') }],
  })(Root);
  apps.push(
    await createTestApp(Root, {
      override: [
        { token: Database, useValue: {} },
        { token: 'pool', useFactory: () => made.push('override') },
      ],
    }),
  );
  expect(made).toEqual(['override']);
});

describe('a class that no module lists', () => {
  test('a guard', async () => {
    const closed = await appWith();
    await expect(closed.connect('/guarded')).rejects.toMatchObject({ status: 401, body: 'who?' });
    const open = await appWith([{ token: OnlyFriends, useValue: { canActivate: () => true } }]);
    const client = await open.connect('/guarded');
    client.send('in');
    expect(await client.receive()).toBe('IN');
  });

  test('a guard replaced by a class with dependencies of its own', async () => {
    @injectable()
    class OnlyNoon implements Guard {
      constructor(private readonly clock: Clock) {}
      canActivate(): ReturnType<Guard['canActivate']> {
        return refuse(403, { body: this.clock.now() });
      }
    }
    const app = await appWith([{ token: OnlyFriends, useClass: OnlyNoon }]);
    await expect(app.connect('/guarded')).rejects.toMatchObject({ status: 403, body: 'real time' });
  });

  test('an interceptor and a filter', async () => {
    const app = await appWith([
      {
        token: Loud,
        useFactory: () => ({ intercept: (_context: Context, next: () => unknown) => `${next() as string}?` }),
      },
      { token: Apologies, useValue: { catch: () => 'replaced' } },
    ]);
    const client = await app.connect('/guarded', { headers: { authorization: 'friend' } });
    client.send('hi');
    client.send('fail');
    expect(await client.receive()).toBe('hi?');
    expect(await client.receive()).toBe('replaced');
  });
});

describe('an override of a class that nobody provides or needs is a boot error', () => {
  const never = 'nothing that is made when the application starts needs it, and no module lists it';
  class Stranger {}
  class Namesake {}
  Object.defineProperty(Namesake, 'name', { value: 'Clock' });
  const symbol = Symbol('config');

  test.each<[string, NonNullable<TestOptions['override']>[number], string]>([
    ['a class', { token: Stranger, useValue: {} }, `no Stranger to take the place of: ${never}`],
    ['a text', { token: 'confg', useValue: {} }, `no "confg" to take the place of: ${never}`],
    ['a symbol', { token: symbol, useValue: {} }, `no Symbol(config) to take the place of: ${never}`],
    [
      'another class of the same name',
      { token: Namesake, useValue: {} },
      'no Clock to take the place of: it is not the Clock that is provided, but another of that name',
    ],
    ['a factory', { token: Stranger, useFactory: () => ({}) }, `no Stranger to take the place of: ${never}`],
    ['a class without a token', Stranger, `no Stranger to take the place of: ${never}`],
  ])('%s', async (_what, override, message) => {
    await expect(appWith([override])).rejects.toThrow(new BootError(`override: there is ${message}.`));
  });

  test('instances made before the error are disposed of', async () => {
    const onShutdown = jest.fn();
    await expect(appWith([{ token: Stranger, useFactory: () => ({ onShutdown }) }])).rejects.toThrow(BootError);
    expect(onShutdown).toHaveBeenCalledTimes(1);
  });
});

describe('dependencies that no module lists can be overridden', () => {
  class Mailer {
    send(): string {
      return 'sent';
    }
  }
  class Letters {
    send(): string {
      return 'letter';
    }
  }

  @injectable()
  class Desk {
    constructor(private readonly mailer: Mailer) {}
    send(): string {
      return this.mailer.send();
    }
  }

  @WebSocketPath('/desk', { scope: 'connection' })
  class Own {
    constructor(@Inject(delay(() => Desk)) private readonly desk: Desk) {}
    @OnMessage('send')
    send(): string {
      return this.desk.send();
    }
  }

  @WebSocketPath('/desk')
  class Shared {
    constructor(private readonly desk: Desk) {}
    @OnMessage('send')
    send(): string {
      return this.desk.send();
    }
  }

  @WebSocketPath('/desk')
  class ByParameter {
    @OnMessage('send')
    send(@Inject(Desk) desk: Desk): string {
      return desk.send();
    }
  }

  @WebSocketPath('/desk')
  class ByFactory {
    constructor(@Inject('made') private readonly made: Desk) {}
    @OnMessage('send')
    send(): string {
      return this.made.send();
    }
  }

  test.each([
    ['a class', Shared],
    ['what belongs to a connection, and is delayed', Own],
    ['a parameter of a handler', ByParameter],
    ['a factory', ByFactory],
  ])('by %s', async (_what, controller) => {
    class Root {}
    const made = { token: 'made', useFactory: (container: DependencyContainer) => container.resolve(Desk) };
    Module({ controllers: [controller], providers: [made] })(Root);
    const app = await createTestApp(Root, { override: [{ token: Mailer, useClass: Letters }] });
    apps.push(app);
    expect(await (await app.connect('/desk')).request('send')).toBe('letter');
  });
});

test('overrides of one application do not reach another', async () => {
  const noon = await appWith([{ token: Clock, useValue: { now: () => 'noon' } }]);
  const real = await appWith();
  expect(await greetingOf(real)).toBe('hello at real time, world');
  expect(await greetingOf(noon)).toBe('hello at noon, world');
});
