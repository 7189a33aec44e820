import { bootstrap, Channels, Connection, Module, OnMessage, WebSocketPath, type Gap } from 'portal-ws';
import { NatsBackplane } from 'portal-ws/nats';
import { RedisBackplane } from 'portal-ws/redis';

/** One of several processes with a backplane. `server-process.ts` compiles it. Arguments: the kind of broker and its URL. */

export interface Order {
  readonly do: 'subscribe' | 'publish' | 'count' | 'gaps';
  readonly channel: string;
  readonly since?: string;
  /** The publisher and the number make up a message. */
  readonly publisher?: string;
  readonly number?: number;
  /** The id of the answer. */
  readonly re: number;
}

/** The body of a published message. */
export interface Published {
  readonly publisher: string;
  readonly number: number;
}

/** A gap in the backplane's connection; times in milliseconds since 1970. */
export interface GapTimes {
  readonly from: number;
  readonly to: number;
  readonly lost: number;
  readonly unrecovered: number;
}

const [, , kind, url = ''] = process.argv;
const gaps: GapTimes[] = [];

@WebSocketPath('/')
class OrderController {
  constructor(private readonly channels: Channels) {}

  @OnMessage()
  async take(text: string, connection: Connection): Promise<string> {
    const order = JSON.parse(text) as Order;
    const { re } = order;
    try {
      return JSON.stringify({ re, ...(await this.carryOut(order, connection)) });
    } catch (error) {
      return JSON.stringify({ re, error: (error as { code?: string }).code ?? String(error) });
    }
  }

  onBackplaneGap({ since, ms, lost, unrecovered }: Gap): void {
    const from = since.getTime();
    gaps.push({ from, to: from + ms, lost, unrecovered: unrecovered.length });
  }

  private async carryOut(order: Order, connection: Connection): Promise<object> {
    const { channel, publisher, number, since } = order;
    switch (order.do) {
      case 'subscribe':
        return (
          (await connection.subscribe(channel, { data: process.pid, ...(since !== undefined && { since }) })) ?? {}
        );
      case 'publish': {
        const at = Date.now();
        const { others } = this.channels.publish(channel, JSON.stringify({ publisher, number }));
        return { at, others };
      }
      case 'count':
        return { count: await this.channels.subscribers(channel) };
      case 'gaps':
        return { gaps };
    }
  }
}

@Module({ controllers: [OrderController] })
class ClusterModule {}

async function main(): Promise<void> {
  const backplane = kind === 'redis' ? new RedisBackplane({ url }) : new NatsBackplane({ servers: url });
  const history = { 'log:*': { size: 10_000, ttlSeconds: 600 } };
  const app = await bootstrap(ClusterModule, { port: 0, host: '127.0.0.1', backplane, history });
  process.send!(app.url);
}

void main();
