import {
  BootError,
  createApp,
  Inject,
  Module,
  OnMessage,
  OnOpen,
  WebSocketPath,
  type DynamicModule,
  type ModuleOptions,
} from '../../src';
import { readModules } from '../../src/app/module-graph';
import type { Constructor } from '../../src/decorators';
import { createTestApp } from '../../src/testing';

class ControllerA {}
class ControllerB {}
class Service {}

@Module({ controllers: [ControllerA], providers: [Service] })
class Leaf {}

@Module({ imports: [Leaf], controllers: [ControllerA, ControllerB] })
class Middle {}

@Module({ imports: [Middle, Leaf] })
class Root {}

test('each thing once, imported modules first', () => {
  expect(readModules(Root)).toEqual({
    modules: [Leaf, Middle, Root],
    controllers: [ControllerA, ControllerB],
    providers: [Service],
  });
});

test('modules that import each other are read once', () => {
  class One {}
  class Two {}
  Module({ imports: [Two], controllers: [ControllerA] })(One);
  Module({ imports: [One], controllers: [ControllerB] })(Two);
  expect(readModules(One).controllers).toEqual([ControllerB, ControllerA]);
});

describe('a module with lists that depend on settings', () => {
  @Module({})
  class Config {
    static forRoot(settings: object): DynamicModule {
      return { module: Config, imports: [Leaf], providers: [{ token: 'settings', useValue: settings }] };
    }
  }

  test('adds them to its own', () => {
    const settings = Config.forRoot({ debug: true });
    @Module({ imports: [settings, settings, { module: Middle, controllers: [ControllerB], providers: [Service] }] })
    class App {}
    expect(readModules(App)).toEqual({
      modules: [Config, Leaf, Middle, App],
      controllers: [ControllerA, ControllerB],
      providers: [{ token: 'settings', useValue: { debug: true } }, Service].reverse(),
    });
  });

  test('may be imported with several settings', () => {
    @Module({ imports: [Config.forRoot({ a: 1 }), Config.forRoot({ b: 2 })] })
    class App {}
    const values = readModules(App).providers.map((provider) => (provider as { useValue?: unknown }).useValue);
    expect(values).toEqual([undefined, { a: 1 }, { b: 2 }]);
  });

  test('is injected from, and started, like any other', async () => {
    const started: unknown[] = [];
    @Module({})
    class Database {
      constructor(@Inject('url') readonly url: string) {}
      onInit(): void {
        started.push(this.url);
      }
    }
    @WebSocketPath('/')
    class Chat {
      @OnMessage('url')
      url(@Inject('url') url: string): string {
        return url;
      }
    }
    @Module({ imports: [{ module: Database, controllers: [Chat], providers: [{ token: 'url', useValue: 'db:' }] }] })
    class App {}
    const app = await createTestApp(App);
    expect(await (await app.connect('/')).request('url')).toBe('db:');
    await app.close();
    expect(started).toEqual(['db:']);
  });

  test('is none at the root', () => {
    expect(() => readModules(Config.forRoot({}) as never)).toThrow('an application is made of a class with @Module');
  });
});

test('a class without @Module, at the root or imported', () => {
  class Plain {}
  class Importer {}
  Module({ imports: [Plain] })(Importer);
  expect(() => readModules(Plain)).toThrow(
    new BootError('Plain is no module: decorate it with @Module({ controllers: […], providers: […] }).'),
  );
  expect(() => readModules(Importer)).toThrow('Plain, imported by Importer, is no module');
});

test.each(['imports', 'controllers', 'providers'])('an undefined entry of %s', (list) => {
  class Holed {}
  Module({ [list]: [undefined] })(Holed);
  expect(() => readModules(Holed)).toThrow(
    `Holed: an entry of ${list} is undefined; two files that import each other are the usual cause.`,
  );
});

describe('what is listed where it does not belong', () => {
  @WebSocketPath('/')
  class Chat {
    @OnOpen()
    open(): void {}
  }

  const message = (options: unknown, target: Constructor = class AppModule {}): string => {
    Module(options as ModuleOptions)(target);
    try {
      readModules(target);
    } catch (error) {
      expect(error).toBeInstanceOf(BootError);
      return (error as BootError).message;
    }
    return '';
  };

  test.each<[object | undefined, string]>([
    [{ providers: [Chat] }, 'AppModule, providers: Chat is a controller. List it under controllers.'],
    [{ providers: [Leaf] }, 'AppModule, providers: Leaf is a module. List it under imports.'],
    [{ controllers: [Leaf] }, 'AppModule, controllers: Leaf is a module. List it under imports.'],
    [
      { imports: [Chat] },
      'Chat, imported by AppModule, is no module: it is a controller, which a module lists under controllers.',
    ],
    [{ imports: [{ module: Chat }] }, 'Chat, imported by AppModule, is no module'],
    [{ imports: [{ module: undefined }] }, 'AppModule: an entry of imports is no class but undefined'],
    [{ imports: [{ module: { module: Leaf } }] }, 'AppModule: an entry of imports is no class but an object'],
    [
      { imports: [{ module: Leaf, exports: [] }] },
      'Leaf: there is no option "exports" in the object with it in imports: all modules share one container. Leave it out.',
    ],
    [{ imports: [{ module: Leaf, global: true }] }, 'there is no option "global" in the object with it in imports'],
    [{ imports: [{ module: Leaf, provider: [] }] }, 'Did you mean providers?'],
    [{ imports: [{ module: Leaf, providers: [undefined] }] }, 'Leaf: an entry of providers is undefined'],
    [{ imports: [{ module: Leaf, controllers: [Leaf] }] }, 'Leaf, controllers: Leaf is a module'],
    [{ imports: [Promise.resolve(Leaf)] }, 'AppModule: an entry of imports is no class but an object'],
    [{ imports: ['leaf'] }, 'AppModule: an entry of imports is no class but a string: list classes with @Module(…).'],
    [{ imports: [null] }, 'AppModule: an entry of imports is no class but null'],
    [
      { controllers: [new Chat()] },
      'AppModule: an entry of controllers is no class but an object: list classes with @WebSocketPath',
    ],
    [{ controllers: [() => Chat] }, 'AppModule: an entry of controllers is no class but a function'],
    [{ controllers: Chat }, 'AppModule: controllers must be an array, not a function.'],
    [
      { provider: [Service] },
      'AppModule: there is no option "provider" in @Module; there are imports, controllers, providers. Did you mean providers?.',
    ],
    [
      { providers: [Service], exports: [Service] },
      'AppModule: there is no option "exports" in @Module: all modules share one container. Leave it out.',
    ],
    [{}, 'AppModule has nothing: give @Module({ … }) its imports, controllers or providers.'],
    [undefined, 'what @Module is given is undefined; two files that import each other are the usual cause.'],
  ])('%j', (options, wanted) => {
    expect(message(options)).toContain(wanted);
  });

  test('a module that is a controller too, or has handlers', () => {
    class Handles {
      @OnOpen()
      open(): void {}
    }
    expect(message({ providers: [Service] }, Chat)).toBe('Chat is a module and a controller: make two classes of it.');
    expect(message({ providers: [Service] }, Handles)).toContain('Handles.open: a module has no handlers.');
  });

  test('a module may be there for what it does itself, or be empty on purpose', () => {
    class Seeds {
      onInit(): void {}
    }
    expect(message({}, Seeds)).toBe('');
    expect(message({ controllers: [] })).toBe('');
  });

  test.each([undefined, null, 'AppModule', {}])('%p is nothing that an application is made of', async (root) => {
    await expect(createApp(root as never)).rejects.toThrow('an application is made of a class with @Module(');
  });
});
