import { Backlog } from '../../src/channels/backlog';
import { SubscriptionRegistry } from '../../src/channels/subscription-registry';
import type { Cluster } from '../../src/channels/cluster';
import type { Subscriber } from '../../src/engine';

const subscriberNamed = (id: string): Subscriber => ({ connection: { id }, state: 'open' }) as never;

/** Subjects that are subscribed to, as calls. */
function fakeCluster(subscribe: () => Promise<void> = () => Promise.resolve()) {
  const calls: string[] = [];
  const cluster = {
    subscribe: (subject: string) => (calls.push(`+${subject}`), subscribe()),
    unsubscribe: (subject: string) => void calls.push(`-${subject}`),
  } as unknown as Cluster;
  return { calls, cluster };
}

test('the first who sits opens a topic, the last who leaves closes it', async () => {
  const { calls, cluster } = fakeCluster();
  const registry = new SubscriptionRegistry(cluster, undefined, undefined);
  const [a, b] = [subscriberNamed('a'), subscriberNamed('b')];
  const topic = registry.topicOf('room:7', false);
  registry.add(a, topic, 1, false);
  registry.add(b, registry.topicOf('room:7', false), 2, false);
  await topic.ready;
  expect(topic.ready).toBeUndefined();
  expect(registry.membersOf('room:7')).toEqual([
    { connectionId: 'a', data: 1 },
    { connectionId: 'b', data: 2 },
  ]);
  registry.leave(a, topic);
  registry.leave(a, topic);
  expect(registry.countOf('room:7')).toBe(1);
  registry.leaveAll(b);
  registry.leaveAll(b);
  expect(registry.topics.get('room:7')).toBeUndefined();
  expect(calls).toEqual(['+room:7', '-room:7']);
});

test('sitting again changes the data and nothing else', () => {
  const registry = new SubscriptionRegistry(undefined, undefined, undefined);
  const a = subscriberNamed('a');
  const topic = registry.topicOf('room:7', false);
  const subscription = registry.add(a, topic, 1, false);
  subscription.floor = '1-5';
  expect(registry.add(a, topic, 2, false)).toBe(subscription);
  expect(subscription).toEqual({ data: 2, floor: '1-5' });
  expect(registry.add(a, topic, 3, true)).toEqual({ data: 3, floor: '1-5', waiting: new Backlog() });
});

test('a subscription that is refused leaves nothing unhandled', async () => {
  const { cluster } = fakeCluster(() => Promise.reject(new Error('no')));
  const topic = new SubscriptionRegistry(cluster, undefined, undefined).topicOf('room:7', false);
  await expect(topic.ready).rejects.toThrow('no');
});

test('nothing is kept of who has left', () => {
  const registry = new SubscriptionRegistry(undefined, undefined, undefined);
  const a = subscriberNamed('a');
  registry.add(a, registry.topicOf('room:*', true), undefined, false);
  registry.leaveAll(a);
  expect(registry.find(a)).toBeUndefined();
  expect([...registry.topics]).toEqual([]);
});
