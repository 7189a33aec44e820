import {
  Connection,
  Inject,
  injectable,
  OnMessage,
  UseGuards,
  WebSocketPath,
  type Guard,
  type ModuleProvider,
} from '../../src';
import {
  autoInjectable,
  container,
  delay,
  inject,
  injectAll,
  injectWithTransform,
  Lifecycle,
  registry,
  scoped,
  singleton,
  type DependencyContainer,
} from 'tsyringe';
import { bootErrorOf, serve } from '../support/serve';

afterEach(() => container.reset());

type Class = new (...args: never[]) => object;

/** How many of a class two connections have, of which each asks for it twice; and how many a second application makes. */
async function counted(Counted: Class, providers: ModuleProvider[]): Promise<{ first: number[]; second: number }> {
  const seen = new Map<object, number>();
  const idOf = (instance: object): number => seen.get(instance) ?? (seen.set(instance, seen.size), seen.size - 1);
  @injectable()
  class Other {
    constructor(@inject(Counted) readonly its: object) {}
  }
  @WebSocketPath('/', { scope: 'connection' })
  class Chat {
    constructor(
      @Inject(Counted) readonly one: object,
      readonly other: Other,
    ) {}
    @OnMessage('ids')
    ids(): number[] {
      return [idOf(this.one), idOf(this.other.its)];
    }
  }
  scoped(Lifecycle.ContainerScoped)(Other);
  const ids = async (): Promise<number[]> => {
    const app = await serve([Chat], { providers });
    const [ann, bob] = [await app.connect('/'), await app.connect('/')];
    return [...((await ann.request('ids')) as number[]), ...((await bob.request('ids')) as number[])];
  };
  return { first: await ids(), second: Math.max(...(await ids())) };
}

describe.each([true, false])('a class that is listed: %p', (listed) => {
  const providersOf = (one: Class): ModuleProvider[] => (listed ? [one as new () => unknown] : []);

  test.each<[string, (one: Class) => void]>([
    ['@injectable()', (one) => injectable()(one)],
    ['@singleton()', (one) => singleton()(one)],
    ['nothing', () => {}],
  ])('with %s is one for each application', async (_what, decorate) => {
    class Cart {}
    decorate(Cart);
    expect(await counted(Cart, providersOf(Cart))).toEqual({ first: [0, 0, 0, 0], second: 1 });
  });

  test('with @scoped(Lifecycle.ContainerScoped) is one for each connection', async () => {
    @scoped(Lifecycle.ContainerScoped)
    class Cart {}
    expect(await counted(Cart, providersOf(Cart))).toEqual({ first: [0, 0, 1, 1], second: 3 });
  });

  test('with @scoped(Lifecycle.ResolutionScoped) is one for all that is made together', async () => {
    @scoped(Lifecycle.ResolutionScoped)
    class Cart {}
    // the controller and what it needs are one resolution
    expect((await counted(Cart, providersOf(Cart))).first).toEqual([0, 0, 1, 1]);
  });

  test('registered as Transient is made for each who asks', async () => {
    class Cart {}
    container.register(Cart, { useClass: Cart });
    expect((await counted(Cart, providersOf(Cart))).first).toEqual([0, 1, 2, 3]);
  });
});

test.each<[Lifecycle, number[]]>([
  [Lifecycle.Singleton, [0, 0, 0, 0]],
  [Lifecycle.ContainerScoped, [0, 0, 1, 1]],
  [Lifecycle.ResolutionScoped, [0, 0, 1, 1]],
  [Lifecycle.Transient, [0, 1, 2, 3]],
])(
  'the lifecycle %p of a provider holds for classes and factories, whatever the class says',
  async (lifecycle, ids) => {
    @scoped(Lifecycle.ContainerScoped)
    class Cart {}
    const options = { lifecycle };
    expect((await counted(Cart, [{ token: Cart, useClass: Cart, options }])).first).toEqual(ids);
    expect((await counted(Cart, [{ token: Cart, useFactory: () => new Cart(), options }])).first).toEqual(ids);
  },
);

test('what @scoped says of a class holds under another token too', async () => {
  @scoped(Lifecycle.ContainerScoped)
  class Cart {}
  class Token {}
  expect((await counted(Token, [{ token: Token, useClass: Cart }])).first).toEqual([0, 0, 1, 1]);
  expect((await counted(Token, [{ token: Token, useToken: Cart }])).first).toEqual([0, 0, 1, 1]);
});

test('the product of a factory of each connection is disposed of with it', async () => {
  const disposed: string[] = [];
  const product = { dispose: () => void disposed.push('product') };
  @WebSocketPath('/', { scope: 'connection' })
  class Chat {
    constructor(@Inject('product') readonly its: unknown) {}
    @OnMessage('ok')
    ok(@Inject('product') its: unknown): boolean {
      return its === this.its;
    }
  }
  const options = { lifecycle: Lifecycle.ContainerScoped };
  const app = await serve([Chat], { providers: [{ token: 'product', useFactory: () => product, options }] });
  const client = await app.connect('/');
  expect(await client.request('ok')).toBe(true);
  await client.close();
  await app.advance(0);
  expect(disposed).toEqual(['product']);
});

test('an asynchronous factory has one product for the application', async () => {
  const options = { lifecycle: Lifecycle.Transient };
  @injectable()
  class Holder {
    constructor(@Inject('late') readonly late: unknown) {}
  }
  const providers = [{ token: 'late', useFactory: async () => 1, options }, Holder];
  expect(await bootErrorOf([], { providers })).toContain(
    '"late" is made whenever it is asked for, so its factory cannot be async',
  );
});

test('a factory of each connection has its container', async () => {
  @WebSocketPath('/:name', { scope: 'connection' })
  class Chat {
    constructor(@Inject('name') readonly name: string) {}
    @OnMessage('name')
    its(): string {
      return this.name;
    }
  }
  const useFactory = (c: DependencyContainer): unknown => c.resolve<Connection>(Connection).params['name'];
  const providers = [{ token: 'name', useFactory, options: { lifecycle: Lifecycle.ContainerScoped } }];
  const app = await serve([Chat], { providers });
  expect(await (await app.connect('/ann')).request('name')).toBe('ann');
  expect(await (await app.connect('/bob')).request('name')).toBe('bob');
});

describe('what each connection has its own of', () => {
  @scoped(Lifecycle.ContainerScoped)
  class Cart {}
  // `afterEach` forgets it
  beforeEach(() => scoped(Lifecycle.ContainerScoped)(Cart));
  const why = 'each connection has its own Cart, so what is made once cannot have one.';

  test.each([true, false])('is refused where something is made once (listed: %p)', async (listed) => {
    @injectable()
    class Registry {
      constructor(readonly cart: Cart) {}
    }
    @injectable()
    class Late {
      constructor(@inject(delay(() => Cart)) readonly cart: Cart) {}
    }
    @injectable()
    class Counting implements Guard {
      constructor(readonly cart: Cart) {}
      canActivate(): boolean {
        return true;
      }
    }
    @WebSocketPath('/')
    @UseGuards(Counting)
    class Chat {
      @OnMessage()
      any(): void {}
    }
    const providers = listed ? [Cart] : [];
    expect(await bootErrorOf([], { providers: [...providers, Registry] })).toBe(
      `Registry, constructor parameter 1: ${why}`,
    );
    expect(await bootErrorOf([], { providers: [...providers, Late] })).toBe(`Late, constructor parameter 1: ${why}`);
    expect(await bootErrorOf([Chat], { providers })).toBe(`Counting, constructor parameter 1: ${why}`);
  });

  test('binds to a handler’s parameter, listed or not', async () => {
    @WebSocketPath('/', { scope: 'connection' })
    class Chat {
      constructor(readonly cart: Cart) {}
      @OnMessage('same')
      same(@Inject(Cart) cart: Cart): boolean {
        return cart === this.cart;
      }
    }
    for (const providers of [[], [Cart]]) {
      const app = await serve([Chat], { providers });
      expect(await (await app.connect('/')).request('same')).toBe(true);
    }
  });
});

describe('what may be missing', () => {
  @injectable()
  class Holder {
    constructor(
      @inject('one', { isOptional: true }) readonly one: unknown,
      @injectAll('all', { isOptional: true }) readonly all: unknown[],
    ) {}
  }

  test('is undefined, or an empty list', async () => {
    const app = await serve([], { providers: [Holder] });
    expect(app.container.resolve(Holder)).toEqual({ one: undefined, all: [] });
  });

  test('and is found when it is there', async () => {
    container.register('one', { useValue: 1 });
    const providers = [Holder, { token: 'all', useValue: 2 }, { token: 'all', useFactory: async () => 3 }];
    const app = await serve([], { providers });
    expect(app.container.resolve(Holder)).toEqual({ one: 1, all: [2, 3] });
  });

  test('but all of a token that must be there is refused', async () => {
    @injectable()
    class Strict {
      constructor(@injectAll('all') readonly all: unknown[]) {}
    }
    expect(await bootErrorOf([], { providers: [Strict] })).toMatch(
      /^Strict, constructor parameter 1: nothing provides "all"/,
    );
  });
});

describe('several providers of one token', () => {
  class First {}
  class Second {}

  test('are all injected where all are asked for, and the last where one is', async () => {
    @injectable()
    class Holder {
      constructor(
        @injectAll('plugin') readonly all: object[],
        @Inject('plugin') readonly last: object,
        readonly first: First,
      ) {}
    }
    const providers = [
      First,
      { token: 'plugin', useToken: First },
      { token: 'plugin', useClass: Second },
      { token: 'plugin', useClass: First },
      Holder,
    ];
    const app = await serve([], { providers });
    const { all, last, first } = app.container.resolve(Holder);
    expect(all.map(({ constructor }) => constructor.name)).toEqual(['First', 'Second', 'First']);
    expect([all[0] === first, all[2] === last, all[2] === first]).toEqual([true, true, false]);
    expect(app.container.resolveAll('plugin')).toEqual(all);
    expect(app.container.resolveAll<object>('plugin').every((one, index) => one === all[index])).toBe(true);
  });

  test('each need what they need', async () => {
    @injectable()
    class Needy {
      constructor(@Inject('missing') readonly it: unknown) {}
    }
    const providers = [
      { token: 'plugin', useClass: Needy },
      { token: 'plugin', useClass: First },
    ];
    expect(await bootErrorOf([], { providers })).toMatch(/^Needy, constructor parameter 1: nothing provides "missing"/);
  });

  test('of which one is Transient and one of each connection', async () => {
    @WebSocketPath('/', { scope: 'connection' })
    class Chat {
      constructor(@injectAll('plugin') readonly all: object[]) {}
      @OnMessage('names')
      names(@Inject('plugin') last: object): unknown {
        return [this.all.map(({ constructor }) => constructor.name), last === this.all[1]];
      }
    }
    const app = await serve([Chat], {
      providers: [
        { token: 'plugin', useClass: First, options: { lifecycle: Lifecycle.Transient } },
        { token: 'plugin', useClass: Second, options: { lifecycle: Lifecycle.ContainerScoped } },
      ],
    });
    expect(await (await app.connect('/')).request('names')).toEqual([['First', 'Second'], true]);
  });
});

describe('what was registered with tsyringe itself', () => {
  test('by @registry and @injectable({ token }) is found', async () => {
    class Seven {
      readonly value = 7;
    }
    @registry([
      { token: 'seven', useClass: Seven },
      { token: 'eight', useValue: 8 },
      { token: 'nine', useFactory: () => 9 },
      { token: 'alias', useToken: 'eight' },
    ])
    class Registered {}
    @injectable({ token: ['ten', 'plugin'] })
    class Ten {
      readonly value = 10;
    }
    @injectable()
    class Holder {
      constructor(
        @inject('seven') readonly seven: Seven,
        @inject('alias') readonly eight: number,
        @inject('nine') readonly nine: number,
        @inject('ten') readonly ten: Ten,
        @injectAll('plugin') readonly plugins: Ten[],
        readonly registered: Registered,
      ) {}
    }
    const { seven, eight, nine, ten, plugins } = (await serve([], { providers: [Holder] })).container.resolve(Holder);
    expect([seven.value, eight, nine, ten.value, plugins.map(({ value }) => value)]).toEqual([7, 8, 9, 10, [10]]);
  });

  test('is shared by no two applications, nor with others who use tsyringe', async () => {
    @singleton()
    class Global {}
    container.registerSingleton('other', Global);
    const [one, two] = [await serve([]), await serve([])];
    for (const token of [Global, 'other']) {
      const all = [
        one.container.resolve(token),
        one.container.resolve(token),
        two.container.resolve(token),
        container.resolve(token),
      ];
      expect(all[0]).toBe(all[1]);
      expect(new Set(all).size).toBe(3);
    }
  });

  test('with a container that comes from the application’s is not disposed of with that', async () => {
    const disposed: object[] = [];
    @singleton()
    class Global {
      dispose(): void {
        disposed.push(this);
      }
    }
    const app = await serve([]);
    const child = app.container.createChildContainer();
    const global = child.resolve(Global);
    await child.dispose();
    expect(disposed).toEqual([]);
    await app.close();
    expect(disposed).toEqual([global]);
  });
});

test('transforms are called, and what makes them is part of the application', async () => {
  let made = 0;
  @injectable()
  class Loud {
    constructor() {
      made++;
    }
    transform(text: string, mark: string): string {
      return text.toUpperCase() + mark;
    }
  }
  @injectable()
  class Holder {
    constructor(
      @injectWithTransform('motto', Loud, '!') readonly motto: string,
      @injectWithTransform('motto', Loud, '?') readonly question: string,
    ) {}
  }
  const providers = [Holder, { token: 'motto', useValue: 'on' }];
  expect((await serve([], { providers })).container.resolve(Holder)).toEqual({ motto: 'ON!', question: 'ON?' });
  expect(made).toBe(1);
});

test('@autoInjectable() gets what the application has', async () => {
  class Db {}
  @autoInjectable()
  class Service {
    constructor(
      readonly db?: Db,
      @inject('motto') readonly motto?: string,
    ) {}
  }
  const app = await serve([], { providers: [Db, Service, { token: 'motto', useValue: 'on' }] });
  const service = app.container.resolve(Service);
  expect(service.db).toBe(app.container.resolve(Db));
  expect(service.motto).toBe('on');
});

test('delay() stands for a class, and for the class of a provider', async () => {
  @injectable()
  class Chicken {
    constructor(@inject(delay(() => Egg)) readonly egg: { readonly name: string }) {}
  }
  @injectable()
  class Egg {
    readonly name = 'egg';
    constructor(readonly chicken: Chicken) {}
  }
  const providers = [
    { token: 'hen', useClass: delay(() => Chicken) },
    { token: 'bird', useToken: delay(() => Chicken) },
  ];
  const app = await serve([], { providers });
  expect(app.container.resolve<Chicken>('hen').egg.name).toBe('egg');
  expect(app.container.resolve<Chicken>('bird')).toBe(app.container.resolve(Egg).chicken);
});
