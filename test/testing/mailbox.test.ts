import { Mailbox } from '../../src/testing/mailbox';

const even = (item: number): boolean => item % 2 === 0;

test('items are taken in the order in which they arrived', async () => {
  const mailbox = new Mailbox<number>();
  for (const item of [1, 2, 3]) mailbox.put(item);
  expect([await mailbox.take(), await mailbox.take(), await mailbox.take()]).toEqual([1, 2, 3]);
});

test('an item goes to the first reader that waits', async () => {
  const mailbox = new Mailbox<number>();
  const taken = [mailbox.take(), mailbox.take()];
  for (const item of [1, 2, 3]) mailbox.put(item);
  expect(await Promise.all(taken)).toEqual([1, 2]);
  expect(await mailbox.take()).toBe(3);
});

test('a reader of some items leaves the rest to others', async () => {
  const mailbox = new Mailbox<number>();
  mailbox.put(1);
  const wanted = mailbox.take(even);
  mailbox.put(3);
  mailbox.put(4);
  mailbox.put(6);
  expect(await wanted).toBe(4);
  expect(await mailbox.take(even)).toBe(6);
  expect([await mailbox.take(), await mailbox.take()]).toEqual([1, 3]);
});

test('an item goes to one reader, the first that wants it', async () => {
  const mailbox = new Mailbox<number>();
  const [evenOne, any] = [mailbox.take(even), mailbox.take()];
  mailbox.put(5);
  mailbox.put(6);
  expect(await any).toBe(5);
  expect(await evenOne).toBe(6);
});

test('after the end, earlier items can still be taken; waits for more reject with the reason', async () => {
  const mailbox = new Mailbox<number>();
  const reason = new Error('over');
  const waiting = [mailbox.take(even), mailbox.take(even)];
  mailbox.put(1);
  mailbox.end(reason);
  for (const each of waiting) await expect(each).rejects.toBe(reason);
  await expect(mailbox.take(even)).rejects.toBe(reason);
  expect(await mailbox.take()).toBe(1);
  await expect(mailbox.take()).rejects.toBe(reason);
});
