import { Mailbox } from '../../src/testing/mailbox';

const even = (item: number): boolean => item % 2 === 0;

test('what has arrived is taken in order', async () => {
  const mailbox = new Mailbox<number>();
  for (const item of [1, 2, 3]) mailbox.put(item);
  expect([await mailbox.take(), await mailbox.take(), await mailbox.take()]).toEqual([1, 2, 3]);
});

test('what arrives goes to those who wait, in their order', async () => {
  const mailbox = new Mailbox<number>();
  const taken = [mailbox.take(), mailbox.take()];
  for (const item of [1, 2, 3]) mailbox.put(item);
  expect(await Promise.all(taken)).toEqual([1, 2]);
  expect(await mailbox.take()).toBe(3);
});

test('who wants only some leaves the others for others', async () => {
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

test('one item goes to one of those who wait, the first that wants it', async () => {
  const mailbox = new Mailbox<number>();
  const [evenOne, any] = [mailbox.take(even), mailbox.take()];
  mailbox.put(5);
  mailbox.put(6);
  expect(await any).toBe(5);
  expect(await evenOne).toBe(6);
});

test('after the end, what arrived before can still be taken; who waits for more is told why none comes', async () => {
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
