import { IsInt } from 'class-validator';
import {
  BootError,
  CloseInfo,
  ConnectedSocket,
  Connection,
  Connections,
  CurrentUser,
  Header,
  Inject,
  MessageBody,
  MessageStream,
  OnClose,
  OnMessage,
  OnOpen,
  OnPing,
  OnPong,
  OnUpgrade,
  PathParam,
  QueryParam,
  WebSocketPath,
} from '../../src';
import { bootstrap } from '../../src';
import { WHO_EMITS_NONE } from '../../src/decorators/boot-error';
import { createTestApp } from '../../src/testing';
import { connect, moduleOf, start } from '../support/app';
import { deferred } from '../support/engine';

class Greeter {
  greet(name: string): string {
    return `hello ${name}`;
  }
}

const LIMIT = Symbol('limit');

test('parameters are bound by type: message, connection, signal, provider, connections', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(greeter: Greeter, message: string, signal: AbortSignal, connection: Connection, all: Connections): unknown {
      return [greeter.greet(message), signal.aborted, connection instanceof Connection, all.size];
    }

    @OnMessage()
    binary(message: Buffer, connection: Connection): unknown {
      return [...message, connection.path];
    }
  }
  const client = await connect(await start([Controller], { providers: [Greeter] }), '/');
  expect(await client.ask('ann')).toBe('["hello ann",false,true,1]');
  expect(await client.ask(Buffer.from([1, 2]))).toBe('[1,2,"/"]');
});

test('parameters are bound explicitly', async () => {
  @WebSocketPath('/rooms/:room')
  class Controller {
    @OnMessage()
    text(
      @PathParam('room') room: string,
      @QueryParam('token') token: string,
      @Header('X-Test') header: string,
      @Inject(LIMIT) limit: number,
      @ConnectedSocket() socket: unknown,
      @MessageBody() body: unknown,
      @QueryParam('none') none?: string,
    ): unknown {
      return [room, token, none ?? 'none', header, limit, socket instanceof Connection, body];
    }
  }
  const app = await start([Controller], { providers: [{ token: LIMIT, useValue: 5 }] });
  const client = await connect(app, '/rooms/caf%C3%A9?token=t', { headers: { 'x-test': 'h' } });
  expect(await client.ask('b')).toBe('["café","t","none","h",5,true,"b"]');
});

test('an explicit body without a type takes text and binary alike', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    any(@MessageBody() body: string | Uint8Array): unknown {
      return typeof body === 'string' ? 'text' : 'binary';
    }
  }
  const client = await connect(await start([Controller]), '/');
  expect(await client.ask('x')).toBe('text');
  expect(await client.ask(Buffer.from('x'))).toBe('binary');
});

test('a handler without a body takes what has no handler of its own', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(message: string): string {
      return message;
    }

    @OnMessage()
    rest(connection: Connection): string {
      return `rest ${connection.path}`;
    }
  }
  const client = await connect(await start([Controller]), '/');
  expect(await client.ask('x')).toBe('x');
  expect(await client.ask(Buffer.from('x'))).toBe('rest /');
});

test('@OnOpen, @OnClose, @OnPing and @OnPong get what they are about', async () => {
  const closed = deferred<unknown[]>();
  const events: unknown[] = [];
  @WebSocketPath('/:name')
  class Controller {
    @OnOpen()
    open(@PathParam('name') name: string): string {
      return name;
    }

    @OnPing()
    ping(payload: Buffer, connection: Connection): void {
      events.push(['ping', payload.toString()]);
      connection.pong('extra');
    }

    @OnPong()
    pong(payload: Uint8Array): void {
      events.push(['pong', Buffer.from(payload).toString()]);
    }

    @OnClose()
    close(close: CloseInfo, connection: Connection): void {
      closed.resolve([close.code, close.reason, close.clean, connection.state]);
    }
  }
  const client = await connect(await start([Controller]), '/ann');
  expect(await client.receive()).toBe('ann');
  client.socket.ping('a');
  client.socket.pong('b');
  client.socket.close(3001, 'bye');
  expect(await closed.promise).toEqual([3001, 'bye', true, 'closed']);
  expect(events).toEqual([
    ['ping', 'a'],
    ['pong', 'b'],
  ]);
});

interface Shape {
  a: number;
}
class Unknown {}

async function bootErrorOf(controller: new () => object, providers: never[] = []): Promise<string> {
  const error: unknown = await bootstrap(moduleOf([controller], providers), { port: 0 }).then(
    (app) => app.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BootError)) throw new Error(`no boot error but ${String(error)}`);
  return error.message;
}

describe('what cannot be bound is found at boot', () => {
  test('an interface', async () => {
    @WebSocketPath('/')
    class Controller {
      @OnMessage()
      join(connection: Connection, shape: Shape): unknown {
        return [connection, shape];
      }
    }
    expect(await bootErrorOf(Controller)).toBe(
      'Controller.join, parameter 2 (shape): its type came out as Object, which tells nothing: an interface, a union, ' +
        '`unknown`, or a class imported with `import type`. Use a class imported as a value, or bind it with ' +
        '@MessageBody() or @Inject(token).',
    );
  });

  test('a class that nothing provides', async () => {
    @WebSocketPath('/')
    class Controller {
      @OnOpen()
      open(service: Unknown): unknown {
        return service;
      }
    }
    expect(await bootErrorOf(Controller)).toBe(
      'Controller.open, parameter 1 (service): nothing binds Unknown: it is no Connection, no AbortSignal and no ' +
        'provider. Add it to the providers of a module, or bind the parameter with a decorator.',
    );
  });

  test('a number as message', async () => {
    @WebSocketPath('/')
    class Controller {
      @OnMessage()
      count(message: number): number {
        return message;
      }
    }
    expect(await bootErrorOf(Controller)).toBe(
      'Controller.count, parameter 1 (message): a message is a string, a Uint8Array or what its codec makes of it, no Number.',
    );
  });

  test('two bodies', async () => {
    @WebSocketPath('/')
    class Controller {
      @OnMessage()
      text(one: string, two: string): string {
        return one + two;
      }
    }
    expect(await bootErrorOf(Controller)).toBe(
      'Controller.text, parameter 2 (two): a second body; a handler takes one message.',
    );
  });

  test('a CloseInfo elsewhere than in @OnClose', async () => {
    @WebSocketPath('/')
    class Controller {
      @OnMessage()
      text(message: string, close: CloseInfo): unknown {
        return [message, close];
      }
    }
    expect(await bootErrorOf(Controller)).toBe(
      'Controller.text, parameter 2 (close): a CloseInfo is there in @OnClose() only.',
    );
  });

  test('a path parameter that the path does not have', async () => {
    @WebSocketPath('/rooms/:roomId')
    class Controller {
      @OnOpen()
      open(@PathParam('room') room: string): string {
        return room;
      }
    }
    expect(await bootErrorOf(Controller)).toBe(
      'Controller.open, parameter 1 (room): the path /rooms/:roomId has no parameter :room.',
    );
  });

  test('a token that nothing provides', async () => {
    @WebSocketPath('/')
    class Controller {
      @OnOpen()
      open(@Inject('missing') value: string): string {
        return value;
      }
    }
    expect(await bootErrorOf(Controller)).toBe(
      'Controller.open, parameter 1 (value): nothing provides "missing": add { token: "missing", useValue: … } to the ' +
        'providers of a module.',
    );
  });

  test('a parameter without emitted type', async () => {
    class Controller {
      text(message: string): string {
        return message;
      }
    }
    OnMessage()(Controller.prototype, 'text', Object.getOwnPropertyDescriptor(Controller.prototype, 'text')!);
    WebSocketPath('/')(Controller);
    expect(await bootErrorOf(Controller)).toBe(
      'Controller.text, parameter 1 (message): its type is not known at run time. Set "emitDecoratorMetadata": true ' +
        'under "compilerOptions" in tsconfig.json, or bind it explicitly with @MessageBody(), @ConnectedSocket() or ' +
        `@Inject(token). ${WHO_EMITS_NONE}`,
    );
  });
});

test('a MessageStream takes what has no method of its own, while it arrives', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(message: string): string {
      return message;
    }

    @OnMessage()
    async stream(stream: MessageStream, connection: Connection): Promise<string> {
      let total = 0;
      for await (const piece of stream) total += piece.length;
      return `${stream.binary} ${total} ${connection.path}`;
    }
  }
  const client = await connect(await start([Controller]), '/');
  expect(await client.ask('x')).toBe('x');
  expect(await client.ask(Buffer.alloc(200_000))).toBe('true 200000 /');
});

test('@CurrentUser() is the user that was found at the upgrade, or none', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnUpgrade()
    upgrade(connection: Connection, @QueryParam('user') id?: string): void {
      if (id !== undefined) connection.user = { id };
    }

    @OnMessage('who')
    who(@CurrentUser() user?: { id: string }): unknown {
      return user?.id ?? 'nobody';
    }

    @OnMessage('rename')
    rename(@MessageBody('name') id: string, connection: Connection, @CurrentUser() user: { id: string }): unknown {
      connection.user = { id };
      return user.id;
    }
  }
  const app = await createTestApp(moduleOf([Controller]));
  const client = await app.connect('/?user=ann');
  expect(await client.request('who')).toBe('ann');
  // what it is when the handler is called
  expect(await client.request('rename', { name: 'bob' })).toBe('ann');
  expect(await client.request('who')).toBe('bob');
  expect(await (await app.connect('/')).request('who')).toBe('nobody');
  await app.close();
});

test('an AbortSignal is that of the connection, by type or by token, and aborts when it closes', async () => {
  const signals: AbortSignal[] = [];
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(signal: AbortSignal, @Inject(AbortSignal) other: unknown, connection: Connection): unknown {
      signals.push(signal);
      return [signal === other, signal === connection.signal, signal.aborted];
    }
  }
  const app = await createTestApp(moduleOf([Controller]));
  const [one, two] = [await app.connect('/'), await app.connect('/')];
  for (const client of [one, two]) {
    client.send('');
    expect(await client.receive()).toBe('[true,true,false]');
  }
  await one.close();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  await app.close();
});

test('a Connection is injected by its token too', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(@Inject(Connection) connection: unknown): unknown {
      return connection instanceof Connection;
    }
  }
  const client = await connect(await start([Controller]), '/');
  expect(await client.ask('')).toBe('true');
});

test('providers are looked up at boot, once, however they are provided', async () => {
  let made = 0;
  class Counter {
    readonly number = ++made;
  }
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(
      counter: Counter,
      @Inject(Counter) same: Counter,
      @Inject('alias') alias: Counter,
      @Inject('later') later: string,
      @Inject('nothing') nothing: unknown,
    ): unknown {
      return [counter.number, same === counter, alias === counter, later, nothing];
    }
  }
  const providers = [
    Counter,
    { token: 'alias', useToken: Counter },
    { token: 'later', useFactory: () => Promise.resolve('made') },
    { token: 'nothing', useValue: null },
  ];
  const client = await connect(await start([Controller], { providers }), '/');
  for (let time = 0; time < 2; time++) expect(await client.ask('')).toBe('[1,true,true,"made",null]');
});

test('a class that is provided is no body, though it has validators', async () => {
  class Settings {
    @IsInt()
    size = 3;
  }
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(settings: Settings, message: string): unknown {
      return [settings.size, message];
    }
  }
  const client = await connect(await start([Controller], { providers: [Settings] }), '/');
  expect(await client.ask('a')).toBe('[3,"a"]');
});
