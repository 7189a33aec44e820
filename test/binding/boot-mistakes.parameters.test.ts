import { IsString } from 'class-validator';
import {
  CloseInfo,
  Connection,
  Cookie,
  Header,
  MessageBody,
  JsonCodec,
  MessagePackCodec,
  MessageStream,
  OnMessage,
  OnOpen,
  OnUpgrade,
  PathParam,
  QueryParam,
  WebSocketPath,
} from '../../src';
import { z } from 'zod';
import { bootErrorOf } from '../support/serve';
import { thrower } from '../support/uses';

interface Shape {
  a: number;
}

class Undecorated {
  a = 1;
}

class Room {
  @IsString()
  room!: string;
}

class Service {}

describe('a parameter', () => {
  const OBJECT =
    'its type came out as Object, which tells nothing: an interface, a union, `unknown`, or a class imported with ' +
    '`import type`. Use a class imported as a value, or bind it with @MessageBody() or @Inject(token).';

  test('that is an interface', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage('chat.join')
      join(_connection: Connection, shape: Shape): Shape {
        return shape;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(`Chat.join, parameter 2 (shape): ${OBJECT}`);
  });

  test('that is a union', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      say(message: string | Room): unknown {
        return message;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(`Chat.say, parameter 1 (message): ${OBJECT}`);
  });

  test('that is unknown', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnOpen()
      open(anything: unknown): unknown {
        return anything;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(`Chat.open, parameter 1 (anything): ${OBJECT}`);
  });

  test.each(['say', 'join', 'open'])(
    'of %s, that the compiler wrote as Function for an `import type`',
    async (name) => {
      class Chat {
        say(dto: never): unknown {
          return dto;
        }
        join(dto: never): unknown {
          return dto;
        }
        open(dto: never): unknown {
          return dto;
        }
      }
      const decorator = { say: OnMessage(), join: OnMessage('chat.join'), open: OnOpen() }[name]!;
      Reflect.decorate([Reflect.metadata('design:paramtypes', [Function]), decorator], Chat.prototype, name);
      WebSocketPath('/')(Chat);
      expect(await bootErrorOf([Chat])).toBe(
        `Chat.${name}, parameter 1 (dto): ${OBJECT.replace('came out as Object', 'came out as Function')}`,
      );
    },
  );

  test('that nothing binds', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnOpen()
      open(service: Service): unknown {
        return service;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.open, parameter 1 (service): nothing binds Service: it is no Connection, no AbortSignal and no provider. ' +
        'Add it to the providers of a module, or bind the parameter with a decorator.',
    );
  });

  test('that is a second body', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage('chat.join')
      join(room: Room, name: string): unknown {
        return [room, name];
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.join, parameter 2 (name): a second body; a handler takes one message.',
    );
  });

  test('that is a number, where the body is a message', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      count(message: number): number {
        return message;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.count, parameter 1 (message): a message is a string, a Uint8Array or what its codec makes of it, no Number.',
    );
  });

  test('that is a Map, where the body is data', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage('chat.join')
      join(rooms: Map<string, string>): number {
        return rooms.size;
      }
    }
    expect(await bootErrorOf([Chat])).toBe('Chat.join, parameter 1 (rooms): no codec makes a Map.');
  });

  test('that is a CloseInfo elsewhere than in @OnClose', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      say(message: string, close: CloseInfo): unknown {
        return [message, close];
      }
    }
    expect(await bootErrorOf([Chat])).toBe('Chat.say, parameter 2 (close): a CloseInfo is there in @OnClose() only.');
  });

  test('that takes a body where there is none', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnUpgrade()
      enter(@MessageBody() body: unknown): unknown {
        return body;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.enter, parameter 1 (body): @MessageBody() in a handler without a body.',
    );
  });

  test('of a path that has none of that name', async () => {
    @WebSocketPath('/rooms/:roomId')
    class Chat {
      @OnOpen()
      open(@PathParam('room') room: string): string {
        return room;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.open, parameter 1 (room): the path /rooms/:roomId has no parameter :room.',
    );
  });

  test('of the URL or a header, of a type that no text becomes', async () => {
    @WebSocketPath('/')
    class Query {
      @OnOpen()
      open(@QueryParam('since') since: Date): unknown {
        return since;
      }
    }
    expect(await bootErrorOf([Query])).toBe(
      'Query.open, parameter 1 (since): a query parameter since is a string, a number or a boolean, not Date.',
    );
    @WebSocketPath('/')
    class Headers {
      @OnOpen()
      open(@Header('X-Tags') tags: string[]): unknown {
        return tags;
      }
    }
    expect(await bootErrorOf([Headers])).toBe(
      'Headers.open, parameter 1 (tags): a header x-tags is a string, a number or a boolean, not Array.',
    );
  });

  test('whose type the compiler did not emit', async () => {
    class Chat {
      say(message: string): string {
        return message;
      }
    }
    OnMessage()(Chat.prototype, 'say', Object.getOwnPropertyDescriptor(Chat.prototype, 'say')!);
    WebSocketPath('/')(Chat);
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.say, parameter 1 (message): its type is not known at run time. Set "emitDecoratorMetadata": true under ' +
        '"compilerOptions" in tsconfig.json, or bind it explicitly with @MessageBody(), @ConnectedSocket() or ' +
        '@Inject(token). esbuild, tsx and vitest emit no types whatever tsconfig.json says: ' +
        'docs/guide/without-emitted-types.md shows what to write there.',
    );
  });

  test('of the URL, of a type that the compiler could not name', async () => {
    const why = ' is a string, a number or a boolean, not Object. So comes out whatever is no single class';
    @WebSocketPath('/')
    class Union {
      @OnOpen()
      open(@QueryParam('page') page: number | undefined): unknown {
        return page;
      }
    }
    @WebSocketPath('/:room')
    class Unknown {
      @OnOpen()
      open(@PathParam('room') room: unknown): unknown {
        return room;
      }
    }
    @WebSocketPath('/')
    class Interface {
      @OnOpen()
      open(@Header('x-shape') shape: Shape): unknown {
        return shape;
      }
    }
    expect(await bootErrorOf([Union])).toContain(`Union.open, parameter 1 (page): a query parameter page${why}`);
    expect(await bootErrorOf([Unknown])).toContain(`Unknown.open, parameter 1 (room): a path parameter room${why}`);
    expect(await bootErrorOf([Interface])).toContain(`Interface.open, parameter 1 (shape): a header x-shape${why}`);
  });

  test.each([undefined, '', 5, null])('of the URL, called %p', async (name) => {
    for (const decorator of [PathParam, QueryParam, Header, Cookie]) {
      class Chat {
        open(value: string): string {
          return value;
        }
      }
      decorator(name as string)(Chat.prototype, 'open', 0);
      OnOpen()(Chat.prototype, 'open', Object.getOwnPropertyDescriptor(Chat.prototype, 'open')!);
      WebSocketPath('/')(Chat);
      expect(await bootErrorOf([Chat])).toBe(
        `Chat.open, parameter 1 (value): write the name that it is to have, as in @${decorator.name}('name'), not ${String(name)}` +
          (name === undefined ? '; two files that import each other are the usual cause.' : '.'),
      );
    }
  });
});

describe('a body', () => {
  test('that is a class without decorators of class-validator, of a message or an event', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      say(body: Undecorated): unknown {
        return body;
      }
    }
    @WebSocketPath('/')
    class Events {
      @OnMessage('chat.join')
      join(connection: Connection, data: Undecorated): unknown {
        return [connection.id, data];
      }
    }
    const why =
      'Undecorated has no decorators of class-validator, so nothing would be checked. Decorate its properties, or add ' +
      'it to the providers of a module if it is one.';
    expect(await bootErrorOf([Chat])).toBe(`Chat.say, parameter 1 (body): ${why}`);
    expect(await bootErrorOf([Events])).toBe(`Events.join, parameter 2 (data): ${why}`);
  });

  test('of an `import type`, bound explicitly', async () => {
    class Chat {
      join(dto: never): unknown {
        return dto;
      }
    }
    const type = Reflect.metadata('design:paramtypes', [Function]);
    Reflect.decorate([type, OnMessage('chat.join')], Chat.prototype, 'join');
    MessageBody()(Chat.prototype, 'join', 0);
    WebSocketPath('/')(Chat);
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.join, parameter 1 (dto): its type came out as Function, as that of a class imported with `import type` ' +
        'does. Import it as a value, or write @MessageBody(() => Dto).',
    );
  });

  test('whose class is given without an arrow', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage('chat.join')
      join(@MessageBody(Room as never) room: Room): Room {
        return room;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.join, parameter 1 (room): write @MessageBody(() => Room), or give it a schema with "~standard".',
    );
  });

  test('whose arrow returns no class', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage('chat.join')
      join(@MessageBody(() => undefined as never) room: Room): Room {
        return room;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.join, parameter 1 (room): the function given to @MessageBody returns no class; files that import each ' +
        'other are the usual cause.',
    );
  });

  const RETURNS = 'Chat.join, parameter 1 (room): the function given to @MessageBody';

  test.each<[string, () => unknown, string]>([
    [
      'an array',
      () => [Room],
      `${RETURNS} returns an array, and no class. Write a class with a property for the array`,
    ],
    ['null', () => null, `${RETURNS} returns null, and no class: write @MessageBody(() => Dto).`],
    ['an instance', () => new Room(), `${RETURNS} returns an instance of Room, and no class`],
    ['a string', () => 'Room', `${RETURNS} returns a string, and no class`],
    ['a function that makes nothing', () => () => Room, `${RETURNS} returns a function, and no class`],
    ['a promise', () => Promise.resolve(Room), `${RETURNS} returns a promise, and no class`],
    ['a schema', () => z.string(), `${RETURNS} returns a schema. Give it the schema itself: @MessageBody(schema).`],
    ['nothing, since it throws', thrower(new ReferenceError('Room')), `${RETURNS} throws: ReferenceError: Room.`],
  ])('whose arrow returns %s', async (_what, told, message) => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage('chat.join')
      join(@MessageBody(told as never) room: Room): Room {
        return room;
      }
    }
    expect(await bootErrorOf([Chat])).toContain(message);
  });

  test('of a stream that could never come, since all messages are read whole to find their event', async () => {
    @WebSocketPath('/', { codec: { json: new JsonCodec(), msgpack: new MessagePackCodec() } })
    class Chat {
      @OnMessage('say')
      say(): void {}

      @OnMessage()
      upload(stream: MessageStream): boolean {
        return stream.binary;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.upload: no message would come to it while it arrives, since those of both kinds are read whole to find ' +
        'their event or have handlers of their own.',
    );
  });

  test('of an event that is a MessageStream', async () => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage('upload')
      upload(stream: MessageStream): boolean {
        return stream.binary;
      }
    }
    expect(await bootErrorOf([Chat])).toBe(
      'Chat.upload, parameter 1 (stream): the data of an event is no MessageStream.',
    );
  });
});
