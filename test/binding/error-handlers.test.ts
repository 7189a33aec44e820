import {
  Catch,
  injectable,
  OnError,
  OnMessage,
  PortalError,
  UseFilters,
  WebSocketPath,
  type Context,
  type ExceptionFilter,
} from '../../src';
import { bySpecificity, filterHandlers, handles, type ErrorHandler } from '../../src/binding/error-handlers';
import { serve } from '../support/serve';
import { filter } from '../support/uses';

class NotFound extends Error {}
class RoomNotFound extends NotFound {}
class Denied extends PortalError {
  constructor() {
    super('denied', 'not you');
  }
}

/** Says who took what. */
class Naming implements ExceptionFilter<Error> {
  constructor(readonly name: string) {}
  catch(error: unknown): string {
    return `${this.name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

@Catch(RoomNotFound)
class Rooms extends Naming {}
@Catch(NotFound)
class Missing extends Naming {}
@Catch(RangeError, TypeError)
class Several extends Naming {}
@Catch(Error)
class Errors extends Naming {}
@Catch()
class All extends Naming {}

const ERRORS: Record<string, unknown> = {
  room: new RoomNotFound('r'),
  thing: new NotFound('t'),
  range: new RangeError('g'),
  type: new TypeError('y'),
  denied: new Denied(),
  text: 'a text',
};

const throwing = (data: string): never => {
  throw ERRORS[data];
};

describe('which filter handles an error', () => {
  test.each<[string, ExceptionFilter[], Record<string, string>]>([
    ['of one class, and of its subclasses', [new Missing('missing')], { room: 'missing: r', thing: 'missing: t' }],
    ['of several classes', [new Several('several')], { range: 'several: g', type: 'several: y' }],
    [
      'of all classes, and what is no error',
      [new All('all')],
      { room: 'all: r', range: 'all: g', denied: 'all: not you', text: 'all: a text' },
    ],
    ['without @Catch: all', [new Naming('plain')], { thing: 'plain: t', text: 'plain: a text' }],
    [
      'the most specific first, in whatever order they stand',
      [new All('all'), new Errors('errors'), new Missing('missing'), new Rooms('rooms')],
      { room: 'rooms: r', thing: 'missing: t', type: 'errors: y', text: 'all: a text' },
    ],
    [
      'the one that is written first, where two are equally specific',
      [new Missing('one'), new Missing('two')],
      { room: 'one: r' },
    ],
  ])('%s', async (_what, filters, expected) => {
    @UseFilters(...filters)
    @WebSocketPath('/')
    class Chat {
      @OnMessage('throw')
      throw(data: string): never {
        return throwing(data);
      }
    }
    const client = await (await serve([Chat])).connect('/');
    for (const [data, answer] of Object.entries(expected)) expect(await client.request('throw', data)).toBe(answer);
  });

  test('none, for an error of another class', async () => {
    @UseFilters(new Missing('missing'), new Errors('errors'))
    @WebSocketPath('/')
    class Chat {
      @OnMessage('throw')
      throw(data: string): never {
        return throwing(data);
      }
    }
    const app = await serve([Chat]);
    const client = await app.connect('/');
    await expect(client.request('throw', 'text')).rejects.toMatchObject({ code: 'internal_error' });
    expect(app.log.errors).toEqual(['a text']);
  });
});

describe('the order of places', () => {
  /** Passes on whatever it is given. */
  const passing = (asked: string[], name: string) =>
    filter((error) => {
      asked.push(name);
      throw error;
    });

  test('@OnError, then filters of the method, the class, the application', async () => {
    const asked: string[] = [];
    @UseFilters(passing(asked, 'class 1'), passing(asked, 'class 2'))
    @WebSocketPath('/')
    class Chat {
      @UseFilters(passing(asked, 'method'))
      @OnMessage('throw')
      throw(data: string): never {
        return throwing(data);
      }
      @OnError()
      any(error: unknown): never {
        asked.push('@OnError');
        throw error;
      }
      @OnError(NotFound)
      missing(error: NotFound): never {
        asked.push('@OnError(NotFound)');
        throw error;
      }
    }
    const app = await serve([Chat], { filters: [passing(asked, 'application')] });
    const client = await app.connect('/');
    await expect(client.request('throw', 'room')).rejects.toMatchObject({ code: 'internal_error' });
    expect(asked).toEqual(['@OnError(NotFound)', '@OnError', 'method', 'class 1', 'class 2', 'application']);
    expect(app.log.lines).toEqual(['error Chat.throw failed']);
  });

  test('a place that is nearer goes before one that is more specific', async () => {
    @UseFilters(new Rooms('class'))
    @WebSocketPath('/')
    class Chat {
      @UseFilters(new All('method'))
      @OnMessage('method')
      method(data: string): never {
        return throwing(data);
      }
      @OnMessage('class')
      class(data: string): never {
        return throwing(data);
      }
    }
    const client = await (await serve([Chat], { filters: [new All('application')] })).connect('/');
    expect(await client.request('method', 'room')).toBe('method: r');
    expect(await client.request('class', 'room')).toBe('class: r');
    expect(await client.request('class', 'thing')).toBe('application: t');
  });

  test('filters of a method are for that method, those of a class for it and its subclasses', async () => {
    @UseFilters(new Missing('base'))
    class Base {
      @OnMessage('throw')
      throw(data: string): never {
        return throwing(data);
      }
    }
    @WebSocketPath('/derived')
    class Derived extends Base {
      @UseFilters(new Rooms('method'))
      @OnMessage('rooms')
      rooms(data: string): never {
        return throwing(data);
      }
    }
    @WebSocketPath('/other')
    class Other {
      @OnMessage('throw')
      throw(data: string): never {
        return throwing(data);
      }
    }
    const app = await serve([Derived, Other]);
    const derived = await app.connect('/derived');
    expect(await derived.request('rooms', 'room')).toBe('method: r');
    expect(await derived.request('throw', 'room')).toBe('base: r');
    const other = await app.connect('/other');
    await expect(other.request('throw', 'room')).rejects.toMatchObject({ code: 'internal_error' });
  });
});

test('a filter is told what was called', async () => {
  const contexts: object[] = [];
  @WebSocketPath('/')
  class Chat {
    @OnMessage('throw')
    throw(data: string): never {
      return throwing(data);
    }
    @OnMessage()
    text(_message: string): never {
      return throwing('text');
    }
  }
  const app = await serve([Chat], {
    filters: [filter((_error, { connection, ...rest }) => (contexts.push({ ...rest, path: connection.path }), 'ok'))],
  });
  const client = await app.connect('/');
  await client.request('throw', 'room');
  client.send('plain');
  expect(await client.receive()).toBe('ok');
  expect(contexts).toEqual([
    { kind: 'message', event: 'throw', body: 'room', controller: Chat, method: 'throw', path: '/' },
    { kind: 'message', event: undefined, body: 'plain', controller: Chat, method: 'text', path: '/' },
  ]);
});

test('a filter that is a class is made by the container, once', async () => {
  class Log {
    readonly entries: string[] = [];
  }
  let made = 0;
  @Catch(NotFound)
  class Auditing implements ExceptionFilter<NotFound> {
    constructor(private readonly log: Log) {
      made++;
    }
    catch({ message }: NotFound, { method }: Context): unknown {
      return this.log.entries.push(`${method} ${message}`);
    }
  }
  @injectable()
  @UseFilters(Auditing)
  @WebSocketPath('/')
  class Chat {
    constructor(readonly log: Log) {}
    @UseFilters(Auditing)
    @OnMessage('throw')
    throw(data: string): never {
      return throwing(data);
    }
  }
  const app = await serve([Chat], { providers: [Log], filters: [Auditing] });
  expect(await (await app.connect('/')).request('throw', 'thing')).toBe(1);
  expect(app.container.resolve(Log).entries).toEqual(['throw t']);
  expect(made).toBe(1);
});

describe('error handlers', () => {
  const errorHandler = (error: ErrorHandler['error']): ErrorHandler => ({ error, name: '', handle: () => undefined });

  test('of a filter for several classes there are several, the most specific first', () => {
    const errorHandlers = filterHandlers([new All('a'), new Several('s'), new Rooms('r')]);
    expect(errorHandlers.map(({ error, name }) => [error, name])).toEqual([
      [RoomNotFound, 'Rooms'],
      [RangeError, 'Several'],
      [TypeError, 'Several'],
      [undefined, 'All'],
    ]);
  });

  test('are ordered without being changed, those of one depth as they were', () => {
    const [all, errors, ranges, types] = [undefined, Error, RangeError, TypeError].map(errorHandler) as [
      ErrorHandler,
      ErrorHandler,
      ErrorHandler,
      ErrorHandler,
    ];
    const given = [all, ranges, errors, types];
    expect(bySpecificity(given)).toEqual([ranges, types, errors, all]);
    expect(given).toEqual([all, ranges, errors, types]);
  });

  test.each<[ErrorHandler['error'], unknown, boolean]>([
    [undefined, 'a text', true],
    [undefined, undefined, true],
    [Error, new NotFound(), true],
    [Error, 'a text', false],
    [NotFound, new RoomNotFound(), true],
    [RoomNotFound, new NotFound(), false],
    [NotFound, null, false],
  ])('of %p: does it take %p? %p', (wanted, error, expected) => {
    expect(handles(errorHandler(wanted), error)).toBe(expected);
  });
});
