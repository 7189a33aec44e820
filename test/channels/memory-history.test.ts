import { randomUUID } from 'node:crypto';
import { SharedMessage } from '../../src/engine';
import { MemoryHistory } from '../../src/channels/memory-history';
import { ManualClock } from '../support/manual-clock';
import { text, textOf } from '../support/subscribers';

const keep = { size: 3, ttlSeconds: 60 };

/** The first channel has epoch 1, the next 2. */
function start() {
  const clock = new ManualClock();
  const delivered: string[] = [];
  const history = new MemoryHistory(
    clock,
    (channel, { offset, message }) => delivered.push(`${channel} ${offset} ${textOf(message)}`),
    0,
  );
  const append = (channel: string, ...messages: string[]): void => {
    for (const message of messages) history.append(channel, text(message), undefined, keep);
  };
  const after = async (channel: string, since: string): Promise<string[] | undefined> =>
    (await history.after(channel, since, keep))?.map(({ offset, message }) => `${offset} ${textOf(message)}`);
  return { clock, delivered, history, append, after };
}

test('each message is delivered at once, with its offset', () => {
  const { history, delivered, append } = start();
  append('a', 'one', '{"n":2}');
  append('b', '{}');
  expect(delivered).toEqual(['a 1-1 one', 'a 1-2 {"n":2,"offset":"1-2"}', 'b 2-1 {"offset":"2-1"}']);
  expect(history.append('a', text('x'), undefined, keep)).toBe('none');
});

test('what came after an offset is told in order', async () => {
  const { history, append, after } = start();
  expect(await history.last('a', keep)).toBe('1-0');
  append('a', 'one', 'two', 'three');
  expect(await after('a', '1-0')).toEqual(['1-1 one', '1-2 two', '1-3 three']);
  expect(await after('a', '1-2')).toEqual(['1-3 three']);
  expect(await after('a', '1-3')).toEqual([]);
  expect(await history.last('a', keep)).toBe('1-3');
});

test('the sender is kept', async () => {
  const { history } = start();
  const sender = randomUUID();
  history.append('a', text('one'), sender, keep);
  expect(await history.after('a', '1-0', keep)).toMatchObject([{ sender }]);
});

test('no more messages are kept than the size', async () => {
  const { append, after } = start();
  append('a', 'one', 'two', 'three', 'four');
  expect(await after('a', '1-0')).toBeUndefined();
  expect(await after('a', '1-1')).toEqual(['1-2 two', '1-3 three', '1-4 four']);
});

test('none is told that is too old', async () => {
  const { clock, append, after } = start();
  append('a', 'one');
  clock.advance(59_999);
  append('a', 'two');
  expect(await after('a', '1-0')).toHaveLength(2);
  clock.advance(1);
  expect(await after('a', '1-0')).toBeUndefined();
  expect(await after('a', '1-1')).toEqual(['1-2 two']);
  // the process was busy, and has looked through nothing
  clock.sleep(59_999);
  expect(await after('a', '1-1')).toBeUndefined();
  expect(await after('a', '1-2')).toEqual([]);
});

test('after it was forgotten, a channel has another epoch', async () => {
  const { clock, history, append, after } = start();
  append('a', 'one');
  clock.advance(61_000);
  expect(await history.last('a', keep)).toBe('2-0');
  expect(await after('a', '1-1')).toBeUndefined();
  append('a', 'two');
  expect(await after('a', '1-0')).toBeUndefined();
  expect(await after('a', '2-0')).toEqual(['2-1 two']);
});

test('what is asked of a channel keeps its epoch, as its messages do', async () => {
  const { clock, history, append } = start();
  append('a', 'one');
  for (let minute = 0; minute < 10; minute++) {
    clock.advance(59_000);
    expect(await history.last('a', keep)).toBe('1-1');
  }
});

test('another process, or the next, has another epoch', async () => {
  const clock = new ManualClock();
  const first = new MemoryHistory(clock, () => undefined);
  const [epoch] = (await first.last('a', keep)).split('-');
  expect(Math.abs(Number(epoch) / 1000 - Date.now())).toBeLessThan(10_000);
});

test.each([
  '',
  'x',
  '1',
  '-1',
  '-',
  'NaN',
  '1-NaN',
  '1-x',
  '1-1.5',
  '1-4',
  '1-99999999999999999999',
  '1-Infinity',
  `${'9'.repeat(5000)}-1`,
  '01-1',
  '2-1',
])('%p is the offset of nothing that was kept', async (since) => {
  const { append, after } = start();
  append('a', 'one', 'two', 'three');
  expect(await after('a', since)).toBeUndefined();
});

test('bytes that are changed after they were published stay as they were', async () => {
  const { history } = start();
  const bytes = Buffer.from('before');
  history.append('a', new SharedMessage(bytes), undefined, keep);
  bytes.write('AFTER!');
  const [kept] = (await history.after('a', '1-0', keep))!;
  expect(textOf(kept!.message)).toBe('before');
  expect(kept!.message.isText).toBe(false);
});

test('what was told is not changed by what comes later', async () => {
  const { append, after, history } = start();
  append('a', 'one', 'two');
  const told = await history.after('a', '1-0', keep);
  append('a', 'three', 'four', 'five');
  expect(told!.map(({ offset }) => offset)).toEqual(['1-1', '1-2']);
  expect(await after('a', '1-2')).toHaveLength(3);
});

test('one timer for all channels, which rests when nothing is kept', () => {
  const { clock, append } = start();
  expect(clock.pending).toBe(0);
  append('a', 'one');
  append('b', 'one');
  expect(clock.pending).toBe(1);
  clock.advance(59_000);
  expect(clock.pending).toBe(1);
  clock.advance(2_000);
  expect(clock.pending).toBe(0);
  append('a', 'two');
  expect(clock.pending).toBe(1);
});

test('stopped, it leaves no timer', () => {
  const { clock, history, append } = start();
  history.stop();
  append('a', 'one');
  history.stop();
  expect(clock.pending).toBe(0);
});
