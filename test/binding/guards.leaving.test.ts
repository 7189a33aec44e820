import { createServer } from 'node:http';
import {
  Channels,
  Connection,
  Connections,
  OnClose,
  OnMessage,
  OnOpen,
  OnUpgrade,
  UseGuards,
  WebSocketPath,
  type Context,
  type Guard,
} from '../../src';
import { start } from '../support/app';
import { deferred } from '../support/engine';
import { opened as listening, portOf } from '../support/foreign';
import { RawClient } from '../support/raw-client';
import { settled } from '../support/serve';

let heard: string[];
let asked: ReturnType<typeof deferred<void>>;
let goOn: ReturnType<typeof deferred<void>>;
let left: ReturnType<typeof deferred<void>>;

beforeEach(() => {
  heard = [];
  [asked, goOn, left] = [deferred(), deferred(), deferred()];
});

/** Thinks until it is told to go on, and notes when its client leaves. */
async function think(connection: Connection): Promise<void> {
  connection.signal.addEventListener('abort', () => left.resolve());
  asked.resolve();
  await goOn.promise;
  connection.user = { id: 'ann' };
  heard.push(`thought ${connection.id.length}`);
}

class SlowGuard implements Guard {
  async canActivate({ connection }: Context): Promise<boolean> {
    await think(connection);
    return true;
  }
}

class Served {
  @OnOpen()
  open(): void {
    heard.push('opened');
  }

  @OnMessage()
  message(_message: string): void {}

  @OnClose()
  bye(): void {
    heard.push('closed');
  }
}

@WebSocketPath('/guard')
@UseGuards(SlowGuard)
class Guarded extends Served {}

@WebSocketPath('/method')
class Upgrading extends Served {
  @OnUpgrade()
  up(connection: Connection): Promise<void> {
    return think(connection);
  }
}

@WebSocketPath('/own', { scope: 'connection' })
class Own extends Served {
  dispose(): void {
    heard.push('disposed');
  }

  @OnUpgrade()
  up(connection: Connection): Promise<void> {
    return think(connection);
  }
}

const LEAVING: [string, (client: RawClient) => void][] = [
  ['ends its side', (client) => void client.socket.end()],
  ['resets', (client) => void client.socket.resetAndDestroy()],
];

describe.each(LEAVING)('a client that %s while it is thought about', (_how, leave) => {
  test.each([
    ['/guard', 'its own port'],
    ['/method', 'its own port'],
    ['/own', 'its own port'],
    ['/guard', 'a server that it is attached to'],
    ['/own', 'a server that it is attached to'],
  ])('is never opened, at %s of %s', async (path, where) => {
    const app = await start([Guarded, Upgrading, Own], {
      heartbeat: false,
      shutdown: { deadlineMs: 30_000 },
    });
    let { url } = app;
    if (where !== 'its own port') {
      const server = await listening(createServer());
      await app.attach(server);
      url = `ws://127.0.0.1:${portOf(server)}`;
    }
    const client = await RawClient.connect(url);
    client.upgrade(path);
    await asked.promise;
    leave(client);
    await left.promise;
    goOn.resolve();
    await client.end();
    await settled();
    expect(heard.sort()).toEqual(path === '/own' ? ['disposed', 'thought 36'] : ['thought 36']);
    expect(app.container.resolve(Connections).size).toBe(0);
    expect(await app.container.resolve(Channels).toUser('ann').count()).toBe(0);
    await app.close();
    expect(app.log.errors).toEqual([]);
  });
});
