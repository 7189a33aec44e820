import { HistoryReader, type Piece } from '../../src/channels/history-reader';
import { ManualClock } from '../support/manual-clock';
import { entry, turns } from '../support/subscribers';

const KEEP = { size: 1000, ttlSeconds: 60 };
const wanted = () => true;

interface Reading {
  readonly channel: string;
  readonly since: string;
  readonly settle: (piece: Piece | Promise<Piece>) => void;
}

/** Readings are answered by the test. */
function start() {
  const readings: Reading[] = [];
  const asked: string[] = [];
  const reader = new HistoryReader((channel, since) => {
    asked.push(`${channel} ${since}`);
    return new Promise((settle) => readings.push({ channel, since, settle }));
  }, new ManualClock());
  const after = (channel: string, since: string, isWanted = wanted) => reader.after(channel, since, KEEP, isWanted);
  /** Answers the first that is under way, with the next messages. */
  const answer = async (count = 1): Promise<void> => {
    const { since, settle } = readings.shift()!;
    const n = Number(since.slice(2));
    settle(Array.from({ length: count }, (_, index) => entry(n + 1 + index)));
    await turns();
  };
  return { reader, readings, asked, after, answer };
}

test('four channels are read at once, each once at a time, in turn', async () => {
  const { asked, after, answer } = start();
  const done: string[] = [];
  for (const channel of ['a', 'b', 'c', 'd', 'e', 'f']) {
    for (const since of ['1-1', '1-101']) void after(channel, since).then(() => done.push(`${channel} ${since}`));
  }
  expect(asked).toEqual(['a 1-1', 'b 1-1', 'c 1-1', 'd 1-1']);
  await answer();
  expect(asked.slice(4)).toEqual(['e 1-1']);
  await answer();
  expect(asked.slice(5)).toEqual(['f 1-1']);
  await answer();
  expect(asked.slice(6)).toEqual(['a 1-101']);
  for (let left = 9; left > 0; left--) await answer();
  expect(done).toHaveLength(12);
  expect(asked).toHaveLength(12);
});

test('those who ask for the same share one reading, those who ask within what was read too', async () => {
  const { asked, after, answer } = start();
  const first = after('log', '1-5');
  const others = [...Array.from({ length: 1000 }, () => after('log', '1-5')), after('log', '1-7'), after('log', '1-8')];
  await answer(3);
  expect(await first).toHaveLength(3);
  expect(asked).toEqual(['log 1-5', 'log 1-8']);
  await answer(2);
  const told = await Promise.all(others);
  expect(told.slice(0, 1000).every((piece) => piece === told[0])).toBe(true);
  expect(told.slice(1000).map((piece) => piece!.map(({ offset }) => offset))).toEqual([['1-8'], ['1-9', '1-10']]);
  expect((await after('log', '1-6'))!.map(({ offset }) => offset)).toEqual(['1-7', '1-8']);
  expect(asked).toHaveLength(2);
});

test('who asks while it is read that there is nothing asks anew, since something may have come', async () => {
  const { asked, after, answer } = start();
  const first = after('log', '1-5');
  const second = after('log', '1-5');
  await answer(0);
  expect(await first).toEqual([]);
  expect(asked).toHaveLength(2);
  await answer(1);
  expect(await second).toHaveLength(1);
});

test('what nobody wants any more is not read', async () => {
  const { asked, after, answer } = start();
  let isThere = true;
  const [first, gone, shared] = [
    after('log', '1-5'),
    after('log', '1-50', () => isThere),
    after('log', '1-60', () => isThere),
  ];
  void after('log', '1-60');
  isThere = false;
  await answer();
  expect(await first).toHaveLength(1);
  expect(await gone).toEqual([]);
  expect(asked).toEqual(['log 1-5', 'log 1-60']);
  await answer();
  expect(await shared).toHaveLength(1);
});

test('what is gone, and a failure, are told to those who asked, and hold up nobody', async () => {
  const { readings, after, answer } = start();
  const [gone, failed, next] = [after('log', '1-1'), after('log', '1-2'), after('log', '1-3')];
  readings.shift()!.settle(undefined);
  expect(await gone).toBeUndefined();
  await turns();
  readings.shift()!.settle(Promise.reject(new Error('away')));
  await expect(failed).rejects.toThrow('away');
  await turns();
  await answer();
  expect(await next).toHaveLength(1);
});

test('what was read may be forgotten', async () => {
  const { reader, asked, after, answer } = start();
  void after('log', '1-5');
  await answer(3);
  reader.forget();
  void after('log', '1-5');
  expect(asked).toHaveLength(2);
});
