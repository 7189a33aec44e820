import {
  Catch,
  Connection,
  Inject,
  injectable,
  MessageBody,
  OnMessage,
  OnOpen,
  PathParam,
  PortalError,
  QueryParam,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Context,
  type Guard,
  type Interceptor,
} from '../../src';
import { emittedTypes, handlersOf, parametersOf, usesOf } from '../../src/decorators';
import { bootErrorOf, serve } from '../support/serve';

const deny: Guard = { canActivate: () => false };
const marked = (mark: string): Interceptor => ({
  intercept: (_context: Context, next: () => unknown) => `${mark}(${String(next())})`,
});

/** Asks a controller at `/?tag=a` for an event. */
async function ask(controller: new (...args: never[]) => unknown, event: string, data?: unknown): Promise<unknown> {
  return (await (await serve([controller])).connect('/?tag=a')).request(event, data);
}

class Base {
  @OnMessage('say')
  say(@QueryParam('tag') tag: string, text: string): string {
    return `${tag}: ${text}`;
  }
}

describe('an override with decorators of its own replaces all that the base says of the method:', () => {
  test('parameters', async () => {
    @WebSocketPath('/')
    class Leaf extends Base {
      @OnMessage('say')
      override say(text: string): string {
        return `own ${text}`;
      }
    }
    expect(await ask(Leaf, 'say', 'hi')).toBe('own hi');
    expect([...parametersOf(Leaf, 'say')]).toEqual([]);
    expect([...parametersOf(Base, 'say').keys()]).toEqual([0]);
  });

  test('some parameters, of which others are decorated', async () => {
    class Wide {
      @OnMessage('say')
      say(@QueryParam('tag') _tag: string, @Inject('x') _x: unknown, @MessageBody() _text: string): string {
        return 'base';
      }
    }
    @WebSocketPath('/')
    class Leaf extends Wide {
      @OnMessage('say')
      override say(@MessageBody('a') a: string, @ConnectionOf() path: unknown, @MessageBody('b') b: string): string {
        return `${a} ${String(path)} ${b}`;
      }
    }
    expect(await ask(Leaf, 'say', { a: '1', b: '2' })).toEqual(expect.stringMatching(/^1 .* 2$/));
  });

  test('events', async () => {
    @WebSocketPath('/')
    class Leaf extends Base {
      @OnMessage('tell')
      override say(text: string): string {
        return `own ${text}`;
      }
    }
    expect(await ask(Leaf, 'tell', 'hi')).toBe('own hi');
    await expect(ask(Leaf, 'say', 'hi')).rejects.toMatchObject({ code: 'unknown_event' });
  });

  test('guards, interceptors and filters', async () => {
    @Catch()
    class Apologies {
      catch(): string {
        return 'sorry';
      }
    }
    class Guarded {
      @OnMessage('say')
      @UseGuards(deny)
      @UseInterceptors(marked('base'))
      @UseFilters(Apologies)
      say(): string {
        return 'base';
      }
    }
    @WebSocketPath('/')
    class Leaf extends Guarded {
      @OnMessage('say')
      @UseInterceptors(marked('leaf'))
      override say(): string {
        return 'own';
      }
    }
    @WebSocketPath('/')
    class Failing extends Guarded {
      @OnMessage('say')
      override say(): string {
        throw new PortalError('broken');
      }
    }
    expect(await ask(Leaf, 'say')).toBe('leaf(own)');
    await expect(ask(Failing, 'say')).rejects.toMatchObject({ code: 'broken' });
    for (const role of ['guards', 'filters'] as const) expect(usesOf(Leaf, role, 'say')).toEqual([]);
  });

  test('types, where the compiler emitted none for it', async () => {
    class Plain extends Base {
      override say(text: string): string {
        return text;
      }
    }
    OnMessage('say')(Plain.prototype, 'say', Object.getOwnPropertyDescriptor(Plain.prototype, 'say')!);
    expect(emittedTypes(Plain, 'say')).toBeUndefined();
    WebSocketPath('/')(Plain);
    expect(await bootErrorOf([Plain])).toMatch(/^Plain.say, parameter 1 \(text\): its type is not known at run time/);
  });
});

describe('over three levels', () => {
  class Middle extends Base {
    @OnMessage('tell')
    override say(text: string): string {
      return `middle ${text}`;
    }
  }

  test('what the middle one renamed does not come back in the leaf', async () => {
    @WebSocketPath('/')
    class Leaf extends Middle {
      @OnOpen()
      open(): void {}
    }
    expect(handlersOf(Leaf).map(({ event, kind }) => event ?? kind)).toEqual(['tell', 'open']);
    expect(await ask(Leaf, 'tell', 'hi')).toBe('middle hi');
    await expect(ask(Leaf, 'say', 'hi')).rejects.toMatchObject({ code: 'unknown_event' });
  });

  test('nor where the leaf overrides it without decorators', async () => {
    @WebSocketPath('/')
    class Leaf extends Middle {
      override say(text: string): string {
        return `leaf ${super.say(text)}`;
      }
    }
    expect(await ask(Leaf, 'tell', 'hi')).toBe('leaf middle hi');
    await expect(ask(Leaf, 'say', 'hi')).rejects.toMatchObject({ code: 'unknown_event' });
  });

  test('an override without decorators in the middle does not keep the leaf from its own', async () => {
    class Silent extends Base {
      override say(tag: string, text: string): string {
        return `silent ${super.say(tag, text)}`;
      }
    }
    @WebSocketPath('/')
    class Leaf extends Silent {
      @OnMessage('tell')
      override say(@QueryParam('tag') tag: string, @MessageBody() text: string): string {
        return `leaf ${super.say(tag, text)}`;
      }
    }
    expect(await ask(Leaf, 'tell', 'hi')).toBe('leaf silent a: hi');
    expect(handlersOf(Silent)).toEqual(handlersOf(Base));
  });

  test('what several methods of the middle one say does not mix', () => {
    class Two {
      @OnMessage('a')
      first(): void {}
      @OnMessage('b')
      second(): void {}
    }
    class One extends Two {
      @OnMessage('c')
      override first(): void {}
    }
    class Leaf extends One {
      @OnMessage('d')
      override second(): void {}
    }
    expect(handlersOf(Leaf)).toEqual([
      { kind: 'message', method: 'first', event: 'c' },
      { kind: 'message', method: 'second', event: 'd' },
    ]);
  });
});

describe('an override without decorators has all that the base says of the method:', () => {
  test('handler, parameters by their place, guards, types', async () => {
    class Guarded {
      @OnMessage('say')
      @UseInterceptors(marked('base'))
      say(@PathParam('room') room: string, count: number): string {
        return `${room} ${count}`;
      }
      @OnMessage('secret')
      @UseGuards(deny)
      secret(): string {
        return 'secret';
      }
    }
    @WebSocketPath('/:room')
    class Leaf extends Guarded {
      override say(room: string, count: number): string {
        return `leaf ${super.say(room, count)}`;
      }
      override secret(): string {
        return 'told';
      }
    }
    const client = await (await serve([Leaf])).connect('/lobby');
    expect(await client.request('say', 5)).toBe('base(leaf lobby 5)');
    await expect(client.request('say', 'five')).rejects.toMatchObject({ code: 'validation_failed' });
    await expect(client.request('secret')).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('also with a decorator of somebody else, which lets the compiler emit types', async () => {
    const log: MethodDecorator = () => {};
    @WebSocketPath('/')
    class Leaf extends Base {
      @log
      override say(tag: string, text: string): string {
        return `leaf ${super.say(tag, text)}`;
      }
    }
    expect(await ask(Leaf, 'say', 'hi')).toBe('leaf a: hi');
    expect(emittedTypes(Leaf, 'say')).toEqual([String, String]);
  });
});

test.each<[string, unknown]>([
  ['a guard', UseGuards(deny)],
  ['an interceptor', UseInterceptors(marked('x'))],
  ['a parameter', (prototype: object, method: string) => MessageBody()(prototype, method, 0)],
])('an override that has only %s of its own is refused: it would be no handler any more', async (_what, decorator) => {
  class Leaf extends Base {
    override say(text: string): string {
      return text;
    }
  }
  (decorator as (prototype: object, method: string) => void)(Leaf.prototype, 'say');
  WebSocketPath('/')(Leaf);
  expect(await bootErrorOf([Leaf])).toBe(
    'Leaf.say overrides a handler with decorators of its own, which replace all that its base class says of it, but none of ' +
      'them makes it a handler: decorate it with @OnMessage() or its kin too.',
  );
});

describe('bases of all kinds', () => {
  test('a mixin, twice, with classes in between', async () => {
    function Pinging(From: new () => object, name: string): new () => object {
      class Mixed extends From {
        @OnMessage('ping')
        ping(@QueryParam('tag') tag: string): string {
          return `${name} ${tag}`;
        }
      }
      return Mixed;
    }
    class Empty {}
    const First = Pinging(Empty, 'first');
    const Second = Pinging(First, 'second');
    @WebSocketPath('/')
    class Leaf extends Second {}
    @WebSocketPath('/')
    class Own extends Second {
      @OnMessage('ping')
      ping(): string {
        return 'own';
      }
    }
    expect(await ask(Leaf, 'ping')).toBe('second a');
    expect(await ask(Own, 'ping')).toBe('own');
  });

  test('an abstract class with what its subclasses fill in', async () => {
    abstract class Answering<T> {
      protected abstract answer(data: unknown): T;
      @OnMessage('ask')
      @UseInterceptors(marked('base'))
      ask(@MessageBody() data: unknown): T {
        return this.answer(data);
      }
    }
    @WebSocketPath('/')
    class Leaf extends Answering<string> {
      protected answer(data: unknown): string {
        return `got ${String(data)}`;
      }
    }
    expect(await ask(Leaf, 'ask', 1)).toBe('base(got 1)');
  });

  test('class guards, interceptors and filters of the base stand before those of the subclass', async () => {
    @UseInterceptors(marked('base'))
    class Outer {
      @OnMessage('say')
      say(): string {
        return 'x';
      }
    }
    @WebSocketPath('/')
    @UseInterceptors(marked('leaf'))
    class Leaf extends Outer {
      @OnMessage('say')
      override say(): string {
        return 'own';
      }
    }
    expect(await ask(Leaf, 'say')).toBe('base(leaf(own))');
  });

  test('the path is not inherited', async () => {
    @WebSocketPath('/')
    class First extends Base {}
    class Second extends First {}
    expect(await bootErrorOf([Second])).toBe(
      "Second is listed under controllers, but has no @WebSocketPath('/…'). That of First is not inherited.",
    );
  });

  test('a filter catches what its base catches, unless it says otherwise', async () => {
    @Catch(RangeError)
    class Ranges {
      catch(): string {
        return this.constructor.name;
      }
    }
    class Same extends Ranges {}
    @Catch(TypeError)
    class Types extends Ranges {}
    @WebSocketPath('/')
    @UseFilters(Same, Types)
    class Leaf {
      @OnMessage('fail')
      fail(which: string): void {
        throw which === 'range' ? new RangeError() : new TypeError();
      }
    }
    const client = await (await serve([Leaf])).connect('/');
    expect([await client.request('fail', 'range'), await client.request('fail', 'type')]).toEqual(['Same', 'Types']);
  });

  test('a subclass without a constructor has that of its base, tokens and all', async () => {
    class Db {
      readonly name = 'db';
    }
    abstract class WithDb {
      constructor(
        readonly db: Db,
        @Inject('motto') readonly motto: string,
      ) {}
    }
    @WebSocketPath('/')
    class Leaf extends WithDb {
      @OnMessage('get')
      get(): string {
        return `${this.db.name} ${this.motto}`;
      }
    }
    @injectable()
    class Service extends WithDb {}
    class Undecorated extends Service {}
    const providers = [Db, { token: 'motto', useValue: 'on' }, Service, Undecorated];
    const app = await serve([Leaf], { providers });
    expect(await (await app.connect('/')).request('get')).toBe('db on');
    for (const of of [Service, Undecorated]) {
      expect(app.container.resolve<WithDb>(of)).toMatchObject({ db: { name: 'db' }, motto: 'on' });
    }
  });
});

/** Binds the connection. */
function ConnectionOf(): ParameterDecorator {
  return Inject(Connection);
}
