import { Inbox } from '../../src/engine/inbox';
import { deferred } from '../support/engine';

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
