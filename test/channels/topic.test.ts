import { Backlog } from '../../src/channels/backlog';
import { hand, isSender, Topic, type Subscription } from '../../src/channels/topic';
import type { HistoryEntry } from '../../src/channels/history-entry';
import { FakeSubscriber, kept, text } from '../support/subscribers';

const sit = (topic: Topic, one: FakeSubscriber, rest: Partial<Subscription> = {}): Subscription => {
  const subscription = { data: undefined, ...rest };
  topic.subscriptions.set(one.subscriber, subscription);
  return subscription;
};

/** A topic with history, and two who sit in it. */
function start() {
  const topic = new Topic('log:1', { size: 3, ttlSeconds: 60 });
  const [a, b] = [new FakeSubscriber(), new FakeSubscriber()];
  const [seatA, seatB] = [sit(topic, a), sit(topic, b)];
  return { topic, a, b, seatA, seatB };
}

test('a message goes to all, and they are counted', () => {
  const { topic, a, b } = start();
  expect(topic.deliver(text('x'), undefined)).toBe(2);
  expect([a.received, b.received]).toEqual([['x'], ['x']]);
});

test('it goes to all but one', () => {
  const { topic, a, b } = start();
  expect(topic.deliver(text('x'), a.subscriber)).toBe(1);
  expect([a.received, b.received]).toEqual([[], ['x']]);
});

test('one who does not sit there leaves nobody out', () => {
  const { topic, a, b } = start();
  expect(topic.deliver(text('x'), new FakeSubscriber().subscriber)).toBe(2);
  expect([a.received, b.received]).toEqual([['x'], ['x']]);
});

test('a message with an offset is taken once', () => {
  const { topic, a } = start();
  expect([1, 2, 2, 1, 3].map((n) => topic.take(kept(n)))).toEqual([true, true, false, false, true]);
  expect(a.received).toEqual(['1', '2', '3']);
});

test('in another epoch all is new', () => {
  const { topic, a } = start();
  topic.take(kept(7));
  expect(topic.take(kept(1, undefined, 2))).toBe(true);
  expect(topic.take(kept(1, undefined, 2))).toBe(false);
  expect(a.received).toEqual(['7', '1']);
  expect(topic.position).toBe('2-1');
});

test('its position is the latest that was delivered, or where it began', () => {
  const { topic } = start();
  expect(topic.position).toBeUndefined();
  topic.base = '1-4';
  expect(topic.position).toBe('1-4');
  topic.take(kept(5));
  expect(topic.position).toBe('1-5');
});

test('the sender does not get its own', () => {
  const { topic, a, b } = start();
  topic.take(kept(1, a.id));
  expect([a.received, b.received]).toEqual([[], ['1']]);
});

test('what one has had up to its floor is not sent again', () => {
  const { topic, a, b, seatA } = start();
  seatA.floor = '1-2';
  for (const n of [1, 2, 3]) topic.take(kept(n));
  expect([a.received, b.received]).toEqual([['3'], ['1', '2', '3']]);
});

test('for one who catches up messages wait', () => {
  const { topic, a, b, seatA } = start();
  seatA.waiting = new Backlog();
  for (let n = 1; n <= 100; n++) topic.take(kept(n));
  expect([...seatA.waiting]).toHaveLength(100);
  expect(a.received).toEqual([]);
  expect(b.received).toHaveLength(100);
});

test('a topic that pauses delivers what it missed, and then what came since, each message once', () => {
  const { topic, a } = start();
  const take = (message: HistoryEntry) => void topic.take(message);
  take(kept(1));
  topic.pause();
  expect(topic.isPaused).toBe(true);
  expect(topic.take(kept(4))).toBe(false);
  topic.pause();
  expect(topic.take(kept(5))).toBe(false);
  expect(a.received).toEqual(['1']);
  topic.deliverMissed([kept(2), kept(3)], take);
  expect(topic.isPaused).toBe(true);
  expect(a.received).toEqual(['1', '2', '3']);
  topic.deliverMissed([kept(4)], take);
  expect(topic.takeForgotten()).toBe(false);
  topic.resume(take);
  expect(topic.isPaused).toBe(false);
  expect(a.received).toEqual(['1', '2', '3', '4', '5']);
  topic.resume(take);
  expect(a.received).toHaveLength(5);
});

test('what came while it paused and was too much is to be read', () => {
  const { topic, a } = start();
  topic.base = '1-0';
  topic.pause();
  for (let n = 1; n <= 3; n++) topic.take({ ...kept(n), message: text('x'.repeat(200_000)) });
  expect(topic.takeForgotten()).toBe(true);
  expect(topic.takeForgotten()).toBe(false);
  topic.take(kept(4));
  topic.resume((message) => void topic.take(message));
  expect(a.received).toEqual(['4']);
});

test('where nobody knows what it missed, the first is delivered while it pauses', () => {
  const { topic, a } = start();
  topic.pause();
  expect([4, 5].map((n) => topic.take(kept(n)))).toEqual([true, false]);
  expect([a.received, topic.position]).toEqual([['4'], '1-4']);
  topic.resume((message) => void topic.take(message));
  expect(a.received).toEqual(['4', '5']);
});

test('a message is handed to one who has not had it and did not send it', () => {
  const one = new FakeSubscriber();
  hand(one.subscriber, { data: undefined }, kept(1));
  hand(one.subscriber, { data: undefined, floor: '1-2' }, kept(2));
  hand(one.subscriber, { data: undefined, floor: '1-2' }, kept(3));
  hand(one.subscriber, { data: undefined }, kept(4, one.id));
  hand(one.subscriber, { data: undefined }, kept(5, 'somebody else'));
  expect(one.received).toEqual(['1', '3', '5']);
});

test('a connection that nobody has asked for its id has sent nothing', () => {
  const one = new FakeSubscriber('the id', false);
  expect(isSender(one.subscriber, kept(1, 'the id'))).toBe(false);
  expect(isSender(new FakeSubscriber('the id').subscriber, kept(1, 'the id'))).toBe(true);
  expect(isSender(new FakeSubscriber('the id').subscriber, kept(1))).toBe(false);
});
