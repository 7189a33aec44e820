import { ArrayMaxSize, IsEmail, IsString } from 'class-validator';
import {
  CloseInfo,
  Connection,
  OnClose,
  OnDrain,
  OnMessage,
  OnOpen,
  OnPing,
  OnPong,
  OnUpgrade,
  PortalError,
  UnauthorizedError,
  UseFilters,
  UseGuards,
  WebSocketPath,
} from '../../src';
import { connect, start } from '../support/app';
import { deferred } from '../support/engine';
import { clientFrame, continuation, text } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';
import { serve } from '../support/serve';
import { until } from '../support/until';
import { filter, guard, thrower } from '../support/uses';

class Signup {
  @IsEmail()
  email!: string;
  @IsString()
  name!: string;
  @IsString({ each: true })
  @ArrayMaxSize(2)
  tags!: string[];
}

@WebSocketPath('/')
class Server {
  @OnMessage('signup')
  signup({ name }: Signup): string {
    return name;
  }
  @OnMessage('fail')
  fail(): never {
    throw new Error('secret');
  }
  @OnMessage('refuse')
  refuse(): never {
    throw new PortalError('room_full', 'no seat', { details: { seats: 0 } });
  }
  @OnMessage('count')
  async *count(limit: number): AsyncGenerator<number> {
    for (let i = 0; i < limit; i++) yield i;
    throw new Error('secret');
  }
}

const VALID = { email: 'a@b.example', name: 'ann', tags: ['x'] };

/** Sends a text and resolves with the answer, read. */
async function ask(client: { send(text: string): void; receive(): Promise<unknown> }, message: string) {
  client.send(message);
  return JSON.parse((await client.receive()) as string) as unknown;
}

describe('the error reply, after which the connection is still open', () => {
  const error = (code: string, message: string) => ({ code, message });
  const malformed = error('malformed_message', 'The message could not be read.');
  const unknown = error('unknown_event', 'No handler takes this event.');

  test.each<[string, string, object]>([
    [
      'every issue of a body that is not valid',
      '{"event":"signup","data":{"email":"a","tags":["x",1,"y"]},"id":7}',
      {
        event: 'signup',
        error: {
          ...error('validation_failed', 'The message is not valid.'),
          details: [
            { path: 'email', constraints: { isEmail: 'email must be an email' } },
            { path: 'name', constraints: { isString: 'name must be a string' } },
            {
              path: 'tags',
              constraints: {
                arrayMaxSize: 'tags must contain no more than 2 elements',
                isString: 'each value in tags must be a string',
              },
            },
          ],
        },
        id: 7,
      },
    ],
    [
      'a property that the class does not have',
      JSON.stringify({ event: 'signup', data: { ...VALID, admin: true } }),
      {
        event: 'signup',
        error: {
          ...error('validation_failed', 'The message is not valid.'),
          details: [{ path: 'admin', constraints: { whitelistValidation: 'property admin should not exist' } }],
        },
      },
    ],
    ['an unknown event', '{"event":"leave"}', { event: 'leave', error: unknown }],
    ['an unknown event with an id', '{"event":"leave","id":"a"}', { event: 'leave', error: unknown, id: 'a' }],
    ['text that is no JSON', 'hello', { error: malformed }],
    ['JSON that is no envelope', '[1]', { error: malformed }],
    ['an envelope without an event', '{"data":1}', { error: malformed }],
    ['an id that is none', '{"event":"signup","id":{}}', { error: malformed }],
    [
      'a PortalError',
      '{"event":"refuse","id":1}',
      { event: 'refuse', error: { ...error('room_full', 'no seat'), details: { seats: 0 } }, id: 1 },
    ],
  ])('%s', async (_what, message, answer) => {
    const app = await serve([Server]);
    const client = await app.connect('/');
    expect(await ask(client, message)).toEqual(answer);
    expect(await client.request('signup', VALID)).toBe('ann');
    expect(app.log.lines).toEqual([]);
  });

  test('an event handler that throws: without detail, and logged', async () => {
    const app = await serve([Server]);
    const client = await app.connect('/');
    expect(await ask(client, '{"event":"fail","id":7}')).toEqual({
      event: 'fail',
      error: error('internal_error', 'Something went wrong.'),
      id: 7,
    });
    expect(await client.request('signup', VALID)).toBe('ann');
    expect(app.log.lines).toEqual(['error Server.fail failed']);
    expect(app.log.errors).toEqual([new Error('secret')]);
  });

  test('an async iterable that throws: it ends the items', async () => {
    const app = await serve([Server]);
    const client = await app.connect('/');
    client.send('{"event":"count","data":1,"id":7}');
    expect(await client.receive()).toBe('{"event":"count","data":0,"id":7,"more":true}');
    expect(JSON.parse((await client.receive()) as string)).toEqual({
      event: 'count',
      error: error('internal_error', 'Something went wrong.'),
      id: 7,
    });
    expect(await client.request('signup', VALID)).toBe('ann');
    expect(app.log.lines).toEqual(['error Server.count failed']);
  });

  test('a plain handler with a class for its body: no event', async () => {
    @WebSocketPath('/')
    class Plain {
      @OnMessage()
      signup({ name }: Signup): string {
        return name;
      }
    }
    const client = await (await serve([Plain])).connect('/');
    expect(await ask(client, 'hello')).toEqual({ error: malformed });
    expect(await ask(client, JSON.stringify({ ...VALID, name: 5 }))).toEqual({
      error: {
        ...error('validation_failed', 'The message is not valid.'),
        details: [{ path: 'name', constraints: { isString: 'name must be a string' } }],
      },
    });
    client.send(JSON.stringify(VALID));
    expect(await client.receive()).toBe('ann');
  });
});

describe('the connection is closed', () => {
  @WebSocketPath('/text')
  class Text {
    @OnMessage()
    text(message: string): string {
      if (message === 'fail') throw new Error('secret');
      if (message === 'reject') return Promise.reject(new Error('secret')) as never;
      return message;
    }
  }
  @WebSocketPath('/binary')
  class Binary {
    @OnMessage()
    binary(message: Uint8Array): Uint8Array {
      return message;
    }
  }
  @WebSocketPath('/silent')
  class Silent {
    @OnOpen()
    open(): void {}
  }

  test.each([
    ['/text', Buffer.from('x'), 'no handler for binary messages'],
    ['/binary', 'x', 'no handler for text messages'],
    ['/silent', 'x', 'no handler for text messages'],
    ['/silent', Buffer.from('x'), 'no handler for binary messages'],
  ])('1003: no handler for that kind of message, at %s for %p', async (path, message, reason) => {
    const app = await serve([Text, Binary, Silent]);
    const client = await app.connect(path);
    client.send(message);
    expect(await client.closed).toEqual({ code: 1003, reason, clean: true });
    expect(app.log.lines).toEqual([]);
  });

  test('1003: binary messages where there are handlers of events only, in JSON', async () => {
    const client = await (await serve([Server])).connect('/');
    client.send(Buffer.from('{}'));
    expect(await client.closed).toMatchObject({ code: 1003 });
  });

  test.each(['fail', 'reject'])('1011: a plain handler that fails (%s), logged', async (message) => {
    const app = await serve([Text]);
    const [client, neighbour] = [await app.connect('/text'), await app.connect('/text')];
    client.send(message);
    expect(await client.closed).toEqual({ code: 1011, reason: 'internal error', clean: true });
    expect(app.log.lines).toEqual(['error Text.text failed']);
    neighbour.send('still there');
    expect(await neighbour.receive()).toBe('still there');
  });

  test.each<[number, string, Buffer[]]>([
    [1007, 'invalid UTF-8', [text(Buffer.from([0xff]))]],
    [1002, 'a protocol error', [clientFrame({ opcode: 3 })]],
    [1009, 'too big', [text('x'.repeat(101))]],
    [
      1008,
      'against policy',
      [text('', { fin: false }), ...Array.from({ length: 129 }, () => continuation('', { fin: false }))],
    ],
  ])('%i: %s', async (code, _what, frames) => {
    const app = await start([Text], { limits: { maxMessageBytes: 100 } });
    const client = await RawClient.open(app.url, '/text');
    client.write(Buffer.concat(frames));
    expect((await client.frame())?.payload.readUInt16BE()).toBe(code);
    client.socket.destroy();
  });

  @WebSocketPath('/', { limits: { maxBufferedBytes: 1000 } })
  class Flood {
    readonly results: boolean[] = [];
    readonly flooded = deferred();
    readonly closed = deferred<CloseInfo>();
    @OnMessage()
    flood(_message: string, connection: Connection): void {
      for (let i = 0; i < 3; i++) this.results.push(connection.send(Buffer.alloc(20_000_000)));
      this.flooded.resolve();
    }
    @OnClose()
    bye(close: CloseInfo): void {
      this.closed.resolve(close);
    }
  }

  test('1008: a slow consumer, whose queue is dropped', async () => {
    const app = await start([Flood]);
    const client = await connect(app, '/');
    client.send('go');
    expect(await client.closed).toEqual({ code: 1008, reason: 'slow consumer' });
    const flood = app.container.resolve(Flood);
    expect(flood.results).toEqual([false, false, false]);
    expect(await flood.closed.promise).toMatchObject({ code: 1008 });
  });

  test('a slow consumer that does not read its Close frame either is terminated at closeTimeoutMs', async () => {
    const clock = new ManualClock();
    const app = await start([Flood], { clock });
    const client = await connect(app, '/');
    client.socket.pause();
    client.send('go');
    const flood = app.container.resolve(Flood);
    await flood.flooded.promise;
    clock.advance(4_999);
    expect(app.connections.size).toBe(1);
    clock.advance(1);
    // a stream may have given the system some bytes more, which begins the time anew
    await until(() => {
      clock.advance(5_000);
      return app.connections.size === 0;
    });
    expect(await flood.closed.promise).toMatchObject({ code: 1006, clean: false });
  });
});

test('send on a closed connection returns false and never throws', async () => {
  const sent = deferred<unknown[]>();
  @WebSocketPath('/')
  class Chat {
    @OnClose()
    bye(connection: Connection): void {
      const results = ['x', Buffer.from('x'), new ArrayBuffer(1)].map((message) => connection.send(message));
      sent.resolve([...results, connection.emit('bye', 1), connection.state]);
    }
  }
  const client = await (await serve([Chat])).connect('/');
  await client.close();
  expect(await sent.promise).toEqual([false, false, false, false, 'closed']);
});

describe('at the upgrade', () => {
  const refused = guard(() => false);
  const anonymous = guard(thrower(new UnauthorizedError()));

  @UseGuards(refused)
  @WebSocketPath('/refused')
  class Refused {
    @OnOpen()
    open(): void {}
  }
  @UseGuards(anonymous)
  @WebSocketPath('/anonymous')
  class Anonymous {
    @OnOpen()
    open(): void {}
  }
  @WebSocketPath('/throws')
  class Throws {
    @OnUpgrade()
    enter(connection: Connection): void {
      if (connection.query.has('busy')) throw new PortalError('busy', 'come back', { status: 503 });
      throw new Error('secret');
    }
  }

  test.each([
    ['/refused', 403, 'This is not allowed.', []],
    ['/anonymous', 401, 'Authentication is needed.', []],
    ['/throws?busy', 503, 'come back', []],
    ['/throws', 500, 'Something went wrong.', ['error Throws.enter failed']],
    ['/nowhere', 404, 'No WebSocket is served at this path.', []],
  ])('%s is answered with %i', async (path, status, body, logged) => {
    const app = await serve([Refused, Anonymous, Throws]);
    expect(await app.refusal(path)).toMatchObject({ status, body });
    expect(app.log.lines).toEqual([...logged, `info handshake refused: ${body}`]);
  });
});

describe('another hook that throws, or a filter, is logged, the connection closed with 1011, and the process lives', () => {
  const fail = thrower(new Error('secret'));
  @WebSocketPath('/', { limits: { highWaterMarkBytes: 1, maxBufferedBytes: 100_000_000 } })
  class Hooks {
    @OnOpen()
    open(connection: Connection): void {
      if (connection.query.has('open')) fail();
    }
    @OnPing()
    ping(): void {
      fail();
    }
    @OnPong()
    pong(): Promise<never> {
      return Promise.reject(new Error('secret'));
    }
    @OnDrain()
    drain(): void {
      fail();
    }
    @OnMessage()
    text(message: string, connection: Connection): unknown {
      return message === 'drain' ? void connection.send(Buffer.alloc(20_000_000)) : message;
    }
    @UseFilters(filter(fail))
    @OnMessage('filter')
    filter(): never {
      throw new PortalError('forbidden');
    }
  }

  test.each<[string, string[]]>([
    ['open', ['error Hooks.open failed']],
    ['ping', ['error Hooks.ping failed']],
    ['pong', ['error Hooks.pong failed']],
    ['drain', ['error Hooks.drain failed']],
    ['filter', ['error Hooks.filter (Object) failed', 'error Hooks.filter failed']],
  ])('%s', async (what, lines) => {
    const app = await start([Hooks]);
    const neighbour = await connect(app, '/');
    const client = await connect(app, what === 'open' ? '/?open' : '/');
    if (what === 'ping' || what === 'pong') client.socket[what]();
    if (what === 'drain') client.send('drain');
    if (what === 'filter') client.send('{"event":"filter"}');
    expect(await client.closed).toEqual({ code: 1011, reason: 'internal error' });
    expect(app.log.lines).toEqual(lines);
    expect(await neighbour.ask('x')).toBe('x');
  });

  test('@OnClose: there is nothing left to close', async () => {
    @WebSocketPath('/')
    class Bye {
      @OnClose()
      bye(connection: Connection): void {
        if (connection.query.has('portal')) throw new PortalError('forbidden', 'secret');
        fail();
      }
    }
    const app = await serve([Bye]);
    await (await app.connect('/')).close();
    await (await app.connect('/?portal')).close();
    await app.advance(0);
    expect(app.log.lines).toEqual(['error Bye.bye failed', 'error Bye.bye failed']);
  });
});
