import type { Connection } from '../../src/engine';
import { NO_CHANNELS, type Subscriber, type Subscriptions } from '../../src/connection/subscriptions';
import { startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

test('channels are asked in the name of the connection', async () => {
  const calls: unknown[][] = [];
  const subscribers = new Set<Subscriber>();
  const note =
    <R>(what: string, result: R) =>
    (subscriber: Subscriber, ...rest: unknown[]): R => {
      subscribers.add(subscriber);
      calls.push([what, ...rest]);
      return result;
    };
  const subscriptions: Subscriptions = {
    ...NO_CHANNELS,
    subscribe: note('subscribe', Promise.resolve(undefined)),
    unsubscribe: note('unsubscribe', Promise.resolve()),
    subscribePattern: note('subscribePattern', Promise.resolve()),
    unsubscribePattern: note('unsubscribePattern', Promise.resolve()),
    channelsOf: note('channelsOf', ['room:7']),
    publish: note('publish', undefined),
  };
  const opened: Connection[] = [];
  const endpoint = { path: '/', open: (connection: Connection) => void opened.push(connection) };
  const engine = await startEngine([endpoint], { subscriptions });
  await RawClient.open(engine.url, '/');
  const connection = opened[0]!;
  await connection.subscribe('room:7', { data: 1 });
  await connection.unsubscribe('room:7');
  await connection.subscribePattern('room:*');
  await connection.unsubscribePattern('room:*');
  connection.publish('room:7', 'hello');
  expect(connection.channels).toEqual(['room:7']);
  expect(calls).toEqual([
    ['subscribe', 'room:7', { data: 1 }],
    ['unsubscribe', 'room:7'],
    ['subscribePattern', 'room:*'],
    ['unsubscribePattern', 'room:*'],
    ['publish', 'room:7', 'hello'],
    ['channelsOf'],
  ]);
  expect([...subscribers].map((subscriber) => subscriber.connection)).toEqual([connection]);
});
