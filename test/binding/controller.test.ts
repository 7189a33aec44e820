import {
  bootstrap,
  BootError,
  Connection,
  MessageBody,
  OnClose,
  OnError,
  OnMessage,
  OnOpen,
  WebSocketPath,
} from '../../src';
import { connect, moduleOf, start } from '../support/app';

type Class = abstract new (...args: never[]) => unknown;

async function bootErrorOf(...controllers: Class[]): Promise<string> {
  const error: unknown = await bootstrap(moduleOf(controllers), { port: 0 }).then(
    (app) => app.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BootError)) throw new Error(`no boot error but ${String(error)}`);
  return error.message;
}

test('a controller without handlers', async () => {
  @WebSocketPath('/')
  class Empty {}
  expect(await bootErrorOf(Empty)).toBe(
    'Empty has no handlers: decorate at least one method with @OnMessage(), @OnOpen() or @OnClose().',
  );
});

test('a class without a path', async () => {
  class Plain {
    @OnMessage()
    text(message: string): string {
      return message;
    }
  }
  expect(await bootErrorOf(Plain)).toBe("Plain is listed under controllers, but has no @WebSocketPath('/…').");
});

test.each(['', 'echo', 5])('the path %p', async (path) => {
  class Relative {
    @OnOpen()
    open(): void {}
  }
  WebSocketPath(path as string)(Relative);
  expect(await bootErrorOf(Relative)).toBe(`Relative: the path ${JSON.stringify(path)} must begin with a slash.`);
});

test('two handlers of one kind of message', async () => {
  @WebSocketPath('/')
  class Twice {
    @OnMessage()
    one(message: string): string {
      return message;
    }
    @OnMessage()
    two(connection: Connection, message: string): string {
      return connection.id + message;
    }
  }
  expect(await bootErrorOf(Twice)).toBe('Twice: one and two are both handlers of text messages.');
});

test('two handlers of which one takes every kind of body', async () => {
  @WebSocketPath('/')
  class Overlap {
    @OnMessage()
    one(message: Uint8Array): Uint8Array {
      return message;
    }
    @OnMessage()
    all(@MessageBody() message: unknown): unknown {
      return message;
    }
  }
  expect(await bootErrorOf(Overlap)).toBe('Overlap: one and all are both handlers of binary messages.');
});

test('two handlers without body, two @OnClose, two @OnError of one class', async () => {
  @WebSocketPath('/')
  class Bodiless {
    @OnMessage()
    one(): void {}
    @OnMessage()
    two(): void {}
  }
  expect(await bootErrorOf(Bodiless)).toBe('Bodiless: one and two are both handlers of all messages.');
  @WebSocketPath('/')
  class Closes {
    @OnClose()
    one(): void {}
    @OnClose()
    two(): void {}
  }
  expect(await bootErrorOf(Closes)).toBe('Closes: one and two are both handlers of @OnClose().');
  @WebSocketPath('/')
  class Errors {
    @OnMessage()
    any(): void {}
    @OnError(TypeError)
    one(): void {}
    @OnError(TypeError)
    two(): void {}
  }
  expect(await bootErrorOf(Errors)).toBe('Errors: one and two are both handlers of @OnError(TypeError).');
});

test.each([
  ['/rooms/:room', '/rooms/:name'],
  ['/x', '/x'],
])('a path registered twice: %s and %s', async (first, second) => {
  class One {
    @OnOpen()
    open(): void {}
  }
  class Two {
    @OnOpen()
    open(): void {}
  }
  WebSocketPath(first)(One);
  WebSocketPath(second)(Two);
  expect(await bootErrorOf(One, Two)).toBe(`One and Two both serve the path ${second}.`);
});

test('options of the path that are wrong name the controller', async () => {
  @WebSocketPath('/', { limits: { maxMessageBytes: -1 } })
  class Wrong {
    @OnOpen()
    open(): void {}
  }
  expect(await bootErrorOf(Wrong)).toBe(
    'Wrong: limits.maxMessageBytes must be a whole number from 1 to 536870888, not -1',
  );
});

test('handlers are inherited; a method that is overridden without a decorator stays one', async () => {
  class Base {
    @OnMessage()
    text(message: string): string {
      return `base ${message}`;
    }
    @OnMessage()
    binary(message: Uint8Array): Uint8Array {
      return message;
    }
  }
  @WebSocketPath('/')
  class Derived extends Base {
    override text(message: string): string {
      return `derived ${message}`;
    }
    @OnMessage()
    override binary(_message: Uint8Array): Uint8Array {
      return Buffer.from([9]);
    }
  }
  const client = await connect(await start([Derived]), '/');
  expect(await client.ask('x')).toBe('derived x');
  expect(await client.ask(Buffer.from([1]))).toEqual(Buffer.from([9]));
});

test('the options of a path hold for it alone', async () => {
  @WebSocketPath('/small', { limits: { maxMessageBytes: 5 }, protocols: ['v1'] })
  class Small {
    @OnMessage()
    text(message: string, connection: Connection): string {
      return message + connection.protocol;
    }
  }
  @WebSocketPath('/large')
  class Large {
    @OnMessage()
    text(message: string): string {
      return message;
    }
  }
  const app = await start([Small, Large]);
  const large = await connect(app, '/large');
  expect(await large.ask('123456')).toBe('123456');
  const small = await connect(app, '/small', { protocols: ['v0', 'v1'] });
  expect(await small.ask('12345')).toBe('12345v1');
  small.send('123456');
  expect(await small.closed).toEqual({ code: 1009, reason: 'message too big' });
});
