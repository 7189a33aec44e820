import { MessageQueue } from '../../src/connection/message-queue';
import { IncomingStream } from '../../src/connection/message-stream';
import { deferred } from '../support/engine';
import { countMoves } from '../support/moved';

function queueOf(concurrency: number): {
  queue: MessageQueue;
  begun: string[];
  finish: (message: string) => Promise<void>;
} {
  const begun: string[] = [];
  const works = new Map<string, () => void>();
  const queue: MessageQueue = new MessageQueue(
    concurrency,
    (message) => begin(String(message)),
    () => {},
  );
  const begin = (message: string): void => {
    begun.push(message);
    const work = deferred();
    works.set(message, work.resolve);
    queue.track(work.promise);
  };
  const finish = async (message: string): Promise<void> => {
    works.get(message)!();
    await new Promise(setImmediate);
  };
  begin('a');
  return { queue, begun, finish };
}

test('one at a time, in order', async () => {
  const { queue, begun, finish } = queueOf(1);
  expect(queue.busy).toBe(true);
  queue.add('b');
  queue.add('c');
  expect(queue.length).toBe(2);
  await finish('a');
  expect(begun).toEqual(['a', 'b']);
  await finish('b');
  await finish('c');
  expect(begun).toEqual(['a', 'b', 'c']);
  expect(queue.idle).toBe(true);
});

test('as many at once as the concurrency says', async () => {
  const { queue, begun, finish } = queueOf(2);
  expect(queue.busy).toBe(false);
  queue.track(new Promise(() => {}));
  expect(queue.busy).toBe(true);
  queue.add('b');
  await finish('a');
  expect(begun).toEqual(['a', 'b']);
});

test('messages that wait can be cleared, and later ones go on', async () => {
  const { queue, begun, finish } = queueOf(1);
  const stream = new IncomingStream(false, 10, { onStreamRead() {}, onStreamViolation() {}, onInflated() {} });
  stream.push(Buffer.from('x'));
  queue.add('b');
  queue.add(stream);
  expect(queue.clear()).toEqual(['b', stream]);
  expect([queue.length, queue.bytes]).toEqual([0, 0]);
  queue.add('c');
  await finish('a');
  expect(begun).toEqual(['a', 'c']);
});

test('a message that is handled at once makes room for the next', async () => {
  const handled: string[] = [];
  const queue = new MessageQueue(
    1,
    (message) => handled.push(String(message)),
    () => {},
  );
  const work = deferred();
  queue.track(work.promise);
  for (const message of ['a', 'b', 'c']) queue.add(message);
  work.resolve();
  await work.promise;
  await new Promise(setImmediate);
  expect(handled).toEqual(['a', 'b', 'c']);
});

test('whenIdle calls back at once, or when the last handler has settled', async () => {
  const { queue, finish } = queueOf(1);
  const calls: string[] = [];
  queue.whenIdle(() => calls.push('idle'));
  queue.add('b');
  await finish('a');
  expect(calls).toEqual([]);
  await finish('b');
  expect(calls).toEqual(['idle']);
  queue.whenIdle(() => calls.push('again'));
  expect(calls).toEqual(['idle', 'again']);
});

test('it knows how many bytes wait: those of binary messages, the units of text, none for streams', async () => {
  const { queue, finish } = queueOf(1);
  expect(queue.bytes).toBe(0);
  queue.add('four');
  queue.add(Buffer.alloc(1000));
  queue.add(new IncomingStream(true, 10, { onStreamRead() {}, onStreamViolation() {}, onInflated() {} }));
  expect(queue.bytes).toBe(1004);
  await finish('a');
  expect(queue.bytes).toBe(1000);
  await finish('four');
  expect(queue.bytes).toBe(0);
  expect(queue.length).toBe(1);
});

test('it knows what they take of memory, which is more than nothing for each', async () => {
  const { queue, finish } = queueOf(1);
  const stream = new IncomingStream(true, 10, { onStreamRead() {}, onStreamViolation() {}, onInflated() {} });
  const messages = ['', Buffer.alloc(0), 'four', Buffer.alloc(1000), stream];
  const costs = messages.map((message) => queue.add(message));
  expect(costs).toEqual([256, 256, 264, 1256, 1024]);
  expect(queue.heldBytes).toBe(256 + 256 + 264 + 1256 + 1024);
  await finish('a');
  expect(queue.heldBytes).toBe(256 + 264 + 1256 + 1024);
});

test('200,000 that wait for a handler that takes its time are moved twice at the most', async () => {
  const work = deferred();
  let handled = 0;
  const queue: MessageQueue = new MessageQueue(
    1,
    () => {
      handled++;
      // every thousandth takes a while too
      if (handled % 1000 === 0) queue.track(new Promise(setImmediate));
    },
    () => {},
  );
  queue.track(work.promise);
  for (let i = 0; i < 200_000; i++) queue.add('x');
  const idle = new Promise<void>((resolve) => queue.whenIdle(resolve));
  const count = countMoves();
  work.resolve();
  await idle;
  count.stop();
  expect(handled).toBe(200_000);
  expect(count.moved).toBeLessThan(2 * 200_000 + 100_000);
});

test('work may take all places at once, as an opening does', async () => {
  const handled: string[] = [];
  const queue = new MessageQueue(
    3,
    (message) => handled.push(String(message)),
    () => {},
  );
  const opening = deferred();
  queue.hold(opening.promise);
  expect(queue.busy).toBe(true);
  queue.add('a');
  opening.resolve();
  await new Promise(setImmediate);
  expect(handled).toEqual(['a']);
  expect(queue.busy).toBe(false);
});

test('it tells when a handler has settled, after its place was filled again', async () => {
  const seen: string[] = [];
  const queue = new MessageQueue(
    1,
    (message) => seen.push(String(message)),
    () => seen.push('settled'),
  );
  const work = deferred();
  queue.track(work.promise);
  queue.add('next');
  work.resolve();
  await new Promise(setImmediate);
  expect(seen).toEqual(['next', 'settled']);
});

test('a callback of whenIdle may use the queue', async () => {
  const { queue, begun, finish } = queueOf(1);
  const idle = jest.fn();
  queue.whenIdle(() => {
    queue.track(new Promise(() => {}));
    queue.whenIdle(idle);
  });
  await finish('a');
  expect(begun).toEqual(['a']);
  expect(idle).not.toHaveBeenCalled();
});
