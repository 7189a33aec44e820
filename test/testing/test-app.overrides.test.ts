import {
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

test('without overrides it is the application as it is', async () => {
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

  test('a guard that a class takes the place of, with dependencies of its own', async () => {
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

test('overrides of one application do not reach another', async () => {
  const noon = await appWith([{ token: Clock, useValue: { now: () => 'noon' } }]);
  const real = await appWith();
  expect(await greetingOf(real)).toBe('hello at real time, world');
  expect(await greetingOf(noon)).toBe('hello at noon, world');
});
