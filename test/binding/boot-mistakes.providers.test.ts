import { Connection, Inject, injectable, OnOpen, WebSocketPath } from '../../src';
import { Lifecycle } from 'tsyringe';
import { bootErrorOf } from '../support/serve';

class Service {}

describe('a provider', () => {
  test('that nothing provides', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnOpen()
      open(@Inject('missing') value: string): string {
        return value;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.open, parameter 1 (value): nothing provides "missing": add { token: "missing", useValue: … } to the ' +
        'providers of a module.',
    );
  });

  const UNKNOWN =
    'Plain, constructor parameter 1: its type is not known. Decorate Plain with @injectable() from portal-ws, with ' +
    '"emitDecoratorMetadata": true in tsconfig.json; or bind the parameter with @Inject(token). esbuild, tsx and vitest emit no types ' +
    'whatever tsconfig.json says: docs/guide/without-emitted-types.md shows what to write there.';

  test('that is not @injectable()', async () => {
    class Plain {
      constructor(readonly service: Service) {}
    }
    expect(await bootErrorOf([], { providers: [Service, Plain] })).toBe(UNKNOWN);
  });

  test('that is not @injectable(), listed nowhere but needed by a controller', async () => {
    class Plain {
      constructor(readonly service: Service) {}
    }
    @WebSocketPath('/')
    class Chat {
      constructor(readonly plain: Plain) {}
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe(UNKNOWN);
  });

  test('that is not @injectable(), of which each connection has its own', async () => {
    class Plain {
      constructor(readonly service: Service) {}
    }
    const providers = [{ token: Plain, useClass: Plain, options: { lifecycle: Lifecycle.ContainerScoped } }];
    expect(await bootErrorOf([], { providers })).toBe(UNKNOWN);
  });

  test.each([
    [String, 'String, which names no provider. Use @Inject(token).'],
    [
      Object,
      'Object, which names no provider: an interface, a union, or a class imported with `import type`. Use a class ' +
        'imported as a value, or @Inject(token).',
    ],
    [
      Function,
      'Function, which names no provider: an interface, a union, or a class imported with `import type`. Use a class ' +
        'imported as a value, or @Inject(token).',
    ],
  ])('that is made with a %p', async (type, why) => {
    class Plain {
      constructor(readonly needed: unknown) {}
    }
    Reflect.defineMetadata('design:paramtypes', [type], Plain);
    expect(await bootErrorOf([], { providers: [Plain] })).toBe(
      `Plain, constructor parameter 1: its type came out as ${why}`,
    );
  });

  test('of which each connection has its own, in a provider or a controller that there is one of', async () => {
    @injectable()
    class Session {
      constructor(readonly connection: Connection) {}
    }
    const providers = [{ token: Session, useClass: Session, options: { lifecycle: Lifecycle.ContainerScoped } }];
    const why = 'each connection has its own Session, so what is made once cannot have one.';
    @injectable()
    class Registry {
      constructor(readonly session: Session) {}
    }
    expect(await bootErrorOf([], { providers: [...providers, Registry] })).toBe(
      `Registry, constructor parameter 1: ${why}`,
    );
    @WebSocketPath('/')
    class Chat {
      constructor(readonly session: Session) {}
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat], { providers })).toBe(`Chat, constructor parameter 1: ${why}`);
    @WebSocketPath('/')
    class Forum {
      @OnOpen()
      open(_connection: Connection, session: Session): unknown {
        return session;
      }
    }
    expect(await bootErrorOf([Forum], { providers })).toBe(
      'Forum.open, parameter 2 (session): each connection has its own Session, so its controller must be made for each ' +
        "connection too: @WebSocketPath('…', { scope: 'connection' }).",
    );
  });

  test('that needs the Connection, where there is one for all', async () => {
    @injectable()
    class Registry {
      constructor(readonly connection: Connection) {}
    }
    const why = 'each connection has its own Connection, so what is made once cannot have one.';
    expect(await bootErrorOf([], { providers: [Registry] })).toBe(`Registry, constructor parameter 1: ${why}`);
    @WebSocketPath('/')
    class Chat {
      constructor(readonly connection: Connection) {}
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe(`Chat, constructor parameter 1: ${why}`);
  });
});
