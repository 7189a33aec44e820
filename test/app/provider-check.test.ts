import 'reflect-metadata';
import { delay, Lifecycle } from 'tsyringe';
import { BootError, Module, OnMessage, OnOpen, WebSocketPath } from '../../src';
import { checkProvider } from '../../src/app/provider-check';
import { createTestApp } from '../../src/testing';

@WebSocketPath('/')
class Chat {
  @OnOpen()
  open(): void {}
}

@Module({ controllers: [Chat] })
class ChatModule {}

class Service {}

class Handles {
  @OnMessage('say')
  say(): void {}
}

class Misplaced {
  static say(): void {}
}
(OnMessage() as (target: object, name: string) => void)(Misplaced, 'say');

const LIST = 'AppModule, providers';

test.each<[unknown, string]>([
  [Chat, `${LIST}: Chat is a controller. List it under controllers.`],
  [ChatModule, `${LIST}: ChatModule is a module. List it under imports.`],
  [
    Handles,
    `${LIST}: Handles has handlers, such as say, which nobody would call. Decorate it with @WebSocketPath('/…'), and list it under controllers.`,
  ],
  [Misplaced, 'Misplaced: @OnMessage() stands on the static member say'],
  ['Service', `${LIST}: a provider is a class or an object such as { token: …, useValue: … }, not Service.`],
  [null, `${LIST}: a provider is a class or an object`],
  [() => new Service(), `${LIST}: a provider is a class or an object`],
  [{ provide: 'a', useValue: 1 }, `${LIST}: a provider: there is no option "provide"; write token.`],
  [{ token: 'a', useExisting: 'b' }, `${LIST}: the provider of "a": there is no option "useExisting"; write useToken.`],
  [{ token: 'a', useFactory: () => 1, inject: [] }, 'a factory asks the container, which it is called with'],
  [
    { token: 'a', useVale: 1 },
    `${LIST}: the provider of "a": there is no option "useVale"; there are token, useClass, useValue, useFactory, useToken, options. Did you mean useValue?.`,
  ],
  [
    { token: 'a', useValue: 1, useClass: Service },
    `${LIST}: the provider of "a" has useClass and useValue. Leave one of them.`,
  ],
  [
    { token: 'a', useClass: undefined },
    `${LIST}: the provider of "a": useClass is undefined; two files that import each other are the usual cause.`,
  ],
  [{ token: 'a', useToken: undefined }, 'useToken is undefined'],
  [{ token: 'a', useToken: 5 }, 'useToken must be a class, a string or a symbol, not 5'],
  [{ token: 'a', useClass: delay(() => undefined as never) }, 'useClass must be a class, not a DelayedConstructor'],
  [
    { token: undefined, useValue: 1 },
    `${LIST}: a provider: token is undefined; two files that import each other are the usual cause.`,
  ],
  [{ token: null, useValue: 1 }, `${LIST}: a provider: token must be a class, a string or a symbol, not null.`],
  [undefined, 'not undefined; two files that import each other are the usual cause.'],
  [{ token: 'a', useClass: new Service() }, `${LIST}: the provider of "a": useClass must be a class, not a Service.`],
  [
    { token: 'a', useFactory: new Service() },
    `${LIST}: the provider of "a": useFactory must be a function, not a Service.`,
  ],
  [{ token: 'a', useClass: Chat }, `${LIST}: the provider of "a": Chat is a controller. List it under controllers.`],
  [
    { token: 'a', useClass: Service, options: { lifecycle: 'singleton' } },
    'options.lifecycle must be one of the Lifecycle of tsyringe',
  ],
  [
    { token: 'a', useClass: Service, options: { scope: 1 } },
    'there is no option "scope" in options; there are lifecycle',
  ],
])('%p is no provider', (provider, message) => {
  expect(() => checkProvider(provider, LIST)).toThrow(BootError);
  expect(() => checkProvider(provider, LIST)).toThrow(message);
});

test.each([
  [Service],
  [{ token: 'a', useValue: undefined }],
  [{ token: 'a', useFactory: () => 1 }],
  [{ token: 'a', useToken: Service }],
  [{ token: 'a', useClass: delay(() => Service) }],
  [{ token: Symbol('a'), useToken: delay(() => Service) }],
  [{ token: Service, useClass: Service, options: { lifecycle: Lifecycle.ContainerScoped } }],
])('%p is one', (provider) => {
  expect(() => checkProvider(provider, LIST)).not.toThrow();
});

test('overrides of a test are providers too', async () => {
  const create = (override: unknown) => createTestApp(ChatModule, { override: override as never });
  await expect(create([{ provide: Service, useValue: 1 }])).rejects.toThrow(
    'override: a provider: there is no option "provide"; write token.',
  );
  await expect(create({ token: Service, useValue: 1 })).rejects.toThrow('override must be an array of providers');
});
