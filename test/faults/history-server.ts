import { bootstrap, Channels, Connection, MessageBody, Module, OnMessage, WebSocketPath } from 'portal-ws';
import { NatsBackplane } from 'portal-ws/nats';
import { RedisBackplane } from 'portal-ws/redis';

/** A process with channels that keep a history. `server-process.ts` compiles it. Arguments: the kind of broker and its URL. */

export const KEEP = { size: 1000, ttlSeconds: 600 };

let gaps = 0;

@WebSocketPath('/')
class HistoryController {
  constructor(private readonly channels: Channels) {}

  @OnMessage('follow')
  async follow(@MessageBody() { channel, since }: { channel: string; since?: string }, connection: Connection) {
    return (await connection.subscribe(channel, { since })) ?? {};
  }

  @OnMessage('publish')
  publish(@MessageBody() { channel, data }: { channel: string; data: unknown }) {
    return this.channels.publish(channel, JSON.stringify({ data }));
  }

  /** Publishes `count` messages of `length` characters. */
  @OnMessage('fill')
  fill(@MessageBody() { channel, count, length }: { channel: string; count: number; length: number }) {
    const message = JSON.stringify({ data: 'x'.repeat(length) });
    for (let n = 0; n < count; n++) this.channels.publish(channel, message);
  }

  @OnMessage('gaps')
  gaps() {
    return gaps;
  }

  onBackplaneGap(): void {
    gaps++;
  }
}

@Module({ controllers: [HistoryController] })
class HistoryModule {}

async function main(): Promise<void> {
  const [, , kind, url = ''] = process.argv;
  const backplane = kind === 'redis' ? new RedisBackplane({ url }) : new NatsBackplane({ servers: url });
  const app = await bootstrap(HistoryModule, {
    port: 0,
    host: '127.0.0.1',
    backplane,
    history: { 'log:*': KEEP },
    limits: { maxTotalBufferedBytes: 512 * 1024 * 1024 },
  });
  process.send!(app.url);
}

void main();
