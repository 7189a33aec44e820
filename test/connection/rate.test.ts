import { resolveLimits } from '../../src/connection/limits';
import { Rate } from '../../src/connection/rate';

const rate = (limits: { messagesPerSecond?: number; bytesPerSecond?: number }): Rate =>
  Rate.of(resolveLimits(limits), 0)!;

test('without a limit there is nothing to count', () => {
  expect(Rate.of(resolveLimits(), 0)).toBeUndefined();
});

test('a second of messages may come at once, then as many as the time allows', () => {
  const ten = rate({ messagesPerSecond: 10 });
  for (let i = 0; i < 10; i++) expect(ten.beyond(1, 0)).toBeUndefined();
  expect(ten.beyond(1, 0)).toBe('messagesPerSecond');
  expect(ten.beyond(1, 99)).toBe('messagesPerSecond');
  for (let i = 0; i < 2; i++) expect(ten.beyond(1, 200)).toBeUndefined();
  expect(ten.beyond(1, 200)).toBe('messagesPerSecond');
});

test('an hour of silence saves up no more than one second', () => {
  const ten = rate({ messagesPerSecond: 10 });
  let passed = 0;
  while (ten.beyond(1, 3_600_000) === undefined) passed++;
  expect(passed).toBe(10);
});

test('bytes are counted with the messages that they make, and by parts', () => {
  const thousand = rate({ bytesPerSecond: 1000 });
  expect(thousand.beyond(600, 0)).toBeUndefined();
  expect(thousand.beyondBytes(300, 0)).toBeUndefined();
  expect(thousand.beyond(200, 0)).toBe('bytesPerSecond');
  expect(thousand.beyondBytes(200, 100)).toBeUndefined();
});

test('a message larger than a second passes when nothing else did, and is paid for', () => {
  const thousand = rate({ bytesPerSecond: 1000 });
  expect(thousand.beyond(3000, 0)).toBeUndefined();
  expect(thousand.beyond(1, 1000)).toBe('bytesPerSecond');
  expect(thousand.beyond(1, 2100)).toBeUndefined();
});
