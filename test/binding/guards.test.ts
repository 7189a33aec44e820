import {
  CurrentUser,
  ForbiddenError,
  injectable,
  OnMessage,
  OnOpen,
  OnUpgrade,
  PortalError,
  refuse,
  UnauthorizedError,
  UseGuards,
  WebSocketPath,
  type Context,
  type Guard,
} from '../../src';
import { admit } from '../../src/binding/guards';
import { deferred } from '../support/engine';
import { serve } from '../support/serve';
import { guard, NOT_TRUE, thrower } from '../support/uses';

type Verdict = () => unknown;

describe('at the upgrade', () => {
  function controllerWith(verdict: Verdict) {
    @UseGuards(guard(verdict))
    @WebSocketPath('/')
    class Chat {
      @OnMessage()
      echo(message: string): string {
        return message;
      }
    }
    return Chat;
  }

  test.each<[string, Verdict]>([
    ['true', () => true],
    ['a promise of true', () => Promise.resolve(true)],
    ['a thenable of true', () => ({ then: (resolve: (value: boolean) => void) => resolve(true) })],
  ])('a guard lets pass with %s', async (_what, verdict) => {
    const app = await serve([controllerWith(verdict)]);
    const client = await app.connect('/');
    client.send('x');
    expect(await client.receive()).toBe('x');
  });

  test.each(NOT_TRUE)('a guard that says %s refuses with 403', async (_what, verdict) => {
    const app = await serve([controllerWith(verdict)]);
    expect(await app.refusal('/')).toMatchObject({ status: 403, body: 'This is not allowed.' });
    expect(app.log.lines).toEqual(['info handshake refused: This is not allowed.']);
  });

  test.each<[string, unknown, object]>([
    [
      'UnauthorizedError',
      new UnauthorizedError('who?'),
      { status: 401, body: 'who?', headers: { 'www-authenticate': 'Bearer' } },
    ],
    ['ForbiddenError', new ForbiddenError('not you'), { status: 403, body: 'not you' }],
    ['PortalError with a status', new PortalError('payment_due', 'pay', { status: 402 }), { status: 402, body: 'pay' }],
    ['PortalError of a code of its own', new PortalError('odd'), { status: 500, body: 'odd' }],
    [
      'refusal',
      refuse(302, { headers: { Location: '/login' }, body: 'log in' }),
      { status: 302, body: 'log in', headers: { location: '/login' } },
    ],
    [
      'refusal that says how to authenticate',
      refuse(401, { headers: { 'WWW-Authenticate': 'Basic' } }),
      { status: 401 },
    ],
  ])('a guard refuses by throwing a %s, at once or later', async (_what, error, answer) => {
    const now = await serve([controllerWith(thrower(error))]);
    expect(await now.refusal('/')).toMatchObject(answer);
    const later = await serve([controllerWith(() => Promise.reject(error))]);
    expect(await later.refusal('/')).toMatchObject(answer);
    expect([...now.log.errors, ...later.log.errors]).toEqual([]);
  });

  test('a refusal may be returned, at once or later', async () => {
    const refusal = refuse(429, { headers: { 'Retry-After': '7' }, body: 'slowly' });
    for (const verdict of [() => refusal, () => Promise.resolve(refusal)]) {
      const app = await serve([controllerWith(verdict)]);
      expect(await app.refusal('/')).toMatchObject({
        status: 429,
        body: 'slowly',
        headers: { 'retry-after': '7' },
      });
    }
  });

  test.each([
    ['throws', thrower(new Error('secret'))],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ])('a guard that %s something else is 500 without detail, and logged', async (_how, verdict) => {
    const app = await serve([controllerWith(verdict)]);
    expect(await app.refusal('/')).toMatchObject({ status: 500, body: 'Something went wrong.' });
    expect(app.log.lines).toEqual(['error Chat failed', 'info handshake refused: Something went wrong.']);
    expect(app.log.errors).toEqual([new Error('secret')]);
  });

  test('guards of the application come first, then those of the class; @OnUpgrade last; none of them for messages', async () => {
    const calls: string[] = [];
    const noting = (name: string) => guard(({ kind }) => (calls.push(`${name} ${kind}`), true));
    @UseGuards(noting('class 1'), noting('class 2'))
    @UseGuards(noting('class 3'))
    @WebSocketPath('/')
    class Chat {
      @OnUpgrade()
      enter(): void {
        calls.push('@OnUpgrade');
      }
      @OnMessage()
      echo(message: string): string {
        return message;
      }
    }
    const app = await serve([Chat], { guards: [noting('application 1'), noting('application 2')] });
    const client = await app.connect('/');
    client.send('x');
    await client.receive();
    expect(calls).toEqual([
      'application 1 upgrade',
      'application 2 upgrade',
      'class 1 upgrade',
      'class 2 upgrade',
      'class 3 upgrade',
      '@OnUpgrade',
    ]);
  });

  test.each([
    ['sync', (verdict: boolean) => verdict],
    ['async', (verdict: boolean) => Promise.resolve(verdict)],
  ])('nobody is asked after the first %s refusal', async (_how, say) => {
    const calls: string[] = [];
    const noting = (name: string, verdict: boolean) => guard(() => (calls.push(name), say(verdict)));
    @UseGuards(noting('second', false), noting('third', true))
    @WebSocketPath('/')
    class Chat {
      @OnUpgrade()
      enter(): void {
        calls.push('@OnUpgrade');
      }
    }
    const app = await serve([Chat], { guards: [noting('first', true)] });
    expect((await app.refusal('/')).status).toBe(403);
    expect(calls).toEqual(['first', 'second']);
  });

  test('guards of the application reach every controller, those of a class its own and its subclasses', async () => {
    @UseGuards(guard(({ connection }) => connection.query.has('base')))
    class Base {
      @OnOpen()
      open(): void {}
    }
    @WebSocketPath('/guarded')
    class Guarded extends Base {}
    @WebSocketPath('/free')
    class Free {
      @OnOpen()
      open(): void {}
    }
    const guards = [guard(({ connection }) => connection.query.has('app'))];
    const app = await serve([Guarded, Free], { guards });
    expect((await app.refusal('/free')).status).toBe(403);
    expect((await app.refusal('/guarded?app')).status).toBe(403);
    await app.connect('/free?app');
    await app.connect('/guarded?app&base');
  });

  test('a guard sees the request, and what it puts on the connection stays there', async () => {
    const seen: unknown[] = [];
    const auth = guard((context) => {
      const { connection } = context;
      seen.push({ ...context, connection: undefined }, connection.state, connection.params);
      connection.user = { id: connection.handshake.headers.authorization! };
      return true;
    });
    @UseGuards(auth)
    @WebSocketPath('/rooms/:room')
    class Chat {
      @OnMessage()
      who(_message: string, @CurrentUser() user: { id: string }): string {
        return user.id;
      }
    }
    const app = await serve([Chat]);
    const client = await app.connect('/rooms/a', { headers: { authorization: 'ann' } });
    client.send('?');
    expect(await client.receive()).toBe('ann');
    expect(seen).toEqual([{ kind: 'upgrade', method: '', controller: Chat }, 'closed', { room: 'a' }]);
  });

  test('a guard that takes its time is waited for', async () => {
    const answer = deferred<boolean>();
    const app = await serve([controllerWith(() => answer.promise)]);
    const connecting = app.connect('/');
    await app.advance(9_999);
    answer.resolve(true);
    expect((await connecting).protocol).toBe('');
  });
});

describe('a guard that is a class', () => {
  class Tokens {
    readonly known = new Set(['t1']);
  }

  test('is made by the container, once for all who use it', async () => {
    let made = 0;
    @injectable()
    class Auth implements Guard {
      constructor(private readonly tokens: Tokens) {
        made++;
      }
      canActivate({ connection }: Context): boolean {
        return this.tokens.known.has(connection.query.get('token') ?? '');
      }
    }
    @UseGuards(Auth)
    @WebSocketPath('/a')
    class A {
      @UseGuards(Auth)
      @OnOpen()
      open(): string {
        return 'welcome';
      }
    }
    @UseGuards(Auth)
    @WebSocketPath('/b')
    class B {
      @OnOpen()
      open(): void {}
    }
    const app = await serve([A, B], { providers: [Tokens], guards: [Auth] });
    expect(await (await app.connect('/a?token=t1')).receive()).toBe('welcome');
    expect((await app.refusal('/b?token=t2')).status).toBe(403);
    expect(made).toBe(1);
  });

  test('is found by its own token where a module provides it, and may be overridden in a test', async () => {
    class Auth implements Guard {
      canActivate(): boolean {
        return false;
      }
    }
    @UseGuards(Auth)
    @WebSocketPath('/')
    class Chat {
      @OnOpen()
      open(): void {}
    }
    const allow = guard(() => true);
    await (await serve([Chat], { providers: [{ token: Auth, useValue: allow }] })).connect('/');
    await (await serve([Chat], { override: [{ token: Auth, useValue: allow }] })).connect('/');
    expect((await (await serve([Chat])).refusal('/')).status).toBe(403);
  });
});

test('admit asks at once as long as it can, and goes on where it had to wait', async () => {
  const calls: number[] = [];
  const context = {} as Context;
  const noting = (id: number, verdict: unknown = true) =>
    guard((given) => {
      expect(given).toBe(context);
      calls.push(id);
      return verdict;
    });
  expect(admit([], context)).toBeUndefined();
  expect(admit([noting(1), noting(2)], context)).toBeUndefined();
  expect(calls).toEqual([1, 2]);
  await expect(admit([noting(3, Promise.resolve(true)), noting(4), noting(5)], context)).resolves.toBeUndefined();
  expect(calls).toEqual([1, 2, 3, 4, 5]);
  expect(() => admit([noting(6), noting(7, null), noting(8)], context)).toThrow(ForbiddenError);
  await expect(admit([noting(9, Promise.resolve(0)), noting(10)], context)).rejects.toThrow(ForbiddenError);
  expect(calls).toEqual([1, 2, 3, 4, 5, 6, 7, 9]);
});
