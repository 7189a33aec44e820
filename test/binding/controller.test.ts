import { IsInt } from 'class-validator';
import {
  Connection,
  OnClose,
  OnError,
  OnMessage,
  OnOpen,
  UseInterceptors,
  WebSocketPath,
  type PortalOptions,
} from '../../src';
import { deferred } from '../support/engine';
import { serve } from '../support/serve';
import { interceptor } from '../support/uses';

describe('what a controller inherits', () => {
  test('handlers: one that is overridden without a decorator stays one, one that is decorated anew counts once', async () => {
    class Base {
      @OnMessage()
      text(message: string): string {
        return `base ${message}`;
      }
      @OnMessage()
      binary(message: Uint8Array): Uint8Array {
        return message;
      }
      @OnMessage('old')
      event(): string {
        return 'old';
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
      @OnMessage('new')
      override event(): string {
        return 'new';
      }
    }
    const client = await (await serve([Derived])).connect('/');
    client.send('x');
    expect(await client.receive()).toBe('derived x');
    client.send(Buffer.from([1]));
    expect(await client.receive()).toEqual(Buffer.from([9]));
    expect(await client.request('new')).toBe('new');
    client.send('{"event":"old"}');
    expect(await client.receive()).toBe('derived {"event":"old"}');
  });

  test('handlers of errors, and what is used on its methods', async () => {
    class Base {
      @UseInterceptors(interceptor((_context, next) => `around ${String(next())}`))
      @OnMessage('join')
      join(room: string): string {
        if (room === '') throw new RangeError('no room');
        return room;
      }
      @OnError(RangeError)
      range(error: RangeError): string {
        return `base ${error.message}`;
      }
    }
    @WebSocketPath('/')
    class Derived extends Base {
      @OnError()
      any(): string {
        return 'derived';
      }
    }
    const client = await (await serve([Derived])).connect('/');
    expect(await client.request('join', 'a')).toBe('around a');
    expect(await client.request('join', '')).toBe('base no room');
    expect(await client.request('join', 5)).toBe('derived');
  });

  test('no path: that is each class’s own', async () => {
    @WebSocketPath('/base')
    class Base {
      @OnMessage('where')
      where(connection: Connection): string {
        return `${this.constructor.name} ${connection.path}`;
      }
    }
    @WebSocketPath('/derived')
    class Derived extends Base {}
    const app = await serve([Base, Derived]);
    expect(await (await app.connect('/base')).request('where')).toBe('Base /base');
    expect(await (await app.connect('/derived')).request('where')).toBe('Derived /derived');
  });
});

test('one method may be the handler of several things', async () => {
  @WebSocketPath('/')
  class Chat {
    @OnMessage('join')
    @OnMessage('enter')
    @OnOpen()
    hello(): string {
      return 'hello';
    }
  }
  const client = await (await serve([Chat])).connect('/');
  expect(await client.receive()).toBe('hello');
  expect([await client.request('join'), await client.request('enter')]).toEqual(['hello', 'hello']);
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
  const app = await serve([Small, Large]);
  const large = await app.connect('/large');
  large.send('123456');
  expect(await large.receive()).toBe('123456');
  const small = await app.connect('/small', { protocols: ['v0', 'v1'] });
  small.send('12345');
  expect(await small.receive()).toBe('12345v1');
  small.send('123456');
  expect(await small.closed).toEqual({ code: 1009, reason: 'message too big', clean: true });
});

test('concurrency lets that many messages of one connection be handled at once', async () => {
  const works = [deferred<string>(), deferred<string>(), deferred<string>()];
  const begun: number[] = [];
  @WebSocketPath('/', { concurrency: 2 })
  class Chat {
    @OnMessage('work')
    work(index: number): Promise<string> {
      begun.push(index);
      return works[index]!.promise;
    }
  }
  const app = await serve([Chat]);
  const client = await app.connect('/');
  const answers = [0, 1, 2].map((index) => client.request('work', index));
  await app.advance(0);
  expect(begun).toEqual([0, 1]);
  works[1]!.resolve('second');
  expect(await answers[1]).toBe('second');
  await app.advance(0);
  expect(begun).toEqual([0, 1, 2]);
  works[0]!.resolve('first');
  works[2]!.resolve('third');
  expect(await Promise.all(answers)).toEqual(['first', 'second', 'third']);
});

test.each<[string, NonNullable<PortalOptions['validation']> | undefined, unknown]>([
  ['refuses unknown properties by default', undefined, 'validation_failed'],
  ['leaves them out where that is asked for', { forbidNonWhitelisted: false }, { id: 5 }],
  ['lets them pass where that is asked for', { whitelist: false, forbidNonWhitelisted: false }, { id: 5, more: 1 }],
])('the validation of an application %s', async (_what, validation, expected) => {
  class Item {
    @IsInt()
    id!: number;
  }
  @WebSocketPath('/')
  class Shop {
    @OnMessage('item')
    item(item: Item): Item {
      return item;
    }
  }
  const app = await serve([Shop], { ...(validation && { validation }) });
  const client = await app.connect('/');
  const answer = await client.request('item', { id: 5, more: 1 }).catch((error: { code: string }) => error.code);
  expect(answer).toEqual(expected);
});

test('a controller without handlers of messages may have others', async () => {
  const calls: string[] = [];
  @WebSocketPath('/')
  class Presence {
    @OnOpen()
    open(): void {
      calls.push('open');
    }
    @OnClose()
    bye(): void {
      calls.push('close');
    }
  }
  const app = await serve([Presence]);
  await (await app.connect('/')).close();
  await app.advance(0);
  expect(calls).toEqual(['open', 'close']);
});
