import { Inbox } from '../../src/connection/inbox';
import { IncomingStream } from '../../src/connection/message-stream';
import { deferred } from '../support/engine';
import { countMoves } from '../support/moved';

function inboxOf(concurrency: number): { inbox: Inbox; begun: string[]; finish: (message: string) => Promise<void> } {
  const begun: string[] = [];
  const works = new Map<string, () => void>();
  const inbox: Inbox = new Inbox(
    concurrency,
    (message) => begin(String(message)),
    () => {},
  );
  const begin = (message: string): void => {
    begun.push(message);
    const work = deferred();
    works.set(message, work.resolve);
    inbox.track(work.promise);
  };
  const finish = async (message: string): Promise<void> => {
    works.get(message)!();
    await new Promise(setImmediate);
  };
  begin('a');
  return { inbox, begun, finish };
}

test('one at a time, in order', async () => {
  const { inbox, begun, finish } = inboxOf(1);
  expect(inbox.busy).toBe(true);
  inbox.add('b');
  inbox.add('c');
  expect(inbox.length).toBe(2);
  await finish('a');
  expect(begun).toEqual(['a', 'b']);
  await finish('b');
  await finish('c');
  expect(begun).toEqual(['a', 'b', 'c']);
  expect(inbox.idle).toBe(true);
});

test('as many at once as the concurrency says', async () => {
  const { inbox, begun, finish } = inboxOf(2);
  expect(inbox.busy).toBe(false);
  inbox.track(new Promise(() => {}));
  expect(inbox.busy).toBe(true);
  inbox.add('b');
  await finish('a');
  expect(begun).toEqual(['a', 'b']);
});

test('what waits may be forgotten, and the rest goes on', async () => {
  const { inbox, begun, finish } = inboxOf(1);
  const stream = new IncomingStream(false, 10, { onStreamRead() {}, onStreamViolation() {}, onInflated() {} });
  stream.push(Buffer.from('x'));
  inbox.add('b');
  inbox.add(stream);
  expect(inbox.clear()).toEqual(['b', stream]);
  expect([inbox.length, inbox.bytes]).toEqual([0, 0]);
  inbox.add('c');
  await finish('a');
  expect(begun).toEqual(['a', 'c']);
});

test('a message that is handled at once makes room for the next', async () => {
  const handled: string[] = [];
  const inbox = new Inbox(
    1,
    (message) => handled.push(String(message)),
    () => {},
  );
  const work = deferred();
  inbox.track(work.promise);
  for (const message of ['a', 'b', 'c']) inbox.add(message);
  work.resolve();
  await work.promise;
  await new Promise(setImmediate);
  expect(handled).toEqual(['a', 'b', 'c']);
});

test('whenIdle calls back at once, or when the last handler has settled', async () => {
  const { inbox, finish } = inboxOf(1);
  const calls: string[] = [];
  inbox.whenIdle(() => calls.push('idle'));
  inbox.add('b');
  await finish('a');
  expect(calls).toEqual([]);
  await finish('b');
  expect(calls).toEqual(['idle']);
  inbox.whenIdle(() => calls.push('again'));
  expect(calls).toEqual(['idle', 'again']);
});

test('it knows how many bytes wait: those of binary messages, the units of text, none for streams', async () => {
  const { inbox, finish } = inboxOf(1);
  expect(inbox.bytes).toBe(0);
  inbox.add('four');
  inbox.add(Buffer.alloc(1000));
  inbox.add(new IncomingStream(true, 10, { onStreamRead() {}, onStreamViolation() {}, onInflated() {} }));
  expect(inbox.bytes).toBe(1004);
  await finish('a');
  expect(inbox.bytes).toBe(1000);
  await finish('four');
  expect(inbox.bytes).toBe(0);
  expect(inbox.length).toBe(1);
});

test('it knows what they take of memory, which is more than nothing for each', async () => {
  const { inbox, finish } = inboxOf(1);
  const stream = new IncomingStream(true, 10, { onStreamRead() {}, onStreamViolation() {}, onInflated() {} });
  const messages = ['', Buffer.alloc(0), 'four', Buffer.alloc(1000), stream];
  const costs = messages.map((message) => inbox.add(message));
  expect(costs).toEqual([256, 256, 264, 1256, 1024]);
  expect(inbox.heldBytes).toBe(256 + 256 + 264 + 1256 + 1024);
  await finish('a');
  expect(inbox.heldBytes).toBe(256 + 264 + 1256 + 1024);
});

test('200,000 that wait for a handler that takes its time are moved twice at the most', async () => {
  const work = deferred();
  let handled = 0;
  const inbox: Inbox = new Inbox(
    1,
    () => {
      handled++;
      // every thousandth takes a while too
      if (handled % 1000 === 0) inbox.track(new Promise(setImmediate));
    },
    () => {},
  );
  inbox.track(work.promise);
  for (let i = 0; i < 200_000; i++) inbox.add('x');
  const idle = new Promise<void>((resolve) => inbox.whenIdle(resolve));
  const count = countMoves();
  work.resolve();
  await idle;
  count.stop();
  expect(handled).toBe(200_000);
  expect(count.moved).toBeLessThan(2 * 200_000 + 100_000);
});

test('work may take all places at once, as an opening does', async () => {
  const handled: string[] = [];
  const inbox = new Inbox(
    3,
    (message) => handled.push(String(message)),
    () => {},
  );
  const opening = deferred();
  inbox.track(opening.promise, 3);
  expect(inbox.busy).toBe(true);
  inbox.add('a');
  opening.resolve();
  await new Promise(setImmediate);
  expect(handled).toEqual(['a']);
  expect(inbox.busy).toBe(false);
});

test('it tells when a handler has settled, after its place was filled again', async () => {
  const seen: string[] = [];
  const inbox = new Inbox(
    1,
    (message) => seen.push(String(message)),
    () => seen.push('settled'),
  );
  const work = deferred();
  inbox.track(work.promise);
  inbox.add('next');
  work.resolve();
  await new Promise(setImmediate);
  expect(seen).toEqual(['next', 'settled']);
});

test('who waits for it to be idle may use it', async () => {
  const { inbox, begun, finish } = inboxOf(1);
  const idle = jest.fn();
  inbox.whenIdle(() => {
    inbox.track(new Promise(() => {}));
    inbox.whenIdle(idle);
  });
  await finish('a');
  expect(begun).toEqual(['a']);
  expect(idle).not.toHaveBeenCalled();
});
