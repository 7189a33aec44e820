import { IsString } from 'class-validator';
import { z } from 'zod';
import {
  Connection,
  Header,
  Inject,
  injectable,
  MessageBody,
  OnError,
  OnMessage,
  OnOpen,
  OnPing,
  OnSubscribe,
  PathParam,
  QueryParam,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
} from '../../src';
import { delay, inject, injectAll } from 'tsyringe';
import { isClass, isToken } from '../../src/binding/arguments';
import { bootErrorOf, serve } from '../support/serve';

const CIRCLE = 'two files that import each other are the usual cause.';

/** What a circular import leaves. */
const missing = undefined as never;

class Room {
  @IsString()
  room!: string;
}

type Method = MethodDecorator;

/** The boot error of a controller whose method, with one parameter of this type, has these decorators. */
async function errorOf(
  method: Method[],
  parameter: ParameterDecorator[] = [],
  types: unknown[] = [String],
): Promise<string> {
  class Chat {
    say(body: never): unknown {
      return body;
    }
  }
  for (const decorate of parameter) decorate(Chat.prototype, 'say', 0);
  Reflect.decorate([Reflect.metadata('design:paramtypes', types), ...method], Chat.prototype, 'say');
  WebSocketPath('/:id')(Chat);
  return bootErrorOf([Chat]);
}

describe('undefined, which a circular import leaves, is not taken for “not given”', () => {
  test.each<[string, Method[], ParameterDecorator[], string]>([
    [
      '@OnMessage',
      [OnMessage(missing)],
      [],
      "Chat.say: @OnMessage() takes the name of an event, such as 'chat.join', not undefined;",
    ],
    ['@OnError', [OnError(missing)], [], 'Chat.say: @OnError() takes a class of errors, not undefined;'],
    [
      '@MessageBody',
      [OnMessage()],
      [MessageBody(missing)],
      'Chat.say, parameter 1 (body): what @MessageBody is given is undefined;',
    ],
    ['@MessageBody of an event', [OnMessage('a')], [MessageBody(missing)], 'what @MessageBody is given is undefined;'],
    [
      '@MessageBody of an error',
      [OnMessage(), OnError()],
      [MessageBody(missing)],
      'what @MessageBody is given is undefined;',
    ],
    ['@QueryParam', [OnMessage()], [QueryParam(missing)], "as in @QueryParam('name'), not undefined;"],
    ['@PathParam', [OnMessage()], [PathParam(missing)], "as in @PathParam('name'), not undefined;"],
    ['@Header', [OnMessage()], [Header(missing)], "as in @Header('name'), not undefined;"],
    [
      '@Inject',
      [OnMessage()],
      [Inject(missing)],
      'Chat.say, parameter 1 (body): the token that @Inject is given is undefined, and no class, string or symbol;',
    ],
    [
      '@UseGuards',
      [OnMessage(), UseGuards(missing)],
      [],
      'Chat.say: undefined is no guard: it has no method canActivate;',
    ],
    [
      '@UseInterceptors',
      [OnMessage(), UseInterceptors(missing)],
      [],
      'Chat.say: undefined is no interceptor: it has no method intercept;',
    ],
    [
      '@UseFilters',
      [OnMessage(), UseFilters(missing)],
      [],
      'Chat.say: undefined is no filter: it has no method catch;',
    ],
  ])('by %s', async (_name, method, parameter, message) => {
    const error = await errorOf(method, parameter);
    expect(error).toContain(message);
    expect(error).toContain(CIRCLE);
  });

  test('by @WebSocketPath, for its pattern and for its options', async () => {
    class Chat {
      @OnMessage()
      any(): void {}
    }
    class Forum extends Chat {}
    WebSocketPath(missing)(Chat);
    WebSocketPath('/', missing)(Forum);
    expect(await bootErrorOf([Chat])).toBe(`Chat: the path undefined must begin with a slash; ${CIRCLE}`);
    expect(await bootErrorOf([Forum])).toBe(
      `Forum: @WebSocketPath must be an object such as { scope: … }, not undefined; ${CIRCLE}`,
    );
  });

  test.each([
    ['@Inject', Inject(missing)],
    ['@inject', inject(missing)],
    ['@injectAll', injectAll(missing)],
  ])('by %s on a constructor, whatever the type of the parameter', async (_name, decorate) => {
    class Service {}
    class Holder {
      constructor(readonly service: Service) {}
    }
    decorate(Holder, undefined, 0);
    Reflect.defineMetadata('design:paramtypes', [Service], Holder);
    injectable()(Holder);
    expect(await bootErrorOf([], { providers: [Service, Holder] })).toBe(
      `Holder, constructor parameter 1: its token is undefined, and no class, string or symbol; ${CIRCLE}`,
    );
  });

  test.each<[string, Method, ParameterDecorator]>([
    ['a message', OnMessage(), MessageBody()],
    ['an event', OnMessage('a'), MessageBody()],
    ['a field', OnMessage('a'), MessageBody('room')],
    ['a path parameter', OnMessage(), PathParam('id')],
    ['a query parameter', OnOpen(), QueryParam('id')],
    ['a header', OnOpen(), Header('id')],
  ])('by the compiler, for the type of %s', async (_what, method, parameter) => {
    expect(await errorOf([method], [parameter], [undefined])).toBe(
      `Chat.say, parameter 1 (body): its type came out as undefined; ${CIRCLE}`,
    );
  });

  test.each<[string, object]>([
    ['guards', { guards: [missing] }],
    ['interceptors', { interceptors: [missing] }],
    ['filters', { filters: [missing] }],
    ['override', { override: [missing] }],
    ['observers', { observers: [missing] }],
    ['a token', { override: [{ token: missing, useValue: 1 }] }],
    ['a token of a class', { override: [{ token: missing, useClass: Room }] }],
  ])('in the options: %s', async (_name, options) => {
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      any(): void {}
    }
    const error: unknown = await serve([Chat], options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: expect.stringContaining(CIRCLE.slice(0, -1)) as string });
  });

  test('but what declares no type is not taken for one', async () => {
    class Chat {
      say(body: unknown): unknown {
        return body;
      }
    }
    MessageBody()(Chat.prototype, 'say', 0);
    Reflect.decorate([OnMessage('say')], Chat.prototype, 'say');
    WebSocketPath('/')(Chat);
    const client = await (await serve([Chat])).connect('/');
    expect(await client.request('say', 'hi')).toBe('hi');
  });
});

const EVENT = "@OnMessage() takes the name of an event, such as 'chat.join', not";
const ERROR = '@OnError() takes a class of errors, not';

test.each<[string, Method, string]>([
  ['a number', OnMessage(5 as never), `${EVENT} 5.`],
  ['null', OnMessage(null as never), `${EVENT} null.`],
  ['an array', OnMessage(['a', 'b'] as never), `${EVENT} an array; write the decorator once for each.`],
  ['an object', OnMessage({ event: 'a' } as never), `${EVENT} an object.`],
  ['a symbol', OnMessage(Symbol('a') as never), `${EVENT} Symbol(a).`],
  ['null', OnError(null as never), `${ERROR} null.`],
  ['a text', OnError('TypeError' as never), `${ERROR} "TypeError".`],
  ['an array', OnError([TypeError] as never), `${ERROR} an array; write the decorator once for each.`],
  ['an arrow function', OnError((() => TypeError) as never), `${ERROR} a function.`],
])('%s is refused: %p', async (_what, method, message) => {
  expect(await errorOf([method])).toBe(`Chat.say: ${message}`);
});

test.each([null, 5, {}, [], Room])('@MessageBody(%p) is refused', async (of) => {
  expect(await errorOf([OnMessage('a')], [MessageBody(of as never)])).toMatch(
    /^Chat\.say, parameter 1 \(body\): write @MessageBody\(\(\) => \w+\), or give it a schema with "~standard"\.$/,
  );
});

test.each<[string, Method]>([
  ['@OnSubscribe', OnSubscribe()],
  ['@OnPing', OnPing()],
  ['@OnError', OnError()],
])('a schema in %s, which would check nothing, is refused', async (name, method) => {
  expect(await errorOf([OnMessage(), method], [MessageBody(z.string())])).toBe(
    `Chat.say, parameter 1 (body): @MessageBody checks messages only, not what ${name}() takes.`,
  );
});

test.each<[string, ParameterDecorator, string]>([
  ['@QueryParam()', QueryParam('id'), '@QueryParam() stands beside @PathParam()'],
  ['@PathParam()', PathParam('name'), '@PathParam() stands beside @PathParam()'],
  ['@MessageBody()', MessageBody(), '@MessageBody() stands beside @PathParam()'],
  ['@Inject()', Inject(Connection), '@Inject() stands beside @PathParam()'],
])('of @PathParam() and %s on one parameter one would be lost, so it is refused', async (_name, other, message) => {
  expect(await errorOf([OnMessage()], [PathParam('id'), other])).toBe(
    `Chat: ${message} on parameter 1 of say, and only one of them would hold.`,
  );
});

test('two of @WebSocketPath on one class, of which one would be lost, are refused', async () => {
  @WebSocketPath('/a')
  @WebSocketPath('/b')
  class Chat {
    @OnMessage()
    any(): void {}
  }
  expect(await bootErrorOf([Chat])).toBe(
    'Chat: @WebSocketPath() stands on the class twice, and only one of them would hold.',
  );
});

test('a method takes several events, and several errors, by a decorator for each', async () => {
  @WebSocketPath('/')
  class Chat {
    @OnMessage('join')
    @OnMessage('leave')
    both(body: string): string {
      if (body === 'type') throw new TypeError(body);
      if (body === 'range') throw new RangeError(body);
      return body;
    }
    @OnError(TypeError)
    @OnError(RangeError)
    failed({ message }: Error): string {
      return `failed: ${message}`;
    }
  }
  const client = await (await serve([Chat])).connect('/');
  expect(await client.request('join', 'a')).toBe('a');
  expect(await client.request('leave', 'b')).toBe('b');
  expect(await client.request('join', 'type')).toBe('failed: type');
  expect(await client.request('leave', 'range')).toBe('failed: range');
});

test.each<[unknown, string]>([
  [null, 'null'],
  [5, '5'],
  [{}, 'an object'],
  [[Room], 'an array'],
])('the token %p is refused, of a handler and of a constructor', async (token, shown) => {
  class Holder {
    constructor(readonly it: unknown) {}
  }
  Inject(token as never)(Holder, undefined, 0);
  injectable()(Holder);
  const why = `is ${shown}, and no class, string or symbol.`;
  expect(await bootErrorOf([], { providers: [Holder] })).toBe(`Holder, constructor parameter 1: its token ${why}`);
  expect(await errorOf([OnMessage()], [Inject(token as never)])).toBe(
    `Chat.say, parameter 1 (body): the token that @Inject is given ${why}`,
  );
});

test('what delay() leads to is a token too', async () => {
  class Holder {
    constructor(readonly it: unknown) {}
  }
  Inject(delay(() => missing))(Holder, undefined, 0);
  injectable()(Holder);
  expect(await bootErrorOf([], { providers: [Holder] })).toBe(
    `Holder, constructor parameter 1: what delay() leads to is undefined, and no class, string or symbol; ${CIRCLE}`,
  );
  expect([delay(() => Room), Room, 'a', Symbol('a'), undefined, null, {}].map(isToken)).toEqual([
    ...Array<boolean>(4).fill(true),
    ...Array<boolean>(3).fill(false),
  ]);
});

test('a class is what has a prototype', () => {
  expect([class {}, function () {}, () => {}, {}, undefined].map(isClass)).toEqual([true, true, false, false, false]);
});
