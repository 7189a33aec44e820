import {
  ForbiddenError,
  OnMessage,
  OnOpen,
  OnUpgrade,
  PortalError,
  refuse,
  UnauthorizedError,
  UseGuards,
  WebSocketPath,
  Connection,
  type Context,
} from '../../src';
import { deferred } from '../support/engine';
import { serve } from '../support/serve';
import { guard, NOT_TRUE, thrower } from '../support/uses';

type Verdict = () => unknown;

function controllerWith(verdict: (context: Context) => unknown) {
  @WebSocketPath('/')
  class Chat {
    calls = 0;
    @UseGuards(guard(verdict))
    @OnMessage('join')
    join(room: string): string {
      return `${room} ${++this.calls}`;
    }
    @UseGuards(guard(verdict))
    @OnMessage()
    text(message: string): string {
      return `${message} ${++this.calls}`;
    }
    @OnMessage('calls')
    count(): number {
      return this.calls;
    }
  }
  return Chat;
}

const FORBIDDEN = { code: 'forbidden', message: 'This is not allowed.' };

test.each<[string, Verdict, { code: string; message: string; details?: unknown }]>([
  ...NOT_TRUE.map(([what, verdict]): [string, Verdict, typeof FORBIDDEN] => [`says ${what}`, verdict, FORBIDDEN]),
  ['throws an UnauthorizedError', thrower(new UnauthorizedError('who?')), { code: 'unauthorized', message: 'who?' }],
  [
    'throws a PortalError',
    thrower(new PortalError('rate_limited', 'slowly', { details: { wait: 3 } })),
    { code: 'rate_limited', message: 'slowly', details: { wait: 3 } },
  ],
  [
    'rejects with a ForbiddenError',
    () => Promise.reject(new ForbiddenError('not you')),
    { code: 'forbidden', message: 'not you' },
  ],
  ['returns refuse(401)', () => refuse(401), { code: 'unauthorized', message: 'Unauthorized' }],
  ['throws refuse(403)', thrower(refuse(403, { body: 'no' })), { code: 'forbidden', message: 'no' }],
  ['promises refuse(404)', async () => refuse(404), { code: 'forbidden', message: 'Not Found' }],
])('a guard that %s is an error reply, and the method is not called', async (_how, verdict, error) => {
  const app = await serve([controllerWith(verdict)]);
  const client = await app.connect('/');
  client.send('{"event":"join","data":"a","id":7}');
  expect(JSON.parse((await client.receive()) as string)).toEqual({ event: 'join', error, id: 7 });
  client.emit('join', 'a');
  expect(await client.receiveEvent()).toEqual({ event: 'join', error });
  client.send('plain');
  expect(JSON.parse((await client.receive()) as string)).toEqual({ error });
  expect(await client.request('calls')).toBe(0);
  expect(app.log.lines).toEqual([]);
});

test.each([
  ['throws', thrower(new Error('secret'))],
  ['rejects', () => Promise.reject(new Error('secret'))],
])('a guard that %s something else is like a failure of the method', async (_how, verdict) => {
  const app = await serve([controllerWith(verdict)]);
  const client = await app.connect('/');
  await expect(client.request('join', 'a')).rejects.toMatchObject({
    code: 'internal_error',
    message: 'Something went wrong.',
  });
  expect(app.log.lines).toEqual(['error Chat.join failed']);
  client.send('plain');
  expect(await client.closed).toMatchObject({ code: 1011, reason: 'internal error' });
  expect(app.log.errors).toEqual([new Error('secret'), new Error('secret')]);
});

test('guards are asked in their order, for each message anew, before its body is checked', async () => {
  const calls: unknown[] = [];
  const noting = (name: string, verdict = true) =>
    guard(({ kind, event, body, method }) => (calls.push([name, kind, event, body, method]), verdict));
  @WebSocketPath('/')
  class Chat {
    @UseGuards(noting('first'), noting('second'))
    @OnMessage('join')
    join(room: string): string {
      return room;
    }
    @UseGuards(noting('only', false), noting('never'))
    @OnMessage('leave')
    leave(room: string): string {
      return room;
    }
  }
  const app = await serve([Chat]);
  const client = await app.connect('/');
  expect(await client.request('join', 'a')).toBe('a');
  await expect(client.request('join', 5)).rejects.toMatchObject({ code: 'validation_failed' });
  await expect(client.request('leave', 5)).rejects.toMatchObject({ code: 'forbidden' });
  expect(calls).toEqual([
    ['first', 'message', 'join', 'a', 'join'],
    ['second', 'message', 'join', 'a', 'join'],
    ['first', 'message', 'join', 5, 'join'],
    ['second', 'message', 'join', 5, 'join'],
    ['only', 'message', 'leave', 5, 'leave'],
  ]);
});

test('a guard that takes its time keeps the next message waiting', async () => {
  const answer = deferred<boolean>();
  const app = await serve([controllerWith(({ body }) => (body === 'slow' ? answer.promise : true))]);
  const client = await app.connect('/');
  client.send('slow');
  client.send('quick');
  await app.advance(0);
  answer.resolve(true);
  expect([await client.receive(), await client.receive()]).toEqual(['slow 1', 'quick 2']);
});

test('a guard may stand before @OnUpgrade and @OnOpen too', async () => {
  const asked: string[] = [];
  const calls: string[] = [];
  const noting = (verdict: boolean) => guard(({ kind, method }) => (asked.push(`${kind} ${method}`), verdict));
  @WebSocketPath('/open')
  class Open {
    @UseGuards(noting(false))
    @OnOpen()
    open(connection: Connection): void {
      calls.push(connection.path);
    }
    @OnMessage()
    echo(message: string): string {
      return message;
    }
  }
  @WebSocketPath('/upgrade')
  class Upgrade {
    @UseGuards(noting(false))
    @OnUpgrade()
    enter(connection: Connection): void {
      calls.push(connection.path);
    }
  }
  const app = await serve([Open, Upgrade]);
  expect((await app.refusal('/upgrade')).status).toBe(403);
  const client = await app.connect('/open');
  expect(await client.receive()).toBe('{"error":{"code":"forbidden","message":"This is not allowed."}}');
  client.send('still there?');
  expect(await client.closed).toMatchObject({ code: 1008, reason: 'forbidden' });
  expect(asked).toEqual(['upgrade enter', 'open open']);
  expect(calls).toEqual([]);
});
