import {
  CloseInfo,
  Connection,
  Module,
  OnClose,
  OnMessage,
  OnOpen,
  UnauthorizedError,
  UseGuards,
  WebSocketPath,
  type Guard,
} from '../../src';
import { createTestApp, type UpgradeRefusedError } from '../../src/testing';

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

test('app.close says 1001', async () => {
  const app = await createTestApp(AppModule);
  const client = await app.connect('/echo/a');
  const [, info] = await Promise.all([app.close(), client.closed]);
  expect(info).toEqual({ code: 1001, reason: 'going away', clean: true });
});
