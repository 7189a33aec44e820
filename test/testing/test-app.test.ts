import { createHook } from 'node:async_hooks';
import type { Duplex } from 'node:stream';
import {
  BootError,
  CloseInfo,
  Connection,
  Header,
  Module,
  OnClose,
  OnMessage,
  OnOpen,
  OnUpgrade,
  PathParam,
  QueryParam,
  refuse,
  UnauthorizedError,
  UseGuards,
  WebSocketPath,
  type Guard,
} from '../../src';
import { createTestApp, UpgradeRefusedError } from '../../src/testing';
import type { ManualClock } from '../../src/testing/manual-clock';
import { serve, settled } from '../support/serve';

class Auth implements Guard {
  canActivate(): boolean {
    throw new UnauthorizedError('who?');
  }
}

const closes: CloseInfo[] = [];

@WebSocketPath('/echo/:room')
class Echo {
  @OnOpen()
  hi(): string {
    return 'welcome';
  }
  @OnMessage()
  text(message: string): string {
    return message + '!';
  }
  @OnMessage('add')
  add(pair: number[]): number {
    return pair[0]! + pair[1]!;
  }
  @OnMessage('ask')
  async ask(_x: number, connection: Connection): Promise<unknown> {
    return { got: await connection.request('name?', { a: 1 }) };
  }
  @OnMessage('count')
  async *count(n: number): AsyncGenerator<number> {
    for (let i = 0; i < n; i++) yield i;
  }
  @OnClose()
  bye(close: CloseInfo): void {
    closes.push(close);
  }
}

@WebSocketPath('/secret')
@UseGuards(Auth)
class Secret {
  @OnMessage()
  any(): void {}
}

@Module({ controllers: [Echo, Secret] })
class AppModule {}

test('a client exchanges messages and events with the application, without a port', async () => {
  const app = await createTestApp(AppModule);
  const client = await app.connect('/echo/a?x=1');
  expect(await client.receive()).toBe('welcome');
  client.send('hi');
  expect(await client.receive()).toBe('hi!');
  expect(await client.request('add', [1, 2])).toBe(3);
  expect(await client.request('count', 3)).toEqual([0, 1, 2]);
  await expect(client.request('add', 'x')).rejects.toMatchObject({ code: 'validation_failed' });
  const answer = client.request('ask', 1);
  const asked = await client.receiveEvent('name?');
  expect(asked).toEqual({ event: 'name?', data: { a: 1 }, id: 's:1' });
  client.respond(asked, 'joe');
  expect(await answer).toEqual({ got: 'joe' });
  const refused = await app.connect('/secret').catch((e: unknown) => e as UpgradeRefusedError);
  expect(refused).toMatchObject({ status: 401, body: 'who?', headers: { 'www-authenticate': 'Bearer' } });
  expect(await client.close(1000, 'bye')).toEqual({ code: 1000, reason: '', clean: true });
  expect(closes).toEqual([{ code: 1000, reason: 'bye', clean: true }]);
  await app.close();
});

test('app.close closes with 1001', async () => {
  const app = await createTestApp(AppModule);
  const client = await app.connect('/echo/a');
  const [, info] = await Promise.all([app.close(), client.closed]);
  expect(info).toEqual({ code: 1001, reason: 'going away', clean: true });
});

test('the path, its query and the headers reach the application', async () => {
  @WebSocketPath('/rooms/:room')
  class Rooms {
    @OnOpen()
    hi(
      @PathParam('room') room: string,
      @QueryParam('page') page: number,
      @Header('cookie') cookie: string,
      connection: Connection,
    ): string {
      const { url, remoteAddress, headers, secure } = connection.handshake;
      return JSON.stringify([room, page, cookie, url, remoteAddress, headers.host, secure]);
    }
    @OnMessage()
    any(): void {}
  }
  const app = await serve([Rooms]);
  const client = await app.connect('/rooms/a%20b?page=7&x', { headers: { Cookie: 'a=1' } });
  expect(JSON.parse((await client.receive()) as string)).toEqual([
    'a b',
    7,
    'a=1',
    '/rooms/a%20b?page=7&x',
    '127.0.0.1',
    'localhost',
    false,
  ]);
});

describe('an upgrade that is refused', () => {
  @WebSocketPath('/gate')
  class Gate {
    @OnUpgrade()
    judge(connection: Connection): unknown {
      switch (connection.query.get('how')) {
        case 'refuse':
          return refuse(418, { headers: { 'X-Tea': 'pot', 'Content-Type': 'text/tea' }, body: 'short\nand stout' });
        case 'redirect':
          throw refuse(307, { headers: { Location: 'wss://elsewhere.example.com/' } });
        case 'long':
          return refuse(403, { body: 'no '.repeat(50_000) });
        case 'empty':
          return refuse(403, { body: '' });
        case 'break':
          throw new Error('secret');
        default:
          return undefined;
      }
    }
    @OnMessage()
    any(): void {}
  }

  test.each<[string, string, Partial<UpgradeRefusedError>]>([
    ['by a path that nobody serves', '/nowhere', { status: 404 }],
    ['by a guard', '/secret', { status: 401, body: 'who?' }],
    [
      'by @OnUpgrade',
      '/gate?how=refuse',
      {
        status: 418,
        body: 'short\nand stout',
        headers: expect.objectContaining({ 'x-tea': 'pot', 'content-type': 'text/tea' }) as never,
      },
    ],
    [
      'with a place to go',
      '/gate?how=redirect',
      {
        status: 307,
        headers: expect.objectContaining({ location: 'wss://elsewhere.example.com/' }) as never,
      },
    ],
    ['with a long body', '/gate?how=long', { status: 403, body: 'no '.repeat(50_000) }],
    ['with an empty body', '/gate?how=empty', { status: 403, body: '' }],
    ['by a mistake', '/gate?how=break', { status: 500 }],
  ])('%s tells status, headers and body', async (_how, path, expected) => {
    const app = await serve([Secret, Gate]);
    const refused: unknown = await app.connect(path).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UpgradeRefusedError);
    expect(refused).toMatchObject(expected);
    expect(JSON.stringify(refused)).not.toContain('secret');
    expect(app.connections.size).toBe(0);
    await app.connect('/gate');
  });

  test.each<[string, Parameters<typeof createTestApp>[1], Record<string, string>, number | undefined]>([
    ['of another host', {}, { origin: 'https://evil.example.com' }, 403],
    ['of the same host', {}, { origin: 'http://localhost:3000' }, undefined],
    ['that is listed', { origins: ['https://app.example.com'] }, { origin: 'https://app.example.com' }, undefined],
    ['without a version', {}, { 'sec-websocket-version': '8' }, 426],
  ])('a page %s is judged as on a port', async (_what, options, headers, status) => {
    const app = await serve([Gate], options);
    const outcome = await app.connect('/gate', { headers }).then(
      () => undefined,
      (error: unknown) => (error as UpgradeRefusedError).status,
    );
    expect(outcome).toBe(status);
  });
});

test('large messages go both ways, and no faster than they are read', async () => {
  const sent: boolean[] = [];
  let most = 0;
  @WebSocketPath('/', { limits: { maxMessageBytes: 10_000_000 } })
  class Large {
    @OnMessage('flood')
    async flood(count: number, connection: Connection): Promise<void> {
      for (let i = 0; i < count; i++) {
        sent.push(connection.send(Buffer.alloc(100_000, i)));
        most = Math.max(most, connection.bufferedBytes);
        await connection.drained();
      }
    }
    @OnMessage()
    binary(message: Uint8Array): string {
      return String(message.length);
    }
  }
  const client = await (await serve([Large])).connect('/');
  client.send(Buffer.alloc(10_000_000));
  expect(await client.receive()).toBe('10000000');
  const { socket } = client as unknown as { socket: Duplex };
  socket.pause();
  client.emit('flood', 100);
  await settled();
  expect(sent.length).toBeLessThan(5);
  expect(sent.at(-1)).toBe(false);
  socket.resume();
  for (let i = 0; i < 100; i++) {
    const message = (await client.receive()) as Buffer;
    expect([message.length, message[0], message.at(-1)]).toEqual([100_000, i, i]);
  }
  expect(most).toBeLessThan(300_000);
});

test('a thousand clients are served side by side', async () => {
  const app = await serve([Echo]);
  const clients = await Promise.all(Array.from({ length: 1000 }, (_, i) => app.connect(`/echo/${i}`)));
  expect(app.connections.size).toBe(1000);
  const sums = await Promise.all(clients.map((client, i) => client.request('add', [i, 1])));
  expect(sums).toEqual(clients.map((_, i) => i + 1));
  await Promise.all(clients.map((client) => client.close()));
  await settled();
  expect(app.connections.size).toBe(0);
});

test('several applications of one module share nothing', async () => {
  @WebSocketPath('/')
  class Counter {
    private count = 0;
    @OnMessage('next')
    next(): number {
      return ++this.count;
    }
    @OnMessage('wait')
    async wait(connection: Connection): Promise<unknown> {
      return connection.request('never', undefined, { timeoutMs: 1000 }).catch(({ code }: { code: string }) => code);
    }
  }
  const [one, other] = [await serve([Counter]), await serve([Counter])];
  const [client, stranger] = [await one.connect('/'), await other.connect('/')];
  expect([await client.request('next'), await client.request('next'), await stranger.request('next')]).toEqual([
    1, 2, 1,
  ]);
  const waiting = [client.request('wait'), stranger.request('wait')];
  const answered = jest.fn();
  void waiting[1]!.then(answered);
  await one.advance(1000);
  expect(await waiting[0]).toBe('timeout');
  expect(answered).not.toHaveBeenCalled();
  await one.close();
  expect((await client.closed).code).toBe(1001);
  await other.advance(1000);
  expect(await waiting[1]).toBe('timeout');
  expect([one.connections.size, other.connections.size]).toEqual([0, 1]);
});

test('an application starts and stops once, without a port; afterwards nobody can connect', async () => {
  const calls: string[] = [];
  class Service {
    async onInit(): Promise<void> {
      await settled();
      calls.push('init');
    }
    onShutdown(): void {
      calls.push('shutdown');
    }
  }
  const app = await serve([Echo], { providers: [Service] });
  expect(calls).toEqual(['init']);
  expect(() => app.port).toThrow('not listening');
  expect(app.container.resolve(Service)).toBeInstanceOf(Service);
  await Promise.all([app.close(), app.close()]);
  expect(calls).toEqual(['init', 'shutdown']);
  await expect(app.connect('/echo/a')).rejects.toThrow('the application is closed');
});

test('createTestApp rejects with the error that stops the application from starting', async () => {
  class Broken {
    onInit(): never {
      throw new Error('no database');
    }
  }
  class NoHandlers {}
  await expect(serve([Echo], { providers: [Broken] })).rejects.toThrow('no database');
  await expect(serve([NoHandlers])).rejects.toBeInstanceOf(BootError);
  await expect(serve([Echo], { prot: 1 } as object)).rejects.toThrow('there is no option "prot"');
});

test('a closed application leaves nothing that keeps the process alive, and no timer on its clock', async () => {
  const living = new Map<number, object>();
  const hook = createHook({
    init: (id, type, _trigger, resource: object) =>
      void (/Timeout|TCP|PIPE|TLS|UDP|HTTP2/.test(type) && living.set(id, resource)),
    destroy: (id) => void living.delete(id),
  }).enable();
  const app = await createTestApp(AppModule);
  const { clock } = app as unknown as { clock: ManualClock };
  const clients = await Promise.all(['/echo/a', '/echo/b', '/echo/c'].map((path) => app.connect(path)));
  await app.connect('/secret').catch(() => {});
  void clients[0]!.request('ask', 1);
  void clients[1]!.close();
  const closing = app.close();
  await app.advance(10_000);
  await closing;
  await settled();
  hook.disable();
  // Node's own timers do not keep the process alive
  const keeping = [...living.values()].filter((resource) => (resource as Partial<NodeJS.Timeout>).hasRef?.() !== false);
  expect(keeping).toEqual([]);
  expect(clock.pending).toBe(0);
});
