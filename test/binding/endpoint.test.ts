import {
  Connection,
  OnClose,
  OnMessage,
  OnOpen,
  OnUpgrade,
  PathParam,
  PortalError,
  QueryParam,
  refuse,
  UseGuards,
  WebSocketPath,
} from '../../src';
import { compileController } from '../../src/binding';
import type { Resolver } from '../../src/binding/resolver';
import { connect, start } from '../support/app';
import { deferred } from '../support/engine';
import { RawClient } from '../support/raw-client';
import { serve } from '../support/serve';
import { guard, thrower } from '../support/uses';

/** A controller that decides about upgrades like this. */
function deciding(enter: (connection: Connection) => unknown) {
  @WebSocketPath('/', { protocols: ['v1', 'v2'] })
  class Chat {
    @OnUpgrade()
    enter(connection: Connection): unknown {
      return enter(connection);
    }
    @OnMessage()
    text(message: string, connection: Connection): unknown {
      return [message, connection.data, connection.protocol];
    }
  }
  return Chat;
}

const later = (value: unknown) => async (): Promise<unknown> => value;

describe('@OnUpgrade accepts', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'v1'],
    ['null', null, 'v1'],
    ['true', true, 'v1'],
    ['an empty object', {}, 'v1'],
    ['a subprotocol', { protocol: 'v2' }, 'v2'],
    ['one that the path does not list, but the client offers', { protocol: 'v9' }, 'v9'],
  ])('by returning %s, at once or later', async (_what, value, protocol) => {
    for (const enter of [() => value, later(value)]) {
      const app = await serve([deciding(enter)]);
      const client = await app.connect('/', { protocols: ['v1', 'v2', 'v9'] });
      expect(client.protocol).toBe(protocol);
      client.send('x');
      expect(await client.receive()).toBe(`["x",{},"${protocol}"]`);
      expect(app.log.lines).toEqual([]);
    }
  });

  test('with more headers, but not those that the answer is made of', async () => {
    const headers = { 'Set-Cookie': 'a=b', 'Sec-WebSocket-Accept': 'mine', Connection: 'close' };
    const app = await start([deciding(() => ({ headers }))]);
    const client = await RawClient.connect(app.url);
    client.upgrade('/');
    const answer = await client.answer();
    expect([answer.status, answer.headers['set-cookie'], answer.headers.connection]).toEqual([101, 'a=b', 'Upgrade']);
    expect(answer.headers['sec-websocket-accept']).not.toBe('mine');
    client.socket.destroy();
  });

  test('and leaves on the connection what the handlers need', async () => {
    const app = await serve([deciding((connection) => void (connection.data = { user: 'ann' }))]);
    const client = await app.connect('/');
    client.send('x');
    expect(await client.receive()).toBe('["x",{"user":"ann"},""]');
  });

  test('with its parameters bound; those of the URL are checked before anybody is asked', async () => {
    const asked: unknown[] = [];
    @UseGuards(guard(() => (asked.push('guard'), true)))
    @WebSocketPath('/rooms/:room')
    class Rooms {
      @OnUpgrade()
      enter(@PathParam('room') room: string, connection: Connection, @QueryParam('page') page?: number): void {
        asked.push(room, page, connection.state, connection.path);
      }
    }
    const app = await serve([Rooms]);
    await app.connect('/rooms/a?page=3');
    expect(asked).toEqual(['guard', 'a', 3, 'closed', '/rooms/:room']);
    expect(await app.refusal('/rooms/a?page=three')).toMatchObject({
      status: 400,
      body: 'The query parameter page must be a number.',
    });
    expect(asked).toHaveLength(5);
  });
});

describe('@OnUpgrade refuses', () => {
  const refusal = refuse(403, { headers: { 'X-Why': 'full' }, body: 'no seat' });

  test.each<[string, () => unknown]>([
    ['returns', () => refusal],
    ['returns later', later(refusal)],
    ['throws', thrower(refusal)],
    ['rejects with', () => Promise.reject(refusal)],
  ])('when it %s refuse(…)', async (_how, enter) => {
    const app = await serve([deciding(enter)]);
    expect(await app.refusal('/')).toMatchObject({ status: 403, body: 'no seat', headers: { 'x-why': 'full' } });
    expect(app.log.lines).toEqual(['info handshake refused: no seat']);
  });

  test.each<[string, () => unknown]>([
    ['throws', thrower(new PortalError('busy', 'come back', { status: 503 }))],
    ['rejects with', () => Promise.reject(new PortalError('busy', 'come back', { status: 503 }))],
  ])('when it %s a PortalError', async (_how, enter) => {
    const app = await serve([deciding(enter)]);
    expect(await app.refusal('/')).toMatchObject({ status: 503, body: 'come back' });
    expect(app.log.errors).toEqual([]);
  });

  test.each<[string, () => unknown, object]>([
    ['false', () => false, { status: 403, body: 'This is not allowed.' }],
    ['false later', later(false), { status: 403 }],
    ['{ status }', () => ({ status: 401 }), { status: 401, body: 'Unauthorized' }],
    [
      '{ status, headers, body } later',
      later({ status: 429, headers: { 'Retry-After': '7' }, body: 'slowly' }),
      { status: 429, body: 'slowly', headers: { 'retry-after': '7' } },
    ],
  ])('when it returns %s', async (_what, enter, answer) => {
    const app = await serve([deciding(enter)]);
    expect(await app.refusal('/')).toMatchObject(answer);
    expect(app.log.errors).toEqual([]);
  });

  test.each([
    [false, '403'],
    [{ status: 401 }, '401'],
  ])('when it returns %j, over a real socket', async (answer, status) => {
    await expect(connect(await start([deciding(() => answer)]), '/')).rejects.toThrow(status);
  });

  const WRONG =
    '@OnUpgrade returns nothing or true, false or refuse(…), or { protocol, headers }, which are strings or arrays of those';

  test.each<[string, () => unknown, string, Error]>([
    ['an error', thrower(new Error('secret')), 'Chat.enter', new Error('secret')],
    ['an error later', () => Promise.reject(new Error('secret')), 'Chat.enter', new Error('secret')],
    ['a number', () => 401, 'Chat.enter', new TypeError(WRONG)],
    ['another status', () => ({ statusCode: 401 }), 'Chat.enter', new TypeError(WRONG)],
    [
      'a status that does not refuse',
      () => ({ status: 200 }),
      'Chat.enter',
      new RangeError('an upgrade is refused with a status from 300 to 599, not 200'),
    ],
    ['a text', later('v1'), 'Chat.enter', new TypeError(WRONG)],
    ['a protocol that is no text', () => ({ protocol: 1 }), 'Chat.enter', new TypeError(WRONG)],
    ['headers that are no texts', () => ({ headers: { a: 1 } }), 'Chat.enter', new TypeError(WRONG)],
    ['headers that are arrays of others', () => ({ headers: { a: ['b', 1] } }), 'Chat.enter', new TypeError(WRONG)],
    ['something else', () => ({ user: 'x' }), 'Chat.enter', new TypeError(WRONG)],
    ['an array', () => [], 'Chat.enter', new TypeError(WRONG)],
    ['a response', () => new Response('no', { status: 401 }), 'Chat.enter', new TypeError(WRONG)],
    [
      'headers as of fetch',
      () => ({ headers: new Headers([['set-cookie', 'a=1']]) }),
      'Chat.enter',
      new TypeError(WRONG),
    ],
    ['a map of headers', () => ({ headers: new Map([['a', 'b']]) }), 'Chat.enter', new TypeError(WRONG)],
    ['pairs of headers', () => ({ headers: [['a', 'b']] }), 'Chat.enter', new TypeError(WRONG)],
    ['headers that are null', () => ({ headers: null }), 'Chat.enter', new TypeError(WRONG)],
    [
      'a subprotocol that the client does not offer',
      () => ({ protocol: 'v2' }),
      'handshake of /',
      new Error('the subprotocol "v2" is none of those that the client offers'),
    ],
    [
      'the same later',
      later({ protocol: 'v2' }),
      'handshake of /',
      new Error('the subprotocol "v2" is none of those that the client offers'),
    ],
    [
      'a header that would begin another',
      () => ({ headers: { 'X-A': 'b\r\nX-C: d' } }),
      'handshake of /',
      new TypeError('the value of the header X-A has a character that may not be sent'),
    ],
    [
      'a cookie that would begin another header',
      () => ({ headers: { 'Set-Cookie': ['a=1', 'b=2\r\nX-C: d'] } }),
      'handshake of /',
      new TypeError('the value of the header Set-Cookie has a character that may not be sent'),
    ],
  ])('with 500 and a line in the log: %s', async (_what, enter, where, error) => {
    const app = await serve([deciding(enter)]);
    expect((await app.refusal('/', { protocols: ['v1'] })).status).toBe(500);
    expect(app.log.lines[0]).toBe(`error ${where} failed`);
    expect(app.log.errors).toEqual([error]);
  });
});

describe('while @OnUpgrade is at work', () => {
  test('nothing can be sent, and nobody counts the connection', async () => {
    const results: unknown[] = [];
    const app = await serve([
      deciding(async (connection) => {
        await Promise.resolve();
        results.push(connection.send('early'), connection.emit('early'), connection.state, app.connections.size);
        await connection.request('early').catch((error: Error) => results.push(error.message));
      }),
    ]);
    const client = await app.connect('/');
    expect(results).toEqual([false, false, 'closed', 0, 'the connection is not open']);
    client.send('x');
    expect(await client.receive()).toBe('["x",{},""]');
    expect(app.connections.size).toBe(1);
  });

  test('one that never settles is answered with 408 when the time for a handshake is over', async () => {
    const asked = deferred();
    const app = await serve([
      deciding(() => {
        asked.resolve();
        return new Promise(() => {});
      }),
    ]);
    const answer = app.refusal('/');
    let answered = false;
    void answer.finally(() => (answered = true));
    await asked.promise;
    await app.advance(9_999);
    expect(answered).toBe(false);
    await app.advance(1);
    expect(await answer).toMatchObject({ status: 408, body: 'The handshake took too long.' });
  });

  test('the application may close: 503, and what comes later counts for nothing', async () => {
    const decision = deferred<undefined>();
    const signals: AbortSignal[] = [];
    const app = await serve([
      deciding((connection) => {
        signals.push(connection.signal);
        return decision.promise;
      }),
    ]);
    const answer = app.refusal('/');
    await app.advance(0);
    expect(signals[0]!.aborted).toBe(false);
    await app.close();
    expect((await answer).status).toBe(503);
    expect(signals[0]!.aborted).toBe(true);
    decision.resolve(undefined);
    await app.advance(0);
    expect(app.connections.size).toBe(0);
    expect(app.log.errors).toEqual([]);
  });

  test('the client may go away, which aborts the signal', async () => {
    const asked = deferred();
    const gone = deferred();
    const app = await start([
      deciding(async ({ signal }) => {
        signal.addEventListener('abort', () => gone.resolve());
        asked.resolve();
        await gone.promise;
        throw new Error('counts for nothing');
      }),
    ]);
    const client = await RawClient.connect(app.url);
    client.upgrade('/');
    await asked.promise;
    client.socket.resetAndDestroy();
    await gone.promise;
    expect(app.connections.size).toBe(0);
  });
});

test('an endpoint has the hooks of its controller, and no others', () => {
  @WebSocketPath('/chat', { concurrency: 4 })
  class Chat {
    @OnOpen()
    open(): void {}
    @OnMessage()
    text(message: string): string {
      return message;
    }
    @OnClose()
    bye(): void {}
  }
  @UseGuards(guard(() => true))
  @WebSocketPath('/events', { scope: 'connection' })
  class Events {
    @OnMessage('join')
    join(): void {}
  }
  const resolver: Partial<Resolver> = { provides: () => false, resolve: () => new Chat(), scoped: () => {} };
  const compiled = (controller: typeof Chat | typeof Events) =>
    compileController(controller, resolver as Resolver, () => {});
  expect(Object.keys(compiled(Chat)).sort()).toEqual([
    'close',
    'concurrency',
    'name',
    'open',
    'path',
    'release',
    'text',
  ]);
  const { name, path, concurrency } = compiled(Chat);
  expect([name, path, concurrency]).toEqual(['Chat', '/chat', 4]);
  expect(Object.keys(compiled(Events)).sort()).toEqual([
    'name',
    'open',
    'path',
    'release',
    'scope',
    'text',
    'tooFast',
    'upgrade',
  ]);
});
