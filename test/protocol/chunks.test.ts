import { CHUNK_BYTES, chunks } from '../../src/protocol/chunks';

const REVIEW_MS = 1000;

/** Memory that was freed has no bytes any more. */
const isFreed = ({ buffer }: Buffer): boolean => buffer.byteLength === 0;

const take = (count: number): Buffer[] => Array.from({ length: count }, () => chunks.take());

function give(taken: readonly Buffer[]): void {
  for (const chunk of taken) chunks.give(chunk);
}

beforeEach(() => jest.useFakeTimers());

afterEach(() => {
  jest.advanceTimersByTime(4 * REVIEW_MS);
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

test('a chunk that was given back is used again, and no chunk is given out twice', () => {
  const first = take(5);
  expect(new Set(first.map(({ buffer }) => buffer)).size).toBe(5);
  expect(first.every(({ length, byteOffset }) => length === CHUNK_BYTES && byteOffset === 0)).toBe(true);
  give(first.slice(2));
  const second = take(4);
  const inUse = [...first.slice(0, 2), ...second];
  expect(new Set(inUse).size).toBe(6);
  expect(second.filter((chunk) => first.includes(chunk))).toHaveLength(3);
  give(inUse);
});

test('a few chunks are kept for good, and need no timer', () => {
  const taken = take(20);
  give(taken);
  expect(jest.getTimerCount()).toBe(0);
  jest.advanceTimersByTime(10 * REVIEW_MS);
  expect(taken.some(isFreed)).toBe(false);
});

test('chunks that were not in use for two reviews are freed, all but a few', () => {
  const taken = take(200);
  give(taken);
  jest.advanceTimersByTime(REVIEW_MS);
  expect(taken.some(isFreed)).toBe(false);
  jest.advanceTimersByTime(REVIEW_MS);
  expect(taken.some(isFreed)).toBe(false);
  jest.advanceTimersByTime(REVIEW_MS);
  expect(taken.filter(isFreed)).toHaveLength(200 - 32);
  const again = take(32);
  expect(again.some(isFreed)).toBe(false);
  expect(again.every((chunk) => taken.includes(chunk))).toBe(true);
  give(again);
});

test('chunks that are in use again and again are kept', () => {
  const taken = take(100);
  give(taken);
  for (let round = 0; round < 10; round++) {
    jest.advanceTimersByTime(REVIEW_MS);
    const again = take(100);
    expect(new Set([...taken, ...again]).size).toBe(100);
    give(again);
  }
});

test('a chunk that is in use is never freed', () => {
  const taken = take(300);
  const [kept, given] = [taken.slice(0, 60), taken.slice(60)];
  kept.forEach((chunk, index) => chunk.fill(index));
  give(given);
  jest.advanceTimersByTime(5 * REVIEW_MS);
  expect(given.filter(isFreed)).toHaveLength(240);
  expect(kept.every((chunk, index) => chunk.every((octet) => octet === index))).toBe(true);
  give(kept);
});

test('a timer of the pool does not keep the process alive', () => {
  jest.useRealTimers();
  const set = jest.spyOn(globalThis, 'setTimeout');
  jest.isolateModules(() => {
    const other = jest.requireActual<typeof import('../../src/protocol/chunks')>('../../src/protocol/chunks');
    for (let i = 0; i < 33; i++) other.chunks.take();
  });
  const timers = set.mock.results.map(({ value }) => value as NodeJS.Timeout);
  set.mockRestore();
  expect(timers.map((timer) => timer.hasRef())).toEqual([false]);
  clearTimeout(timers[0]);
  jest.useFakeTimers();
});

test('memory in one piece is used again, grows, and is freed when nobody needs it any more', () => {
  const whole = chunks.inOnePiece(300_000);
  expect(whole.length).toBeGreaterThanOrEqual(300_000);
  expect(chunks.inOnePiece(1000) === whole).toBe(true);
  const larger = chunks.inOnePiece(400_000);
  expect(larger.length).toBeGreaterThanOrEqual(400_000);
  expect(isFreed(whole)).toBe(true);
  jest.advanceTimersByTime(REVIEW_MS);
  expect(chunks.inOnePiece(400_000) === larger).toBe(true);
  jest.advanceTimersByTime(2 * REVIEW_MS);
  expect(isFreed(larger)).toBe(true);
  expect(chunks.inOnePiece(10).length).toBeGreaterThanOrEqual(10);
});
