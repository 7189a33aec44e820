import { Backlog } from '../../src/channels/backlog';
import { Topic } from '../../src/channels/topic';
import type { HistoryEntry } from '../../src/channels/history-entry';
import { Topics } from '../../src/channels/topics';
import { FakeSubscriber, kept, text } from '../support/subscribers';

const keep = { size: 3, ttlSeconds: 60 };

function start() {
  const topics = new Topics();
  const open = (name: string, ...those: FakeSubscriber[]): Topic => {
    const isPattern = name.includes('*');
    const topic = new Topic(name, isPattern ? undefined : keep, isPattern);
    topics.add(topic);
    for (const { subscriber } of those) topic.subscriptions.set(subscriber, { data: undefined });
    return topic;
  };
  const [a, b, c] = [new FakeSubscriber(), new FakeSubscriber(), new FakeSubscriber()];
  const received = (): string[][] => [a, b, c].map((one) => one.received.splice(0));
  return { topics, open, a, b, c, received };
}

test('topics are found by name, patterns too', () => {
  const { topics, open } = start();
  const [name, pattern] = [open('room:7'), open('room:*')];
  expect(topics.get('room:7')).toBe(name);
  expect(topics.get('room:*')).toBe(pattern);
  expect(topics.get('room:8')).toBeUndefined();
  expect([...topics]).toEqual([name]);
});

test('a message goes to those of the name and of all patterns that match, once to each', () => {
  const { topics, open, a, b, c, received } = start();
  open('room:7', a, b);
  open('room:*', b, c);
  open('**', c);
  open('hall:*', a);
  expect(topics.deliver('room:7', text('x'))).toBe(3);
  expect(received()).toEqual([['x'], ['x'], ['x']]);
  expect(topics.deliver('room:8', text('y'))).toBe(2);
  expect(received()).toEqual([[], ['y'], ['y']]);
  expect(topics.deliver('elsewhere', text('z'))).toBe(1);
  expect(received()).toEqual([[], [], ['z']]);
});

test('nobody is told of what nobody subscribes to', () => {
  const { topics, open, a, received } = start();
  open('room:7', a);
  expect(topics.deliver('room:8', text('x'))).toBe(0);
  expect(received()).toEqual([[], [], []]);
});

test('its sender is left out, by whatever it subscribes', () => {
  const { topics, open, a, b, c, received } = start();
  open('room:7', a, b);
  expect(topics.deliver('room:7', text('x'), a.subscriber)).toBe(1);
  open('room:*', a, c);
  expect(topics.deliver('room:7', text('y'), a.subscriber)).toBe(2);
  expect(topics.deliver('room:8', text('z'), b.subscriber)).toBe(2);
  expect(received()).toEqual([['z'], ['x', 'y'], ['y', 'z']]);
});

test('what is deleted gets nothing any more', () => {
  const { topics, open, a, b, received } = start();
  const [name, pattern] = [open('room:7', a), open('room:*', b)];
  topics.delete(name);
  topics.delete(name);
  expect(topics.deliver('room:7', text('x'))).toBe(1);
  topics.delete(pattern);
  topics.delete(pattern);
  expect(topics.deliver('room:7', text('y'))).toBe(0);
  expect(topics.get('room:*')).toBeUndefined();
  expect(received()).toEqual([[], ['x'], []]);
});

describe('a message with an offset', () => {
  test('goes to those of the name and of patterns, once to each', () => {
    const { topics, open, a, b, c, received } = start();
    open('log:1', a, b);
    open('log:*', b, c);
    open('log:**', c);
    topics.deliverEntry('log:1', kept(1));
    expect(received()).toEqual([['1'], ['1'], ['1']]);
  });

  test('that comes again goes to nobody', () => {
    const { topics, open, a, b, received } = start();
    open('log:1', a);
    open('log:*', b);
    for (const n of [1, 2, 1, 2]) topics.deliverEntry('log:1', kept(n));
    expect(received()).toEqual([['1', '2'], ['1', '2'], []]);
  });

  test('does not come back to its sender', () => {
    const { topics, open, a, b, c, received } = start();
    open('log:1', a, b);
    open('log:*', a, c);
    topics.deliverEntry('log:1', kept(1, a.id));
    topics.deliverEntry('log:1', kept(2, c.id));
    expect(received()).toEqual([['2'], ['1', '2'], ['1']]);
  });

  test('goes to those of patterns where nobody has the name', () => {
    const { topics, open, a, received } = start();
    open('log:*', a);
    topics.deliverEntry('log:1', kept(1));
    topics.deliverEntry('news', kept(1));
    expect(received()).toEqual([['1'], [], []]);
  });

  test('waits for all while its topic pauses', () => {
    const { topics, open, a, b, received } = start();
    const topic = open('log:1', a);
    open('log:*', b);
    topic.base = '1-0';
    topic.pause();
    topics.deliverEntry('log:1', kept(2));
    expect(received()).toEqual([[], [], []]);
    const deliver = (message: HistoryEntry) => topics.deliverEntry('log:1', message);
    topic.deliverMissed([kept(1)], deliver);
    topic.resume(deliver);
    expect(received()).toEqual([['1', '2'], ['1', '2'], []]);
  });

  test('is handed to one who catches up by the topic alone, even where a pattern of its own matches', () => {
    const { topics, open, a, received } = start();
    const topic = open('log:1', a);
    open('log:*', a);
    const waiting = new Backlog();
    topic.subscriptions.get(a.subscriber)!.waiting = waiting;
    topics.deliverEntry('log:1', kept(1));
    expect(received()).toEqual([[], [], []]);
    expect([...waiting]).toHaveLength(1);
  });
});
