import {
  Catch,
  ConnectedSocket,
  Cookie,
  CurrentUser,
  Header,
  Inject,
  MessageBody,
  Module,
  OnClose,
  OnMessage,
  OnOpen,
  OnUpgrade,
  PathParam,
  QueryParam,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
} from '../../src';
import { bootErrorOf, serve } from '../support/serve';

/** As a compiler calls decorators that does not check where they stand. */
type Loose = (target: object, name?: unknown, descriptor?: unknown) => void;
const loose = (decorator: unknown): Loose => decorator as Loose;

const WRONG = 'where it does nothing. It belongs on';

/** A controller with a right handler, and something on it that is wrong. */
function controller(decorate: (target: { readonly prototype: object }) => void) {
  class Chat {
    static shout(): void {}
    get loud(): string {
      return '';
    }
    set loud(_: string) {}
    value?: () => void;
    helper(text: string): string {
      return text;
    }
    [Symbol.for('say')](): void {}
    open(): void {}
  }
  loose(OnOpen())(Chat.prototype, 'open');
  decorate(Chat);
  WebSocketPath('/')(Chat);
  return Chat;
}

const guard = { canActivate: () => true };

test.each<[string, Parameters<typeof controller>[0], string]>([
  [
    'a static method',
    (c) => loose(OnMessage('x'))(c, 'shout'),
    `Chat: @OnMessage() stands on the static member shout, ${WRONG} a method of a controller`,
  ],
  [
    'a static method, of the end',
    (c) => loose(OnClose())(c, 'shout'),
    `Chat: @OnClose() stands on the static member shout`,
  ],
  [
    'a method with a symbol',
    (c) => loose(OnMessage())(c.prototype, Symbol.for('say')),
    'Chat: @OnMessage() stands on Symbol(say), which has a symbol for a name',
  ],
  [
    'the class',
    (c) => loose(OnMessage())(c),
    `Chat: @OnMessage() stands on the class, ${WRONG} a method of a controller`,
  ],
  [
    'a getter',
    (c) => loose(OnMessage())(c.prototype, 'loud'),
    'Chat.loud: @OnMessage() stands on a getter or setter. Write a method: loud() { … }.',
  ],
  [
    'an arrow property',
    (c) => loose(OnMessage('x'))(c.prototype, 'value'),
    'Chat.value: @OnMessage() stands on a property, which instances get for themselves (value = () => …)',
  ],
  [
    'a static method, guarded',
    (c) => loose(UseGuards(guard))(c, 'shout'),
    'Chat: @UseGuards() stands on the static member shout',
  ],
  [
    'a method that is no handler, guarded',
    (c) => loose(UseGuards(guard))(c.prototype, 'helper'),
    'Chat.helper: @UseGuards() does nothing, since helper is no handler.',
  ],
  [
    'the same with an interceptor',
    (c) => loose(UseInterceptors())(c.prototype, 'helper'),
    'Chat.helper: @UseInterceptors() does nothing',
  ],
  [
    'the same with a filter',
    (c) => loose(UseFilters())(c.prototype, 'helper'),
    'Chat.helper: @UseFilters() does nothing',
  ],
  [
    'a method, a path',
    (c) => loose(WebSocketPath('/x'))(c.prototype, 'helper'),
    `Chat: @WebSocketPath() stands on helper, ${WRONG} a class.`,
  ],
  ['a method, a module', (c) => loose(Module())(c.prototype, 'helper'), 'Chat: @Module() stands on helper'],
  ['a method, a filter', (c) => loose(Catch())(c.prototype, 'helper'), 'Chat: @Catch() stands on helper'],
  [
    'a class, two paths',
    (c) => loose(WebSocketPath('/x'))(c),
    'Chat: @WebSocketPath() stands on the class twice, and only one of them would hold.',
  ],
])('%s', async (_what, decorate, message) => {
  expect(await bootErrorOf([controller(decorate)])).toContain(message);
});

const PARAMETERS: [string, unknown][] = [
  ['@MessageBody()', MessageBody()],
  ['@ConnectedSocket()', ConnectedSocket()],
  ['@CurrentUser()', CurrentUser()],
  ['@PathParam()', PathParam('a')],
  ['@QueryParam()', QueryParam('a')],
  ['@Header()', Header('a')],
  ['@Cookie()', Cookie('a')],
  ['@Inject()', Inject('a')],
];

describe.each(PARAMETERS)('%s', (name, decorator) => {
  const on = loose(decorator);

  test.each<[string, Parameters<typeof controller>[0], string]>([
    [
      'a parameter of a static method',
      (c) => on(c, 'shout', 0),
      `Chat: ${name} stands on parameter 1 of the static member shout`,
    ],
    [
      'a parameter of a method that is no handler',
      (c) => on(c.prototype, 'helper', 0),
      `Chat.helper: ${name} does nothing, since helper is no handler.`,
    ],
    ['a method', (c) => on(c.prototype, 'helper', {}), `Chat: ${name} stands on helper`],
    ['a property', (c) => on(c.prototype, 'value'), `Chat: ${name} stands on value`],
    ['the class', (c) => on(c), `Chat: ${name} stands on the class`],
  ])('on %s', async (_what, decorate, message) => {
    expect(await bootErrorOf([controller(decorate)])).toContain(message);
  });
});

test('a parameter of a constructor takes @Inject() only', async () => {
  const Chat = controller((c) => loose(MessageBody())(c, undefined, 0));
  expect(await bootErrorOf([Chat])).toContain('Chat: @MessageBody() stands on parameter 1 of the constructor');
});

test('an abstract method that no class implements, and one that the controller implements', async () => {
  abstract class Base {
    abstract say(text: string): string;
  }
  Reflect.decorate(
    [OnMessage(), Reflect.metadata('design:paramtypes', [String])] as MethodDecorator[],
    Base.prototype,
    'say',
  );
  class Lazy extends Base {
    declare say: (text: string) => string;
  }
  WebSocketPath('/')(Lazy);
  expect(await bootErrorOf([Lazy])).toContain('Lazy.say: @OnMessage() stands on a property');
  @WebSocketPath('/')
  class Chat extends Base {
    say(text: string): string {
      return text;
    }
  }
  const client = await (await serve([Chat])).connect('/');
  client.send('hello');
  expect(await client.receive()).toBe('hello');
});

test('what a base class has on a static method', async () => {
  class Base {
    static shout(): void {}
  }
  loose(OnMessage())(Base, 'shout');
  @WebSocketPath('/')
  class Chat extends Base {
    @OnOpen()
    open(): void {}
  }
  expect(await bootErrorOf([Chat])).toContain('Chat: @OnMessage() stands on the static member shout');
});

test('a decorator without parentheses stops the boot, since who is to be refused would be let in', async () => {
  class Login {
    @OnOpen()
    open(): void {}
    @(OnUpgrade as unknown as MethodDecorator)
    refuse(): boolean {
      return false;
    }
  }
  WebSocketPath('/')(Login);
  expect(await bootErrorOf([Login])).toBe(
    'Login: @OnUpgrade() stands on refuse without parentheses, and does nothing: write @OnUpgrade().',
  );
});

test('so does an argument that would be lost', async () => {
  class Profile {
    @OnMessage('name')
    name(@((CurrentUser as unknown as (name: string) => ParameterDecorator)('id')) id: string): string {
      return id;
    }
  }
  WebSocketPath('/')(Profile);
  expect(await bootErrorOf([Profile])).toBe(
    'Profile: @CurrentUser() on name takes no argument, and is given 1: the rest would be lost.',
  );
});
