import 'reflect-metadata';
import { IsString } from 'class-validator';
import {
  Connection,
  OnClose,
  OnError,
  OnMessage,
  OnOpen,
  OnSubscribe,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Context,
} from '../../src';
import { serve, settled } from '../support/serve';

class Body {
  @IsString()
  text!: string;
}

class Open {
  canActivate(): boolean {
    return true;
  }
}

class Through {
  intercept(_context: Context, next: () => unknown): unknown {
    return next();
  }
}

class Sorry {
  catch(): string {
    return 'sorry';
  }
}

@WebSocketPath('/')
@UseGuards(Open)
@UseInterceptors(Through)
class Chat {
  @OnOpen()
  open(_connection: Connection): void {}

  @OnMessage('say')
  say(text: string, _connection: Connection): string {
    return this.loud(text);
  }

  @OnMessage('body')
  body(body: Body): string {
    return body.text;
  }

  @OnMessage('nothing')
  nothing(): string {
    return 'nothing';
  }

  @OnMessage('join')
  async join(channel: string, connection: Connection): Promise<void> {
    await connection.subscribe(channel);
  }

  @OnMessage('fail')
  @UseFilters(Sorry)
  fail(): never {
    throw new RangeError('no');
  }

  @OnMessage('error')
  error(): never {
    throw new SyntaxError('no');
  }

  @OnError(SyntaxError)
  onError(): string {
    return 'as real';
  }

  @OnSubscribe()
  may(_channel: string): boolean {
    return true;
  }

  @OnClose()
  bye(): void {}

  loud(text: string): string {
    return text.toUpperCase();
  }
}

@WebSocketPath('/own', { scope: 'connection' })
class Own {
  @OnMessage('say')
  say(text: string): string {
    return text;
  }
}

afterEach(() => jest.restoreAllMocks());

async function chat() {
  const app = await serve([Chat, Own]);
  return { app, controller: app.container.resolve(Chat) };
}

describe('spies that are put on a controller when the application is made are called', () => {
  test('and call the method, with its arguments', async () => {
    const { app, controller } = await chat();
    const say = jest.spyOn(controller, 'say');
    const client = await app.connect('/');
    expect(await client.request('say', 'hi')).toBe('HI');
    expect(say).toHaveBeenCalledTimes(1);
    expect(say).toHaveBeenCalledWith('hi', expect.any(Connection));
    expect(say.mock.instances[0]).toBe(controller);
  });

  test.each([
    ['one without parameters', 'nothing', undefined, 'nothing'],
    ['one with a body that is checked', 'body', { text: 'hi' }, 'body'],
    ['@OnError()', 'error', undefined, 'onError'],
  ] as const)('and take the place of %s', async (_what, event, data, method) => {
    const { app, controller } = await chat();
    jest.spyOn(controller, method as 'nothing').mockReturnValue('spied');
    expect(await (await app.connect('/')).request(event, data)).toBe('spied');
  });

  test('@OnOpen(), @OnSubscribe() and @OnClose()', async () => {
    const { app, controller } = await chat();
    const open = jest.spyOn(controller, 'open');
    jest.spyOn(controller, 'may').mockReturnValue(false);
    const bye = jest.spyOn(controller, 'bye');
    const client = await app.connect('/');
    expect(open).toHaveBeenCalledTimes(1);
    await expect(client.request('join', 'room')).rejects.toMatchObject({ code: 'forbidden' });
    await client.close();
    await settled();
    expect(bye).toHaveBeenCalledTimes(1);
  });

  test('on its class', async () => {
    const { app } = await chat();
    jest.spyOn(Chat.prototype, 'say').mockReturnValue('of all');
    expect(await (await app.connect('/')).request('say', 'hi')).toBe('of all');
  });

  test('on the class of controllers that each connection has of its own', async () => {
    const { app } = await chat();
    jest.spyOn(Own.prototype, 'say').mockReturnValue('of all');
    expect(await (await app.connect('/own')).request('say', 'hi')).toBe('of all');
  });

  test('and on guards, interceptors and filters', async () => {
    const { app } = await chat();
    jest
      .spyOn(app.container.resolve(Through), 'intercept')
      .mockImplementation((_context, next) => `${String(next())}!`);
    jest.spyOn(app.container.resolve(Sorry), 'catch').mockReturnValue('spied');
    const client = await app.connect('/');
    expect(await client.request('say', 'hi')).toBe('HI!');
    expect(await client.request('fail')).toBe('spied');
    jest.spyOn(app.container.resolve(Open), 'canActivate').mockReturnValue(false);
    await expect(app.connect('/')).rejects.toMatchObject({ status: 403 });
  });

  test('until they are restored', async () => {
    const { app, controller } = await chat();
    const spy = jest.spyOn(controller, 'say').mockReturnValue('spied');
    const client = await app.connect('/');
    expect(await client.request('say', 'hi')).toBe('spied');
    spy.mockRestore();
    expect(await client.request('say', 'hi')).toBe('HI');
  });
});

test('a spy that is there before the application is made is called too', async () => {
  jest.spyOn(Chat.prototype, 'say').mockReturnValue('early');
  const { app } = await chat();
  expect(await (await app.connect('/')).request('say', 'hi')).toBe('early');
});
