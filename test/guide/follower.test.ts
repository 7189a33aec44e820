import { readPages } from './pages';
import { compiledByEsbuild } from '../support/esbuild';
import { turns } from '../support/subscribers';

/*
 * The `Follower` of the guide, against a server that answers as it likes. No file of the sources has this name.
 */

interface Ours {
  connect(): void;
  close(): void;
}
type Class = new (url: string, heard: (data: unknown) => void, reload: () => void) => Ours;

class FakeSocket {
  static readonly all: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: { event: string; data: { since?: string }; id: number }[] = [];
  isClosed = false;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as FakeSocket['sent'][number]);
  }

  close(): void {
    this.isClosed = true;
  }

  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  /** Answers what was asked last. */
  answer(rest: object): void {
    this.say({ event: 'scores.follow', ...rest, id: this.sent.at(-1)!.id });
  }

  goal(n: number): void {
    this.say({ event: 'scores.goal', data: n, offset: `1-${n}` });
  }
}

const before = (globalThis as { WebSocket?: unknown }).WebSocket;
let Follower: Class;

beforeAll(async () => {
  const page = readPages().find(({ name }) => name === 'channels.md')!;
  const { code } = page.blocks.find(({ file }) => file === 'follower.ts')!;
  Follower = (await compiledByEsbuild(code))['Follower'] as Class;
});
beforeEach(() => {
  FakeSocket.all.length = 0;
  Object.assign(globalThis, { WebSocket: FakeSocket });
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
  Object.assign(globalThis, { WebSocket: before });
});

function start() {
  const heard: unknown[] = [];
  const follower = new Follower(
    'ws://scores',
    (data) => heard.push(data),
    () => heard.push('reload'),
  );
  follower.connect();
  const socket = (): FakeSocket => FakeSocket.all.at(-1)!;
  socket().onopen!();
  const asked = () => socket().sent.map(({ data }) => data.since);
  return { follower, heard, socket, asked };
}

test('it begins with the state, goes on where it was, and does not read the state again', () => {
  const { heard, socket, asked } = start();
  socket().answer({ data: { offset: '1-2' } });
  socket().goal(3);
  socket().onclose!();
  jest.advanceTimersByTime(500);
  expect(FakeSocket.all).toHaveLength(2);
  socket().onopen!();
  expect(asked()).toEqual(['1-3']);
  for (const n of [4, 5]) socket().goal(n);
  socket().answer({ data: { offset: '1-5' } });
  expect(heard).toEqual(['reload', 3, 4, 5]);
});

test.each(['unavailable', 'rate_limited', 'internal_error', 'timeout', 'forbidden'])(
  'what is answered with %s is tried again, later each time, from where it was',
  (code) => {
    const { heard, socket, asked } = start();
    socket().answer({ data: { offset: '1-2' } });
    socket().onclose!();
    jest.advanceTimersByTime(500);
    socket().onopen!();
    for (let time = 1; time <= 12; time++) {
      socket().answer({ error: { code } });
      expect(asked()).toHaveLength(time);
      const pause = Math.min(30_000, 500 * 2 ** time);
      jest.advanceTimersByTime(pause / 2 - 1);
      expect(asked()).toHaveLength(time);
      jest.advanceTimersToNextTimer();
      expect(asked()).toHaveLength(time + 1);
    }
    socket().goal(3);
    socket().answer({ data: { offset: '1-3' } });
    jest.advanceTimersByTime(100_000);
    expect(asked()).toEqual(Array.from({ length: 13 }, () => '1-2'));
    expect(heard).toEqual(['reload', 3]);
  },
);

test('an error without an event answers it too', () => {
  const { socket, asked } = start();
  socket().say({ error: { code: 'rate_limited' } });
  jest.advanceTimersByTime(500);
  expect(asked()).toEqual([undefined, undefined]);
});

test('where something is lost it subscribes first, and then reads the state', () => {
  const { heard, socket, asked } = start();
  socket().answer({ data: { offset: '1-2' } });
  socket().onclose!();
  jest.advanceTimersByTime(500);
  socket().onopen!();
  socket().answer({ error: { code: 'history_lost' } });
  jest.advanceTimersByTime(1000);
  expect(asked()).toEqual(['1-2', undefined]);
  expect(heard).toEqual(['reload']);
  socket().goal(9);
  socket().answer({ data: { offset: '1-8' } });
  expect(heard).toEqual(['reload', 9, 'reload']);
  // a process of the server could not recover
  socket().say({ event: 'scores.lost' });
  expect(asked()).toEqual(['1-2', undefined, undefined]);
  socket().answer({ data: { offset: '1-20' } });
  expect(heard.slice(3)).toEqual(['reload']);
});

test.each([[null], [undefined], [{}], ['text'], [5], [{ offset: 7 }]])(
  'the answer %j, which tells no offset, is asked for again until there is one',
  (data) => {
    const { heard, socket, asked } = start();
    socket().answer({ data });
    expect(heard).toEqual(['reload']);
    socket().say({ event: 'scores.goal', data: 'without an offset' });
    jest.advanceTimersByTime(500);
    expect(asked()).toEqual([undefined, undefined]);
    socket().answer({ data: { offset: '1-5' } });
    jest.advanceTimersByTime(100_000);
    expect(asked()).toHaveLength(2);
    expect(heard).toEqual(['reload', 'without an offset', 'reload']);
  },
);

test('what is no message, or not for it, does nothing', () => {
  const { heard, socket, asked } = start();
  for (const text of [
    '',
    'null',
    '5',
    '[]',
    '"x"',
    '{',
    '{"event":null}',
    '{"error":null}',
    '{"event":"other","offset":"9-9"}',
  ]) {
    socket().say(text);
  }
  socket().onmessage!({ data: new ArrayBuffer(3) });
  socket().say({ event: 'scores.follow', data: { offset: '1-1' }, id: 77 });
  expect(heard).toEqual([]);
  socket().answer({ data: { offset: '1-2' }, error: null });
  expect(heard).toEqual(['reload']);
  socket().answer({ error: { code: 'unavailable' } });
  jest.advanceTimersByTime(100_000);
  expect(asked()).toHaveLength(1);
});

test('a server that does not answer, or does not open, is given up', () => {
  const { socket, asked } = start();
  const first = socket();
  // a long recovery is no silence
  for (let n = 1; n <= 5; n++) {
    jest.advanceTimersByTime(9999);
    first.goal(n);
  }
  jest.advanceTimersByTime(10_500);
  expect(first.isClosed).toBe(true);
  expect(FakeSocket.all).toHaveLength(2);
  jest.advanceTimersByTime(11_000);
  expect(FakeSocket.all).toHaveLength(3);
  socket().onopen!();
  expect(asked()).toEqual(['1-5']);
  // what the first still has to say comes too late
  first.goal(6);
  first.onclose?.();
  jest.advanceTimersByTime(9000);
  expect(FakeSocket.all).toHaveLength(3);
});

test('closed, it stays closed', async () => {
  const { follower, socket } = start();
  follower.close();
  socket().onclose?.();
  jest.advanceTimersByTime(1_000_000);
  await turns();
  expect(FakeSocket.all).toHaveLength(1);
  expect(socket().isClosed).toBe(true);
});
