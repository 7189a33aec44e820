import { Backlog } from '../../src/channels/backlog';
import { Roster } from '../../src/channels/roster';
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
  const roster = new Roster(cluster, undefined, undefined);
  const [a, b] = [subscriberNamed('a'), subscriberNamed('b')];
  const topic = roster.topicOf('room:7', false);
  roster.sit(a, topic, 1, false);
  roster.sit(b, roster.topicOf('room:7', false), 2, false);
  await topic.ready;
  expect(topic.ready).toBeUndefined();
  expect(roster.membersOf('room:7')).toEqual([
    { connectionId: 'a', data: 1 },
    { connectionId: 'b', data: 2 },
  ]);
  roster.leave(a, topic);
  roster.leave(a, topic);
  expect(roster.countOf('room:7')).toBe(1);
  roster.leaveAll(b);
  roster.leaveAll(b);
  expect(roster.topics.get('room:7')).toBeUndefined();
  expect(calls).toEqual(['+room:7', '-room:7']);
});

test('sitting again changes the data and nothing else', () => {
  const roster = new Roster(undefined, undefined, undefined);
  const a = subscriberNamed('a');
  const topic = roster.topicOf('room:7', false);
  const seat = roster.sit(a, topic, 1, false);
  seat.floor = '1-5';
  expect(roster.sit(a, topic, 2, false)).toBe(seat);
  expect(seat).toEqual({ data: 2, floor: '1-5' });
  expect(roster.sit(a, topic, 3, true)).toEqual({ data: 3, floor: '1-5', waiting: new Backlog() });
});

test('a subscription that is refused leaves nothing unhandled', async () => {
  const { cluster } = fakeCluster(() => Promise.reject(new Error('no')));
  const topic = new Roster(cluster, undefined, undefined).topicOf('room:7', false);
  await expect(topic.ready).rejects.toThrow('no');
});

test('nothing is kept of who has left', () => {
  const roster = new Roster(undefined, undefined, undefined);
  const a = subscriberNamed('a');
  roster.sit(a, roster.topicOf('room:*', true), undefined, false);
  roster.leaveAll(a);
  expect(roster.find(a)).toBeUndefined();
  expect([...roster.topics]).toEqual([]);
});
