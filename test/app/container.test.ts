import {
  bootstrap,
  BootError,
  Connection,
  Connections,
  Inject,
  injectable,
  Module,
  OnMessage,
  UseGuards,
  WebSocketPath,
  type Guard,
  type ModuleProvider,
} from '../../src';
import { container, delay, inject, injectAll, Lifecycle, type DependencyContainer } from 'tsyringe';
import { AppContainer } from '../../src/app/container';
import { moduleOf } from '../support/app';
import { bootErrorOf, serve } from '../support/serve';

const SETTINGS = Symbol('settings');

@WebSocketPath('/')
class Reader {
  constructor(@Inject(SETTINGS) private readonly settings: { value: number }) {}

  @OnMessage('value')
  value(): number {
    return this.settings.value;
  }
}

async function readWith(...providers: ModuleProvider[]): Promise<unknown> {
  const client = await (await serve([Reader], { providers })).connect('/');
  return client.request('value');
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
  expect(await readWith(...providers)).toBe(7);
});

test('a factory is called once', async () => {
  const factory = jest.fn(() => new Seven());
  await readWith({ token: SETTINGS, useFactory: factory }, { token: 'other', useToken: SETTINGS });
  expect(factory).toHaveBeenCalledTimes(1);
});

describe('what a token may stand for', () => {
  /** What is injected for the token `it`. */
  async function injected(provider: ModuleProvider): Promise<unknown> {
    @injectable()
    class Holder {
      constructor(@Inject('it') readonly it: unknown) {}
    }
    const app = await serve([], { providers: [provider, Holder] });
    return app.container.resolve(Holder).it;
  }

  test.each([null, undefined, 0, '', false, NaN])('the value %p, from a value or a factory', async (value) => {
    expect(await injected({ token: 'it', useValue: value })).toBe(value);
    expect(await injected({ token: 'it', useFactory: () => value })).toBe(value);
    expect(await injected({ token: 'it', useFactory: async () => value })).toBe(value);
  });

  test('several things, where all are asked for', async () => {
    @injectable()
    class Plugins {
      constructor(@injectAll('plugin') readonly names: string[]) {}
    }
    const providers: ModuleProvider[] = [
      { token: 'plugin', useValue: 'a' },
      { token: 'plugin', useFactory: () => 'b' },
      { token: 'plugin', useFactory: async () => 'c' },
      Plugins,
    ];
    expect((await serve([], { providers })).container.resolve(Plugins).names).toEqual(['a', 'b', 'c']);
  });
});

describe('how often a class is made', () => {
  class Counted {}
  @injectable()
  class One {
    constructor(
      readonly a: Counted,
      @Inject('again') readonly b: Counted,
    ) {}
  }
  const again: ModuleProvider = { token: 'again', useToken: Counted };

  test.each<[string, ModuleProvider[], boolean]>([
    ['once, as a provider', [Counted], true],
    ['once, by another token', [{ token: Counted, useClass: Counted }], true],
    [
      'each time, where its provider says so',
      [{ token: Counted, useClass: Counted, options: { lifecycle: Lifecycle.Transient } }],
      false,
    ],
    ['once, where nobody provides it', [], true],
  ])('%s', async (_what, providers, same) => {
    const app = await serve([], { providers: [...providers, again, One] });
    const { a, b } = app.container.resolve(One);
    expect(a).toBeInstanceOf(Counted);
    expect(b).toBeInstanceOf(Counted);
    expect(a === b).toBe(same);
  });

  test('once, where several modules list it', async () => {
    let made = 0;
    class Service {
      constructor() {
        made++;
      }
    }
    @Module({ providers: [Service] })
    class Data {}
    await serve([], { imports: [Data], providers: [Service] });
    expect(made).toBe(1);
  });

  test('never, where a test puts something in its place', async () => {
    const factory = jest.fn();
    const app = await serve([Reader], {
      providers: [{ token: SETTINGS, useFactory: factory }],
      override: [{ token: SETTINGS, useValue: { value: 8 } }],
    });
    expect(await (await app.connect('/')).request('value')).toBe(8);
    expect(factory).not.toHaveBeenCalled();
  });
});

test('what is registered with tsyringe itself is found', async () => {
  container.register(SETTINGS, { useValue: { value: 9 } });
  try {
    expect(await readWith()).toBe(9);
    expect(await readWith({ token: SETTINGS, useValue: { value: 10 } })).toBe(10);
  } finally {
    container.reset();
  }
});

describe('two applications of one module share nothing', () => {
  class Counter {
    count = 0;
  }
  @injectable()
  class Counting implements Guard {
    asked = 0;
    canActivate(): boolean {
      return ++this.asked < 3;
    }
  }
  @UseGuards(Counting)
  @WebSocketPath('/')
  class Chat {
    private own = 0;
    constructor(
      private readonly counter: Counter,
      private readonly connections: Connections,
    ) {}
    @OnMessage('count')
    counts(): number[] {
      return [++this.own, ++this.counter.count, this.connections.size];
    }
  }

  test('neither instances nor connections', async () => {
    const [one, two] = [await serve([Chat], { providers: [Counter] }), await serve([Chat], { providers: [Counter] })];
    const [first, second] = [await one.connect('/'), await one.connect('/')];
    expect(await first.request('count')).toEqual([1, 1, 2]);
    expect(await second.request('count')).toEqual([2, 2, 2]);
    expect((await one.refusal('/')).status).toBe(403);
    expect(await (await two.connect('/')).request('count')).toEqual([1, 1, 1]);
    expect(one.container.resolve(Chat)).not.toBe(two.container.resolve(Chat));
  });

  test('nor what is registered in one of them', async () => {
    const [one, two] = [await serve([]), await serve([])];
    one.container.register('token', { useValue: 1 });
    expect(one.container.isRegistered('token')).toBe(true);
    expect(two.container.isRegistered('token', true)).toBe(false);
    expect(container.isRegistered(Connections)).toBe(false);
  });
});

describe('what cannot be made', () => {
  test('a token that nothing provides', async () => {
    expect(await bootErrorOf([Reader])).toBe(
      'Reader, constructor parameter 1: nothing provides Symbol(settings): add { token: Symbol(settings), useValue: … } ' +
        'to the providers of a module.',
    );
  });

  test('a provider whose constructor throws, and a factory that fails, keep their cause', async () => {
    const failure = new Error('unreachable');
    class Broken {
      constructor() {
        throw failure;
      }
    }
    for (const [provider, message, cause] of [
      [Broken, 'Broken cannot be made. unreachable', failure],
      [{ token: 'db', useFactory: () => Promise.reject(failure) }, '"db" cannot be made. unreachable', failure],
      [
        {
          token: 'db',
          useFactory: () => {
            throw 'no error';
          },
        },
        '"db" cannot be made. no error',
        'no error',
      ],
    ] as [ModuleProvider, string, unknown][]) {
      const error: unknown = await bootstrap(moduleOf([], [provider]), { port: 0 }).catch((reason: unknown) => reason);
      expect(error).toEqual(new BootError(message));
      expect((error as Error).cause).toBe(cause);
    }
  });

  test('an async factory that is asked for before its turn', async () => {
    const providers: ModuleProvider[] = [
      { token: 'early', useFactory: (c: DependencyContainer) => c.resolve<Seven>('late') },
      { token: 'late', useFactory: async () => new Seven() },
    ];
    expect(await bootErrorOf([], { providers })).toBe(
      '"early" cannot be made. "late" comes from an async factory: list its provider before those that need it',
    );
  });

  test('a provider without token or without anything to provide', async () => {
    expect(await bootErrorOf([], { providers: [{ useValue: 1 } as never] })).toBe(
      'a provider has no token: write { token: …, useValue: … }, or list a class.',
    );
    expect(await bootErrorOf([], { providers: [{ token: 't' } as never] })).toBe(
      'the provider of "t" has no useClass, useValue, useFactory or useToken.',
    );
  });

  @injectable()
  class Chicken {
    constructor(@inject('egg') readonly egg: unknown) {}
  }

  test('classes that need each other, however they do', async () => {
    @injectable()
    class Egg {
      constructor(readonly chicken: Chicken) {}
    }
    const why = 'each needs the next, so none can be made first. Break the circle, or use delay().';
    const providers = [{ token: 'egg', useClass: Egg }];
    expect(await bootErrorOf([], { providers })).toBe(`"egg" → Chicken → "egg": ${why}`);
    expect(await bootErrorOf([], { providers: [{ token: 'egg', useToken: Chicken }] })).toBe(
      `"egg" → Chicken → "egg": ${why}`,
    );
    @WebSocketPath('/')
    class Farm {
      constructor(readonly chicken: Chicken) {}
      @OnMessage()
      any(): void {}
    }
    expect(await bootErrorOf([Farm], { providers })).toBe(`Chicken → "egg" → Chicken: ${why}`);
  });

  test('but delay() breaks a circle', async () => {
    @injectable()
    class Egg {
      constructor(@inject(delay(() => Hen)) readonly hen: { readonly name: string }) {}
    }
    @injectable()
    class Hen {
      readonly name = 'hen';
      constructor(readonly egg: Egg) {}
    }
    const app = await serve([], { providers: [Hen, Egg] });
    expect(app.container.resolve(Hen).egg.hen.name).toBe('hen');
  });
});

test('an application’s own values are found, and told from what each connection has', () => {
  class Session {}
  const own = new AppContainer();
  own.value('limit', 5);
  expect([own.provides('limit'), own.provides('other'), own.provides(Session)]).toEqual([true, false, false]);
  expect(own.resolve('limit')).toBe(5);
  expect([own.isScoped('limit'), own.isScoped(Session)]).toEqual([false, false]);
  expect(own.shared(Session, 'here')).toBe(own.shared(Session, 'there'));
  expect(own.provides(Session)).toBe(true);
  expect(own.made()).toEqual([{ instance: own.resolve(Session), own: true }]);
});

test('the container outlives a factory that has it for its product', async () => {
  const app = await serve([], { providers: [{ token: 'it', useFactory: (c) => c }] });
  await app.close();
  expect(app.container.resolve('it')).toBe(app.container);
});

test('what the container cannot have is told when it is asked, too', async () => {
  @injectable()
  class Needy {
    constructor(@Inject('missing') readonly it: unknown) {}
  }
  const { container: its } = await serve([]);
  expect(() => its.resolve(Needy)).toThrow('Needy, constructor parameter 1: nothing provides "missing"');
  expect(() => its.resolve(Connection)).toThrow('each connection has its own Connection');
  expect(() => its.resolve('missing')).toThrow('"missing"');
});
