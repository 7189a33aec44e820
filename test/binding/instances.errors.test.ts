import {
  Inject,
  injectable,
  OnMessage,
  OnUpgrade,
  PortalError,
  refuse,
  UnauthorizedError,
  WebSocketPath,
  type ModuleProvider,
} from '../../src';
import { Lifecycle } from 'tsyringe';
import { connect, start } from '../support/app';
import { serve } from '../support/serve';
import { thrower } from '../support/uses';

const scoped = (useClass: new (...args: never[]) => unknown): ModuleProvider => ({
  token: useClass,
  useClass,
  options: { lifecycle: Lifecycle.ContainerScoped },
});

describe('what a dependency throws is what the controller itself would throw', () => {
  class Deep {}

  /** A controller whose dependency needs `Deep`, with @OnUpgrade or without. */
  function needing(withUpgrade: boolean) {
    @injectable()
    class Middle {
      constructor(readonly deep: Deep) {}
    }
    @WebSocketPath('/', { scope: 'connection' })
    class Chat {
      constructor(readonly middle: Middle) {}
      enter(): void {}
      @OnMessage()
      any(): void {}
    }
    if (withUpgrade) Reflect.decorate([OnUpgrade()], Chat.prototype, 'enter');
    return { Chat, middle: scoped(Middle) };
  }

  const LIFECYCLES = [Lifecycle.ContainerScoped, Lifecycle.Transient, Lifecycle.ResolutionScoped];
  const providersOf = (make: () => unknown, lifecycle: Lifecycle): ModuleProvider[] => {
    class Failing {
      constructor() {
        make();
      }
    }
    return [
      { token: Deep, useClass: Failing, options: { lifecycle } },
      { token: Deep, useFactory: () => new Failing(), options: { lifecycle } },
      { token: Deep, useFactory: make, options: { lifecycle } },
    ];
  };

  test.each<[string, unknown, object]>([
    ['UnauthorizedError', new UnauthorizedError('who?'), { status: 401, body: 'who?' }],
    ['PortalError', new PortalError('full', 'no\nseat', { status: 503 }), { status: 503, body: 'no\nseat' }],
    ['refusal', refuse(418), { status: 418 }],
  ])('a %s, at the upgrade', async (_what, error, answer) => {
    for (const lifecycle of LIFECYCLES) {
      for (const provider of providersOf(thrower(error), lifecycle)) {
        const { Chat, middle } = needing(true);
        const app = await serve([Chat], { providers: [middle, provider] });
        expect(await app.refusal('/')).toMatchObject(answer);
        expect(app.log.errors).toEqual([]);
      }
    }
  });

  test.each([
    ['an error', new Error('broken')],
    ['a text', 'broken'],
    ['nothing', undefined],
  ])('%s, logged as it is, with 1011', async (_what, error) => {
    for (const provider of providersOf(thrower(error), Lifecycle.ContainerScoped)) {
      const { Chat, middle } = needing(false);
      const app = await serve([Chat], { providers: [middle, provider] });
      expect(await (await app.connect('/')).closed).toMatchObject({ code: 1011 });
      expect(app.log.errors).toEqual([error]);
    }
  });

  test('over a real socket too', async () => {
    const { Chat, middle } = needing(true);
    const [provider] = providersOf(thrower(new UnauthorizedError()), Lifecycle.ContainerScoped);
    const app = await start([Chat], { providers: [middle, provider!] });
    await expect(connect(app, '/')).rejects.toThrow('401');
  });

  test('of a handler’s parameter, answers the event', async () => {
    @injectable()
    class Middle {
      constructor(readonly deep: Deep) {}
    }
    @WebSocketPath('/', { scope: 'connection' })
    class Chat {
      @OnMessage('who')
      who(@Inject(Middle) middle: Middle): unknown {
        return middle;
      }
    }
    for (const provider of providersOf(thrower(new UnauthorizedError()), Lifecycle.ContainerScoped)) {
      const app = await serve([Chat], { providers: [scoped(Middle), provider] });
      const client = await app.connect('/');
      await expect(client.request('who')).rejects.toMatchObject({ code: 'unauthorized' });
      expect(app.log.errors).toEqual([]);
    }
  });

  test('what a factory catches itself is what was thrown', async () => {
    const seen: unknown[] = [];
    const error = new UnauthorizedError();
    const provider: ModuleProvider = {
      token: 'maybe',
      useFactory: (c) => {
        try {
          return c.resolve<string>('broken');
        } catch (caught) {
          seen.push(caught);
          return 'otherwise';
        }
      },
      options: { lifecycle: Lifecycle.ContainerScoped },
    };
    const broken: ModuleProvider = {
      token: 'broken',
      useFactory: thrower(error),
      options: { lifecycle: Lifecycle.Transient },
    };
    @WebSocketPath('/', { scope: 'connection' })
    class Chat {
      constructor(@Inject('maybe') readonly maybe: string) {}
      @OnMessage('maybe')
      its(): string {
        return this.maybe;
      }
    }
    const app = await serve([Chat], { providers: [provider, broken] });
    expect(await (await app.connect('/')).request('maybe')).toBe('otherwise');
    expect(seen).toEqual([error]);
  });
});
