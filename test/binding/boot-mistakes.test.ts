import { IsString } from 'class-validator';
import {
  Connection,
  Inject,
  JsonCodec,
  injectable,
  MessageBody,
  OnClose,
  OnError,
  OnMessage,
  OnOpen,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Guard,
} from '../../src';
import { Lifecycle } from 'tsyringe';
import { DEFAULT_LIMITS } from '../../src/engine';
import { bootErrorOf, serve } from '../support/serve';

class Room {
  @IsString()
  room!: string;
}

describe('a controller', () => {
  test('without any handler', async () => {
    @WebSocketPath('/')
    class Chat {}
    expect(await bootErrorOf([Chat])).toBe(
      'Chat has no handlers: decorate at least one method with @OnMessage(), @OnOpen() or @OnClose().',
    );
  });

  test.each<[object, string]>([
    [{ codecs: 'raw' }, 'there is no option "codecs" in @WebSocketPath; there are scope,'],
    [{ protocols: 'abc' }, '@WebSocketPath.protocols must be an array, not "abc"'],
    [{ protocols: ['a b'] }, '@WebSocketPath.protocols[0] must be a subprotocol'],
    [{ concurrency: 0 }, '@WebSocketPath.concurrency must be a whole number of messages from 1 on, not 0'],
    [{ compression: 'yes' }, '@WebSocketPath.compression must be true, false or an object'],
    [{ origins: 'example.com' }, "@WebSocketPath.origins must be '*', a list such as"],
    [{ limits: { maxMessageByte: 5 } }, 'limits.maxMessageByte is no limit'],
    [{ limits: { maxMessageBytes: '1mb' } }, 'limits.maxMessageBytes must be a whole number'],
    [{ compression: { treshold: 5 } }, 'compression.treshold is no setting'],
    [{ scope: 'request' }, "scope must be 'singleton' or 'connection', not \"request\"."],
    [{ codec: JsonCodec }, "codec must be a codec, 'raw', or an object of those by subprotocol"],
  ])('with the options %j', async (options, message) => {
    class Chat {
      @OnOpen()
      open(): void {}
    }
    WebSocketPath('/', options)(Chat);
    expect(await bootErrorOf([Chat])).toMatch(/^Chat: /);
    expect(await bootErrorOf([Chat])).toContain(message);
  });

  test('whose path only its base class has', async () => {
    @WebSocketPath('/')
    class Base {
      @OnOpen()
      open(): void {}
    }
    class Chat extends Base {}
    expect(await bootErrorOf([Chat])).toBe(
      "Chat is listed under controllers, but has no @WebSocketPath('/…'). That of Base is not inherited.",
    );
  });

  test('that is a provider', async () => {
    class Service {}
    expect(await bootErrorOf([Service])).toBe(
      "Service is listed under controllers, but has no @WebSocketPath('/…'). If it is no controller, list it under providers.",
    );
  });

  test('without a path', async () => {
    class Chat {
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe("Chat is listed under controllers, but has no @WebSocketPath('/…').");
  });

  test.each(['', 'chat', 5])('with the path %p', async (path) => {
    class Chat {
      @OnOpen()
      open(): void {}
    }
    WebSocketPath(path as string)(Chat);
    expect(await bootErrorOf([Chat])).toBe(`Chat: the path ${JSON.stringify(path)} must begin with a slash.`);
  });

  test.each([
    ['/chat', '/chat'],
    ['/rooms/:room', '/rooms/:name'],
  ])('whose path is registered twice: %s and %s', async (first, second) => {
    class Chat {
      @OnOpen()
      open(): void {}
    }
    class Forum extends Chat {}
    WebSocketPath(first)(Chat);
    WebSocketPath(second)(Forum);
    expect(await bootErrorOf([Chat, Forum])).toBe(`Chat and Forum both serve the path ${second}.`);
  });

  test.each(['request', null, ''])('with the scope %p', async (scope) => {
    class Chat {
      @OnOpen()
      open(): void {}
    }
    WebSocketPath('/', { scope: scope as 'singleton' })(Chat);
    expect(await bootErrorOf([Chat])).toBe(
      `Chat: scope must be 'singleton' or 'connection', not ${JSON.stringify(scope)}.`,
    );
  });

  test.each([{}, 'json', { v1: 'json' }, { decode: () => {} }])('with the codec %j', async (codec) => {
    class Chat {
      @OnOpen()
      open(): void {}
    }
    WebSocketPath('/', { codec: codec as 'raw' })(Chat);
    expect(await bootErrorOf([Chat])).toBe("Chat: codec must be a codec, 'raw', or an object of those by subprotocol");
  });

  test('with a limit that is none', async () => {
    @WebSocketPath('/', { limits: { maxMessageBytes: -1 } })
    class Chat {
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat: limits.maxMessageBytes must be a whole number from 1 to 536870888, not -1',
    );
  });
});

describe('two handlers', () => {
  test('of one event', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage('chat.join')
      join(): void {}
      @OnMessage('chat.join')
      enter(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe('Chat: join and enter are both handlers of the event "chat.join".');
  });

  test('of one event, one of them inherited', async () => {
    class Base {
      @OnMessage('chat.join')
      join(): void {}
    }
    @WebSocketPath('/')
    class Chat extends Base {
      @OnMessage('chat.join')
      enter(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe('Chat: join and enter are both handlers of the event "chat.join".');
  });

  test('of text', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      one(message: string): string {
        return message;
      }
      @OnMessage()
      two(_connection: Connection, message: string): string {
        return message;
      }
    }
    expect(await bootErrorOf([Chat])).toBe('Chat: one and two are both handlers of text messages.');
  });

  test('of text, where one takes what the codec makes of it', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      one(message: string): string {
        return message;
      }
      @OnMessage()
      two(room: Room): Room {
        return room;
      }
    }
    expect(await bootErrorOf([Chat])).toBe('Chat: one and two are both handlers of text messages.');
  });

  test('of binary messages, where one takes every kind of body', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      one(message: Uint8Array): Uint8Array {
        return message;
      }
      @OnMessage()
      all(@MessageBody() message: unknown): unknown {
        return message;
      }
    }
    expect(await bootErrorOf([Chat])).toBe('Chat: one and all are both handlers of binary messages.');
  });

  test('without a body', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      one(): void {}
      @OnMessage()
      two(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe('Chat: one and two are both handlers of all messages.');
  });

  test('of the end', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnClose()
      one(): void {}
      @OnClose()
      two(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe('Chat: one and two are both handlers of @OnClose().');
  });

  test('of one class of errors', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      any(): void {}
      @OnError(TypeError)
      one(): void {}
      @OnError(TypeError)
      two(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe('Chat: one and two are both handlers of @OnError(TypeError).');
  });
});

describe('a raw path', () => {
  test('with a handler of an event', async () => {
    @WebSocketPath('/', { codec: 'raw' })
    class Chat {
      @OnMessage('chat.join')
      join(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe('Chat.join: the path is raw, so no codec finds the event "chat.join".');
  });

  test('with a class for a body', async () => {
    @WebSocketPath('/', { codec: { v1: 'raw', v2: 'raw' } })
    class Chat {
      @OnMessage()
      say(room: Room): Room {
        return room;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.say: the path is raw, so no codec makes a body of a message: take a string or a Uint8Array.',
    );
  });
});

describe('what is used around handlers', () => {
  class NoGuard {
    check(): boolean {
      return true;
    }
  }
  const noGuard = NoGuard as never;

  test('a guard without canActivate, on the class', async () => {
    @UseGuards(noGuard)
    @WebSocketPath('/')
    class Chat {
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe('Chat: NoGuard is no guard: it has no method canActivate.');
  });

  test('a guard without canActivate, on a method', async () => {
    @WebSocketPath('/')
    class Chat {
      @UseGuards({} as never)
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe('Chat.open: [object Object] is no guard: it has no method canActivate.');
  });

  test('a guard without canActivate, for the application', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat], { guards: [undefined as never] })).toBe(
      'the application: undefined is no guard: it has no method canActivate; two files that import each other are the usual ' +
        'cause.',
    );
  });

  test('a function in the place of a guard', async () => {
    @UseGuards((() => true) as never)
    @WebSocketPath('/')
    class Chat {
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe('Chat: a function is no guard: it has no method canActivate.');
  });

  test('an interceptor and a filter without their method', async () => {
    @WebSocketPath('/')
    class Chat {
      @UseInterceptors(noGuard)
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe('Chat.open: NoGuard is no interceptor: it has no method intercept.');
    @UseFilters(noGuard)
    @WebSocketPath('/')
    class Forum {
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Forum])).toBe('Forum: NoGuard is no filter: it has no method catch.');
  });

  test('a guard that cannot be made', async () => {
    @injectable()
    class Auth implements Guard {
      constructor(@Inject('secret') readonly secret: string) {}
      canActivate(): boolean {
        return true;
      }
    }
    @WebSocketPath('/')
    class Chat {
      @UseGuards(Auth)
      @OnOpen()
      open(): void {}
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Auth, constructor parameter 1: nothing provides "secret": add { token: "secret", useValue: … } to the providers ' +
        'of a module.',
    );
  });

  test('a guard of which each connection has its own', async () => {
    class Auth implements Guard {
      canActivate(): boolean {
        return true;
      }
    }
    @UseGuards(Auth)
    @WebSocketPath('/', { scope: 'connection' })
    class Chat {
      @OnOpen()
      open(): void {}
    }
    const providers = [{ token: Auth, useClass: Auth, options: { lifecycle: Lifecycle.ContainerScoped } }];
    expect(await bootErrorOf([Chat], { providers })).toBe(
      'Chat, guard: each connection has its own Auth, so what is made once cannot have one.',
    );
  });
});

describe('each limit', () => {
  const values = Object.entries(DEFAULT_LIMITS).map(([name, value]): [string, unknown] => [
    name,
    typeof value === 'string' ? 'drop' : 7,
  ]);
  const ofApplication = ['handshakeTimeoutMs', 'maxHeaderBytes', 'maxTotalBufferedBytes'];

  function pathWith(limits: object): new () => object {
    @WebSocketPath('/', { limits })
    class Chat {
      @OnOpen()
      open(): void {}
    }
    return Chat;
  }

  test.each(values)('%s holds for an application', async (name, value) => {
    await serve([pathWith({})], { limits: { [name]: value } });
  });

  test.each(values.filter(([name]) => !ofApplication.includes(name)))('%s holds for a path', async (name, value) => {
    await serve([pathWith({ [name]: value })]);
  });

  test.each(ofApplication)('%s is refused for a path, where it would change nothing', async (name) => {
    expect(await bootErrorOf([pathWith({ [name]: 7 })])).toBe(
      `Chat: limits.${name} holds for the whole application, not for a path: set it in the application's options`,
    );
    await serve([pathWith({ [name]: undefined })]);
  });
});
