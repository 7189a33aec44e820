import { Inject, injectable, OnMessage, WebSocketPath, type ModuleProvider } from '../../src';
import { container, Lifecycle, scoped } from 'tsyringe';
import { refuseHooks } from '../../src/app/hooks';
import { bootErrorOf, serve } from '../support/serve';

afterEach(() => container.reset());

const options = { lifecycle: Lifecycle.ContainerScoped };

/** A controller of each connection's own that is made with these. */
function controllerWith(...needed: unknown[]) {
  class Chat {
    constructor(...made: unknown[]) {
      expect(made).toHaveLength(needed.length);
    }
    @OnMessage('ok')
    ok(): boolean {
      return true;
    }
  }
  needed.forEach((token, index) => Inject(token as never)(Chat, undefined, index));
  WebSocketPath('/', { scope: 'connection' })(Chat);
  return Chat;
}

test.each<[string, string]>([
  ['onInit', 'write it into the constructor, or into @OnOpen() of the controller.'],
  [
    'onShutdown',
    'call it dispose(), which is called when the connection has closed, or use @OnClose() of the controller.',
  ],
  ['onBackplaneGap', 'put it into a class of which the application has one.'],
])('%s of what belongs to a connection is refused, with what to do instead', (hook, instead) => {
  class Cart {}
  expect(() => refuseHooks(Cart, { [hook]() {} })).toThrow(
    `Cart.${hook} would never be called, since each connection has its own Cart: ${instead}`,
  );
  expect(() => refuseHooks(Cart, { [hook]: 'text', dispose() {} })).not.toThrow();
  expect(() => refuseHooks('cart', undefined)).not.toThrow();
});

describe('at boot', () => {
  class Base {
    onShutdown(): void {}
  }
  class Cart extends Base {}
  const why = 'Cart.onShutdown would never be called';

  test('of a controller', async () => {
    @WebSocketPath('/', { scope: 'connection' })
    class Chat extends Base {
      @OnMessage()
      any(): void {}
    }
    expect(await bootErrorOf([Chat])).toContain('Chat.onShutdown would never be called');
  });

  test.each<[string, ModuleProvider[]]>([
    ['a listed class', [{ token: Cart, useClass: Cart, options }]],
    [
      'a class for a token',
      [
        { token: Cart, useToken: 'cart' },
        { token: 'cart', useClass: Cart, options },
      ],
    ],
    [
      'a Transient that only connections have',
      [{ token: Cart, useClass: Cart, options: { lifecycle: Lifecycle.Transient } }],
    ],
    ['a ResolutionScoped one', [{ token: Cart, useClass: Cart, options: { lifecycle: Lifecycle.ResolutionScoped } }]],
  ])('of what it needs: %s', async (_what, providers) => {
    expect(await bootErrorOf([controllerWith(Cart)], { providers })).toContain('.onShutdown would never be called');
  });

  test('of what only a handler takes, and no module lists', async () => {
    scoped(Lifecycle.ContainerScoped)(Cart);
    @WebSocketPath('/', { scope: 'connection' })
    class Chat {
      @OnMessage()
      any(@Inject(Cart) cart: Cart): unknown {
        return cart;
      }
    }
    expect(await bootErrorOf([Chat])).toContain(why);
  });

  test('but not of what the application has one of, whoever needs it', async () => {
    const calls: string[] = [];
    class Pool {
      onInit(): void {
        calls.push('init');
      }
      onShutdown(): void {
        calls.push('shutdown');
      }
    }
    const app = await serve([controllerWith(Pool)], { providers: [Pool] });
    await (await app.connect('/')).close();
    await app.close();
    expect(calls).toEqual(['init', 'shutdown']);
  });
});

describe('what shows only when it is made ends the connection, with the reason in the log', () => {
  class Cart {
    readonly onInit = (): void => {};
  }
  test.each<[string, ModuleProvider]>([
    ['a hook in a field', { token: Cart, useClass: Cart, options }],
    ['the product of a factory', { token: Cart, useFactory: () => ({ onInit() {} }), options }],
    ['a Transient', { token: Cart, useClass: Cart, options: { lifecycle: Lifecycle.Transient } }],
  ])('%s', async (_what, provider) => {
    const app = await serve([controllerWith(Cart)], { providers: [provider] });
    const client = await app.connect('/');
    expect(await client.closed).toMatchObject({ code: 1011 });
    expect(app.log.errors).toEqual([
      expect.objectContaining({ message: expect.stringContaining('Cart.onInit would never be called') as string }),
    ]);
  });
});

describe('the lifecycle of a factory', () => {
  test('what it finds in the application is neither refused nor disposed of with a connection', async () => {
    const calls: string[] = [];
    @injectable()
    class Pool {
      onInit(): void {
        calls.push('init');
      }
      dispose(): void {
        calls.push('dispose');
      }
    }
    const providers: ModuleProvider[] = [Pool, { token: 'pool', useFactory: (c) => c.resolve(Pool), options }];
    const app = await serve([controllerWith('pool')], { providers });
    for (const round of [1, 2]) {
      const client = await app.connect('/');
      expect([round, await client.request('ok')]).toEqual([round, true]);
      await client.close();
    }
    await app.advance(0);
    expect(calls).toEqual(['init']);
    await app.close();
    expect(calls).toEqual(['init', 'dispose']);
  });

  test.each([Lifecycle.ContainerScoped, Lifecycle.Transient, Lifecycle.ResolutionScoped])(
    'of which there are several products (%p) is not async, which shows at boot',
    async (lifecycle) => {
      const providers: ModuleProvider[] = [{ token: 'late', useFactory: async () => 1, options: { lifecycle } }];
      expect(await bootErrorOf([], { providers })).toBe(
        '"late" is made whenever it is asked for, so its factory cannot be async.',
      );
    },
  );
});
