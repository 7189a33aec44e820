import {
  OnMessage,
  OnOpen,
  OnUpgrade,
  PortalError,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
} from '../../src';
import type { Context } from '../../src';
import { connect, start } from '../support/app';
import { serve } from '../support/serve';
import { filter, guard, interceptor, thrower } from '../support/uses';

/** Everybody who takes part in a call, each with what he keeps for it. */
function keeping() {
  const seen: [string, Context][] = [];
  const note = (name: string, context: Context): Context => (seen.push([name, context]), context);
  return {
    seen,
    guards: (name: string, verdict: unknown = true) => guard((context) => (note(name, context), verdict)),
    later: guard(async (context) => (await Promise.resolve(), note('later guard', context), true)),
    interceptors: interceptor((context, next) => (note('interceptor', context), next())),
    filters: filter((error, context) => {
      note('filter', context);
      throw error;
    }),
    names: () => seen.map(([name]) => name),
    distinct: () => new Set(seen.map(([, context]) => context)).size,
  };
}

const failure = new PortalError('failed', 'no', { status: 409 });

describe('guards, interceptors and filters of one call have one Context', () => {
  test.each(['a plain message', 'an event'])('of %s', async (what) => {
    const all = keeping();
    @WebSocketPath('/')
    class Chat {
      @UseGuards(all.guards('guard'), all.later)
      @UseInterceptors(all.interceptors)
      @UseFilters(all.filters)
      @OnMessage()
      plain(_message: string): never {
        throw failure;
      }
      @UseGuards(all.guards('guard'), all.later)
      @UseInterceptors(all.interceptors)
      @UseFilters(all.filters)
      @OnMessage('say')
      event(): never {
        throw failure;
      }
    }
    const client = await (await serve([Chat])).connect('/');
    if (what === 'an event') await expect(client.request('say')).rejects.toMatchObject({ code: 'failed' });
    else {
      client.send('x');
      await client.receive();
    }
    expect(all.names()).toEqual(['guard', 'later guard', 'interceptor', 'filter']);
    expect(all.distinct()).toBe(1);
  });

  test('of an iterable that fails late', async () => {
    const all = keeping();
    @WebSocketPath('/')
    class Chat {
      @UseInterceptors(all.interceptors)
      @UseFilters(all.filters)
      @OnMessage('count')
      async *count(): AsyncGenerator<number> {
        yield await Promise.resolve(1);
        throw failure;
      }
    }
    const client = await (await serve([Chat])).connect('/');
    await expect(client.request('count')).rejects.toMatchObject({ code: 'failed' });
    expect([all.names(), all.distinct()]).toEqual([['interceptor', 'filter'], 1]);
  });

  test('of @OnOpen', async () => {
    const all = keeping();
    @WebSocketPath('/')
    class Chat {
      @UseGuards(all.guards('guard', false))
      @UseFilters(all.filters)
      @OnOpen()
      open(): void {}
    }
    await (await (await serve([Chat])).connect('/')).receive();
    expect([all.names(), all.distinct()]).toEqual([['guard', 'filter'], 1]);
  });

  test.each([true, false])('of an upgrade, where it has a handler: %p', async (hasHandler) => {
    const all = keeping();
    @UseGuards(all.guards('class'), all.later)
    @UseFilters(all.filters)
    @WebSocketPath('/')
    class Chat {
      enter(): void {}
      @OnMessage()
      any(): void {}
    }
    if (hasHandler) {
      Reflect.decorate(
        [OnUpgrade(), UseGuards(all.guards('method', false)), UseInterceptors(all.interceptors)],
        Chat.prototype,
        'enter',
      );
    } else UseGuards(guard(thrower(failure)))(Chat);
    const app = await serve([Chat], { guards: [all.guards('application')] });
    expect((await app.refusal('/')).status).toBe(hasHandler ? 403 : 409);
    expect(all.names()).toEqual(
      hasHandler ? ['application', 'class', 'later guard', 'method', 'filter'] : ['application', 'filter'],
    );
    expect(all.distinct()).toBe(1);
  });

  test('of an upgrade over a real socket, which has another than the messages', async () => {
    const all = keeping();
    @UseGuards(all.guards('class'))
    @WebSocketPath('/')
    class Chat {
      @UseGuards(all.guards('method'))
      @OnMessage()
      echo(message: string): string {
        return message;
      }
    }
    const client = await connect(await start([Chat]), '/');
    expect([await client.ask('a'), await client.ask('b')]).toEqual(['a', 'b']);
    expect([all.names(), all.distinct()]).toEqual([['class', 'method', 'method'], 3]);
  });

  test('so a filter sees the body that an interceptor put there', async () => {
    const bodies: unknown[] = [];
    @WebSocketPath('/')
    class Chat {
      @UseInterceptors(interceptor((context, next) => ((context.body = 'other'), next())))
      @UseFilters(filter((_error, { body }) => void bodies.push(body)))
      @OnMessage('say')
      say(_text: string): never {
        throw failure;
      }
    }
    const client = await (await serve([Chat])).connect('/');
    await expect(client.request('say', 'text')).rejects.toMatchObject({ code: 'failed' });
    expect(bodies).toEqual(['other']);
  });
});
