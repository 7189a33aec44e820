import {
  Connection,
  ForbiddenError,
  Inject,
  MessageStream,
  OnClose,
  OnMessage,
  OnOpen,
  PortalError,
  refuse,
  UnauthorizedError,
  UseFilters,
  UseGuards,
  WebSocketPath,
  type Context,
  type ExceptionFilter,
} from '../../src';
import { connect, start } from '../support/app';
import { deferred } from '../support/engine';
import { close, continuation, ping, PONG, text } from '../support/frames';
import { Http2Client } from '../support/http2-client';
import { RawClient } from '../support/raw-client';
import { serve } from '../support/serve';
import { filter, guard, thrower } from '../support/uses';

/** A controller whose opening is guarded, or does this, and that tells what it is called for. */
function opening(
  verdict: (context: Context) => unknown,
  open: () => unknown = () => {},
  filters: ExceptionFilter[] = [],
) {
  const calls: string[] = [];
  @UseFilters(...filters)
  @WebSocketPath('/')
  class Chat {
    @UseGuards(guard(verdict))
    @OnOpen()
    open(): unknown {
      calls.push('open');
      return open();
    }
    @OnMessage()
    text(message: string): string {
      calls.push(message);
      return message;
    }
    @OnMessage('say')
    say(): void {
      calls.push('say');
    }
    @OnClose()
    bye(): void {
      calls.push('close');
    }
  }
  return { Chat, calls };
}

const TOLD = '{"error":{"code":"forbidden","message":"This is not allowed."}}';

describe('a guard that refuses @OnOpen closes the connection once it has told why', () => {
  test.each<[string, () => unknown, string, string]>([
    ['false', () => false, 'forbidden', 'forbidden'],
    ['later', async () => false, 'forbidden', 'forbidden'],
    ['UnauthorizedError', thrower(new UnauthorizedError()), 'unauthorized', 'unauthorized'],
    ['refuse(401)', () => refuse(401), 'unauthorized', 'unauthorized'],
    ['an error of its own', thrower(new PortalError('unpaid')), 'unpaid', 'forbidden'],
  ])('with %s', async (_what, verdict, code, reason) => {
    const { Chat, calls } = opening(verdict);
    const app = await serve([Chat]);
    const client = await app.connect('/');
    expect(JSON.parse((await client.receive()) as string)).toMatchObject({ error: { code } });
    expect(await client.closed).toEqual({ code: 1008, reason, clean: true });
    expect(calls).toEqual(['close']);
    expect(app.log.errors).toEqual([]);
  });

  test('with 1011 where it fails', async () => {
    const { Chat, calls } = opening(thrower(new Error('broken')));
    const app = await serve([Chat]);
    expect(await (await app.connect('/')).closed).toMatchObject({ code: 1011 });
    expect(calls).toEqual(['close']);
  });

  test.each<[string, ExceptionFilter['catch'], string]>([
    ['takes it', () => 'sorry', 'sorry'],
    ['translates it', thrower(new PortalError('other', 'other')), '{"error":{"code":"other","message":"other"}}'],
  ])('also where a filter %s', async (_what, take, told) => {
    const { Chat, calls } = opening(() => false, undefined, [filter(take)]);
    const client = await (await serve([Chat])).connect('/');
    expect(await client.receive()).toBe(told);
    expect(await client.closed).toMatchObject({ code: 1008 });
    expect(calls).toEqual(['close']);
  });
});

describe('what came while the guard was asked is not handled', () => {
  test('over HTTP/1.1', async () => {
    const asked = deferred();
    const answer = deferred<boolean>();
    const { Chat, calls } = opening(() => (asked.resolve(), answer.promise));
    const app = await start([Chat]);
    const client = await connect(app, '/');
    await asked.promise;
    for (const message of ['early', '{"event":"say"}', 'more']) client.send(message);
    // once this is answered, those before it have come
    await new Promise((resolve) => client.socket.once('pong', resolve).ping());
    answer.resolve(false);
    expect(await client.receive()).toBe(TOLD);
    expect(await client.closed).toEqual({ code: 1008, reason: 'forbidden' });
    await app.close();
    expect(calls).toEqual(['close']);
  });

  test('in the packet of the handshake', async () => {
    const { Chat, calls } = opening(async () => false);
    const app = await start([Chat]);
    const client = await RawClient.connect(app.url);
    client.upgrade('/', {}, text('early'));
    await client.answer();
    expect((await client.frame()).payload.toString()).toBe(TOLD);
    expect(await client.closeFrame()).toEqual({ code: 1008, reason: 'forbidden' });
    client.destroy();
    await app.close();
    expect(calls).toEqual(['close']);
  });

  test.each<[string, (client: RawClient) => void]>([
    ['closes', (client) => client.write(close(1000))],
    ['ends its side', (client) => client.socket.end()],
    ['resets the connection', (client) => client.socket.resetAndDestroy()],
  ])('where the client %s before the guard has answered', async (_how, leave) => {
    const left = deferred();
    const { Chat, calls } = opening(async ({ connection }) => {
      connection.signal.addEventListener('abort', () => left.resolve());
      await left.promise;
      return false;
    });
    const begun = deferred();
    const app = await start([Chat], { observers: [{ received: () => begun.resolve() }] });
    const client = await RawClient.open(app.url, '/');
    client.write(text('early'));
    await begun.promise;
    leave(client);
    await left.promise;
    client.destroy();
    await app.close();
    expect(calls).toEqual(['close']);
  });

  test('over HTTP/2', async () => {
    const answer = deferred<boolean>();
    const { Chat, calls } = opening(() => answer.promise);
    const app = await start([Chat], { http2: true });
    const session = await Http2Client.connect(app.url);
    const client = await session.open('/');
    client.write(text('early'));
    client.write(ping('read so far'));
    expect((await client.frame()).opcode).toBe(PONG);
    answer.resolve(false);
    expect((await client.frame()).payload.toString()).toBe(TOLD);
    expect(await client.closeFrame()).toEqual({ code: 1008, reason: 'forbidden' });
    session.destroy();
    await app.close();
    expect(calls).toEqual(['close']);
  });

  test('where it is read while it arrives', async () => {
    const answer = deferred<boolean>();
    const calls: string[] = [];
    @WebSocketPath('/')
    class Uploads {
      @UseGuards(guard(() => answer.promise))
      @OnOpen()
      open(): void {}
      @OnMessage()
      async upload(_stream: MessageStream): Promise<void> {
        calls.push('upload');
        await Promise.resolve();
      }
    }
    const begun = deferred();
    const app = await start([Uploads], { observers: [{ received: () => begun.resolve() }] });
    const client = await RawClient.open(app.url, '/');
    client.write(text('begun', { fin: false }));
    await begun.promise;
    answer.resolve(false);
    expect((await client.frame()).payload.toString()).toBe(TOLD);
    expect(await client.closeFrame()).toEqual({ code: 1008, reason: 'forbidden' });
    client.write(continuation('ended'));
    client.write(close(1000));
    await client.end();
    client.destroy();
    await app.close();
    expect(calls).toEqual([]);
  });

  test('but what came while a guard was asked that lets in is', async () => {
    const answer = deferred<boolean>();
    const { Chat, calls } = opening(() => answer.promise);
    const app = await serve([Chat]);
    const client = await app.connect('/');
    client.send('early');
    await app.advance(0);
    answer.resolve(true);
    expect(await client.receive()).toBe('early');
    expect(calls).toEqual(['open', 'early']);
  });
});

describe('@OnOpen itself', () => {
  test.each<[string, unknown, string]>([
    ['ForbiddenError', new ForbiddenError(), 'forbidden'],
    ['UnauthorizedError', new UnauthorizedError(), 'unauthorized'],
  ])('refuses by %s, unless somebody takes that', async (_name, error, reason) => {
    const refused = opening(() => true, thrower(error));
    const client = await (await serve([refused.Chat])).connect('/');
    expect(await client.closed).toMatchObject({ code: 1008, reason });
    const taken = opening(() => true, thrower(error), [filter(() => 'as a guest')]);
    const guest = await (await serve([taken.Chat])).connect('/');
    expect(await guest.receive()).toBe('as a guest');
    guest.send('x');
    expect(await guest.receive()).toBe('x');
  });

  test('answers by any other PortalError, and the connection stays', async () => {
    const { Chat } = opening(() => true, thrower(new PortalError('no_history')));
    const client = await (await serve([Chat])).connect('/');
    await client.receive();
    client.send('x');
    expect(await client.receive()).toBe('x');
  });

  test.each(['close', 'terminate'] as const)('that calls %s() handles nothing that came meanwhile', async (how) => {
    const calls: string[] = [];
    const entered = deferred();
    const known = deferred();
    @WebSocketPath('/')
    class Chat {
      @OnOpen()
      async open(connection: Connection): Promise<void> {
        entered.resolve();
        await known.promise;
        void connection[how]();
      }
      @OnMessage()
      text(message: string): void {
        calls.push(message);
      }
    }
    const app = await start([Chat]);
    const client = await connect(app, '/');
    await entered.promise;
    client.send('early');
    await new Promise((resolve) => client.socket.once('pong', resolve).ping());
    known.resolve();
    await client.closed;
    await app.close();
    expect(calls).toEqual([]);
  });
});

test('a controller that cannot be made for its connection serves nothing, whoever takes the error', async () => {
  const made: string[] = [];
  @WebSocketPath('/', { scope: 'connection' })
  class Chat {
    constructor(@Inject(Connection) connection: Connection) {
      made.push(connection.path);
      throw new PortalError('full', 'no seat');
    }
    @OnMessage()
    any(): void {}
  }
  for (const filters of [[], [filter(() => 'sorry')]]) {
    const client = await (await serve([Chat], { filters })).connect('/');
    await client.receive();
    client.send('x');
    expect(await client.closed).toMatchObject({ code: 1008 });
  }
  expect(made).toEqual(['/', '/']);
});
