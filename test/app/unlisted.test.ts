import {
  Connection,
  Inject,
  injectable,
  OnMessage,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Guard,
  type ModuleProvider,
} from '../../src';
import { delay, inject, injectAll, injectWithTransform, Lifecycle, type DependencyContainer } from 'tsyringe';
import { bootErrorOf, serve, settled } from '../support/serve';

/** A class that tells of its life. */
function living(calls: string[], name: string) {
  const numbers = new Map<object, number>();
  let made = 0;
  const tell = (what: string, self: object): void => void calls.push(`${what}${name}${numbers.get(self)}`);
  return class {
    constructor() {
      numbers.set(this, ++made);
      tell('new ', this);
    }
    onInit(): void {
      tell('+', this);
    }
    onShutdown(): void {
      tell('-', this);
    }
    dispose(): void {
      tell('~', this);
    }
  };
}

describe('a class that no module lists is made once for the application', () => {
  test('whoever asks for it, and started and ended once', async () => {
    const calls: string[] = [];
    class Db extends living(calls, 'db') {}
    @injectable()
    class Users {
      constructor(readonly db: Db) {}
    }
    @injectable()
    class Audit {
      constructor(
        readonly users: Users,
        @Inject('db') readonly db: Db,
        @inject(delay(() => Db)) readonly late: Db,
        @injectAll(Db) readonly all: Db[],
      ) {}
    }
    @injectable()
    class OnlyDb implements Guard {
      constructor(readonly db: Db) {}
      canActivate(): boolean {
        return true;
      }
    }
    @WebSocketPath('/')
    @UseGuards(OnlyDb)
    class Chat {
      constructor(
        readonly db: Db,
        readonly audit: Audit,
      ) {}
      @OnMessage('same')
      same(@Inject(Db) db: Db, byType: Db): boolean {
        return [db, byType, this.audit.db, this.audit.users.db, this.audit.all[0]].every((one) => one === this.db);
      }
    }
    @WebSocketPath('/own', { scope: 'connection' })
    class Own {
      constructor(readonly db: Db) {}
      @OnMessage()
      any(): void {}
    }
    const factory = (c: DependencyContainer): unknown => c.resolve(Db);
    const app = await serve([Chat, Own], {
      providers: [
        { token: 'db', useToken: Db },
        { token: 'made', useFactory: factory },
      ],
    });
    expect(await (await app.connect('/')).request('same')).toBe(true);
    await (await app.connect('/own')).close();
    app.container.resolve(Db);
    expect(calls).toEqual(['new db1', '+db1']);
    await app.close();
    expect(calls.slice(2)).toEqual(['-db1', '~db1']);
  });

  test('in the order of what needs what, also where a factory asked for it', async () => {
    const calls: string[] = [];
    class Db extends living(calls, 'db') {}
    class Pool extends living(calls, 'pool') {}
    const app = await serve([], {
      providers: [
        {
          token: 'pool',
          useFactory: (c: DependencyContainer) => {
            c.resolve(Db);
            return new Pool();
          },
        },
      ],
    });
    await app.close();
    expect(calls).toEqual(['new db1', 'new pool1', '+db1', '+pool1', '-pool1', '~pool1', '-db1', '~db1']);
  });

  test('also where a factory asks a container of its own for it', async () => {
    const calls: string[] = [];
    class Db extends living(calls, 'db') {}
    const useFactory = async (c: DependencyContainer): Promise<boolean> => {
      const child = c.createChildContainer();
      const db = child.resolve(Db);
      await child.dispose();
      return c.resolve(Db) === db;
    };
    for (const providers of [[], [Db]]) {
      calls.length = 0;
      const app = await serve([], { providers: [...providers, { token: 'same', useFactory }] });
      expect(app.container.resolve('same')).toBe(true);
      await app.close();
      expect(calls).toEqual(
        ['new db1', '+db1', '-db1', '~db1'].map((call) => call.replace('1', String(providers.length + 1))),
      );
    }
  });

  test('also when it is first asked for in an application that runs', async () => {
    const calls: string[] = [];
    class Db extends living(calls, 'db') {}
    @injectable()
    class Late extends living(calls, 'late') {
      constructor(readonly db: Db) {
        super();
      }
    }
    const app = await serve([]);
    expect(app.container.resolve(Late)).toBe(app.container.createChildContainer().resolve(Late));
    await settled();
    expect(calls).toEqual(['new db1', 'new late1', '+db1', '+late1']);
    await app.close();
    expect(calls.slice(4)).toEqual(['-late1', '~late1', '-db1', '~db1']);
  });

  test('guards, interceptors, filters and transforms', async () => {
    const calls: string[] = [];
    class Guarding extends living(calls, 'guard') {
      canActivate(): boolean {
        return true;
      }
    }
    class Around extends living(calls, 'interceptor') {
      intercept(_context: unknown, next: () => unknown): unknown {
        return next();
      }
    }
    class Taking extends living(calls, 'filter') {
      catch(): void {}
    }
    class Loud extends living(calls, 'transform') {
      transform(text: string): string {
        return text;
      }
    }
    @WebSocketPath('/')
    @UseGuards(Guarding)
    @UseInterceptors(Around)
    @UseFilters(Taking)
    class Chat {
      constructor(@injectWithTransform('a', Loud) readonly a: string) {}
      @OnMessage()
      @UseGuards(Guarding)
      @UseInterceptors(Around)
      any(): void {}
    }
    const app = await serve([Chat], {
      providers: [{ token: 'a', useValue: 'a' }],
      guards: [Guarding],
      filters: [Taking],
    });
    await app.close();
    const names = ['transform', 'filter', 'guard', 'interceptor'];
    expect(calls.filter((call) => call.startsWith('new ')).sort()).toEqual(names.map((name) => `new ${name}1`).sort());
    expect(calls.filter((call) => call.startsWith('+')).sort()).toEqual(names.map((name) => `+${name}1`).sort());
    expect(calls.filter((call) => call.startsWith('~')).sort()).toEqual(names.map((name) => `~${name}1`).sort());
  });

  test('unless it needs the connection: then it is made for each', async () => {
    const disposed: string[] = [];
    @injectable()
    class Where {
      constructor(readonly connection: Connection) {}
    }
    @injectable()
    class Session {
      constructor(readonly where: Where) {}
      dispose(): void {
        disposed.push(this.where.connection.params['name']!);
      }
    }
    @WebSocketPath('/:name', { scope: 'connection' })
    class Chat {
      constructor(
        readonly session: Session,
        readonly where: Where,
      ) {}
      @OnMessage('name')
      name(session: Session): unknown {
        return session === this.session && this.session.where === this.where && this.where.connection.params['name'];
      }
    }
    const app = await serve([Chat]);
    const [ann, bob] = [await app.connect('/ann'), await app.connect('/bob')];
    expect([await ann.request('name'), await bob.request('name')]).toEqual(['ann', 'bob']);
    await ann.close();
    await app.advance(0);
    expect(disposed).toEqual(['ann']);
  });
});

describe('hooks belong to what was made and handed out', () => {
  test('with several providers of a token none is missed, with aliases none is called twice', async () => {
    const calls: string[] = [];
    class One extends living(calls, 'one') {}
    class Two extends living(calls, 'two') {}
    const three = new (living(calls, 'three'))();
    const four = new (living(calls, 'four'))();
    @injectable()
    class Holder {
      constructor(@injectAll('plugin') readonly all: object[]) {}
    }
    const providers: ModuleProvider[] = [
      { token: 'plugin', useClass: One },
      { token: 'plugin', useClass: Two },
      { token: 'plugin', useValue: three },
      { token: 'plugin', useFactory: async () => four },
      { token: 'plugin', useToken: Two },
      { token: 'same', useValue: three },
      Two,
      Holder,
    ];
    const app = await serve([], { providers });
    const started = ['+one1', '+two1', '+two2', '+three1', '+four1'];
    expect(calls.filter((call) => call.startsWith('+')).sort()).toEqual([...started].sort());
    await app.close();
    expect(calls.filter((call) => call.startsWith('-'))).toEqual(
      calls
        .filter((call) => call.startsWith('+'))
        .reverse()
        .map((call) => call.replace('+', '-')),
    );
    // what the application did not make it does not dispose of
    expect(calls.filter((call) => call.startsWith('~')).sort()).toEqual(['~four1', '~one1', '~two1', '~two2']);
  });

  test('nothing is made only to see whether it can be', async () => {
    const calls: string[] = [];
    class Job extends living(calls, 'job') {}
    class Cart {
      constructor() {
        calls.push('new cart');
      }
    }
    class Gone extends living(calls, 'gone') {}
    const app = await serve([], {
      providers: [
        { token: Job, useClass: Job, options: { lifecycle: Lifecycle.Transient } },
        { token: 'scope', useClass: Job, options: { lifecycle: Lifecycle.ResolutionScoped } },
        { token: Cart, useClass: Cart, options: { lifecycle: Lifecycle.ContainerScoped } },
        Gone,
        { token: 'gone', useFactory: () => new Gone() },
      ],
      override: [
        { token: Gone, useValue: {} },
        { token: 'gone', useValue: {} },
      ],
    });
    await app.close();
    expect(calls).toEqual([]);
  });

  test('a Transient that something was made with is started and ended with it', async () => {
    const calls: string[] = [];
    class Job extends living(calls, 'job') {}
    @injectable()
    class Worker extends living(calls, 'worker') {
      constructor(
        readonly a: Job,
        readonly b: Job,
      ) {
        super();
      }
    }
    const job = { token: Job, useClass: Job, options: { lifecycle: Lifecycle.Transient } };
    const app = await serve([], { providers: [Worker, job] });
    app.container.resolve(Job);
    await app.close();
    expect(calls.filter((call) => call.startsWith('+'))).toEqual(['+job1', '+job2', '+worker1']);
    expect(calls.filter((call) => call.startsWith('~'))).toEqual(['~worker1', '~job2', '~job1']);
  });

  test('an overridden controller or class is not made, and what stands in its place is used', async () => {
    const calls: string[] = [];
    @injectable()
    class Real extends living(calls, 'real') {}
    @WebSocketPath('/')
    class Chat extends living(calls, 'chat') {
      @OnMessage('who')
      who(): string {
        return 'real';
      }
    }
    const app = await serve([Chat], {
      providers: [Real],
      override: [
        { token: Chat, useValue: { who: () => 'mock' } },
        { token: Real, useValue: {} },
      ],
    });
    app.container.resolve(Real);
    expect(await (await app.connect('/')).request('who')).toBe('mock');
    expect(calls).toEqual([]);
  });
});

describe('what cannot be made stops the boot', () => {
  class Plain {
    constructor(readonly what: string) {}
  }
  test.each<[string, unknown, string]>([
    ['Date', Date, 'Needy, constructor parameter 1: nothing provides Date: add { token: Date, useValue: … }'],
    ['Map', Map, 'Needy, constructor parameter 1: nothing provides Map: add { token: Map, useValue: … }'],
    ['Promise', Promise, 'Needy, constructor parameter 1: nothing provides Promise: '],
    ['URL', URL, 'Needy, constructor parameter 1: nothing provides URL: '],
    ['String', String, 'Needy, constructor parameter 1: its type came out as String, which names no provider.'],
    ['Object', Object, 'Needy, constructor parameter 1: its type came out as Object, which names no provider: '],
    ['a class with unknown parameters', Plain, 'Plain, constructor parameter 1: its type is not known.'],
  ])('%s', async (_what, type, message) => {
    class Needy {
      constructor(readonly it: unknown) {}
    }
    Reflect.defineMetadata('design:paramtypes', [type], Needy);
    @WebSocketPath('/')
    class Chat {
      constructor(@Inject(Needy) readonly needy: Needy) {}
      @OnMessage()
      any(): void {}
    }
    expect(await bootErrorOf([Chat])).toContain(message);
  });

  test('behind delay(), in a Transient, in the class of a guard', async () => {
    @injectable()
    class Needy {
      constructor(@Inject('missing') readonly it: unknown) {}
      canActivate(): boolean {
        return true;
      }
    }
    @injectable()
    class Late {
      constructor(@inject(delay(() => Needy)) readonly it: unknown) {}
    }
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      any(): void {}
    }
    const why =
      'Needy, constructor parameter 1: nothing provides "missing": add { token: "missing", useValue: … } to the ' +
      'providers of a module.';
    const transient = { token: 'job', useClass: Needy, options: { lifecycle: Lifecycle.Transient } };
    expect(await bootErrorOf([], { providers: [Late] })).toBe(why);
    expect(await bootErrorOf([], { providers: [transient] })).toBe(why);
    expect(await bootErrorOf([Chat], { guards: [Needy] })).toBe(why);
    expect(await bootErrorOf([], { providers: [{ token: 'a', useToken: 'b' }] })).toMatch(/^"a": nothing provides "b"/);
  });

  test('classes that need each other, listed nowhere', async () => {
    class One {}
    class Two {}
    Reflect.defineMetadata('design:paramtypes', [Two], One);
    Reflect.defineMetadata('design:paramtypes', [One], Two);
    @WebSocketPath('/')
    class Chat {
      constructor(readonly one: One) {}
      @OnMessage()
      any(): void {}
    }
    expect(await bootErrorOf([Chat])).toMatch(/^One → Two → One: each needs the next/);
  });
});
