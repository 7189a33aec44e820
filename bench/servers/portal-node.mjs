import { Channels, Module, OnMessage, WebSocketPath, createApp } from '../../dist/index.js';
import { NatsBackplane } from '../../dist/adapters/nats/index.js';
import { RedisBackplane } from '../../dist/adapters/redis/index.js';
import { decorate } from './decorate.mjs';

/** One process of a cluster, without clients, so that publishing and receiving cost nothing else. Its parent gives the commands. */
const [, , kind, url] = process.argv;

class Nothing {
  take() {}
}
decorate(Nothing, [WebSocketPath('/')], { take: [[String], OnMessage()] });

class NodeModule {}
decorate(NodeModule, [Module({ controllers: [Nothing] })]);

const backplane = kind === 'redis' ? new RedisBackplane({ url }) : new NatsBackplane({ servers: url });
const app = await createApp(NodeModule, { backplane });
const channels = app.container.resolve(Channels);
await channels.start();

let received = 0;
let due = Infinity;
const subscriber = {
  connection: { id: 'none', identified: true },
  state: 'open',
  route: { endpoint: {} },
  sender: {
    sendShared() {
      if (++received === due) process.send({ received });
    },
  },
};
const payload = Buffer.alloc(64, 7);

const orders = {
  async subscribe({ channel }) {
    await channels.hub.subscribe(subscriber, channel, {});
    process.send({ subscribed: channel });
  },
  expect({ messages }) {
    received = 0;
    due = messages;
    process.send({ expecting: messages });
  },
  /** `together` at a time, `messages` in all, a thousand times a second. */
  async publish({ channel, messages, together }) {
    for (let sent = 0; sent < messages; sent += together) {
      for (let one = 0; one < together; one++) channels.publish(channel, payload);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    process.send({ published: messages });
  },
};

process.on('message', (order) => void orders[order.do](order));
process.on('disconnect', () => process.exit());
process.send({ ready: true });
