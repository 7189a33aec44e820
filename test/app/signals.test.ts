import { onceAskedToEnd } from '../../src/app/signals';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** How often it was called. */
function listen(): { readonly calls: number; stop: () => void } {
  const heard = { calls: 0, stop: onceAskedToEnd(() => void heard.calls++) };
  stops.push(heard.stop);
  return heard;
}

const counts = (): number[] => SIGNALS.map((signal) => process.listenerCount(signal));

test.each(SIGNALS)('%s calls back once, and leaves the next signal to whoever else listens', (signal) => {
  const before = counts();
  const heard = listen();
  // somebody of the test's own, or the signal would end it
  const others: string[] = [];
  const other = (name: string): void => void others.push(name);
  process.on(signal, other);
  try {
    process.emit(signal, signal);
    expect([heard.calls, others]).toEqual([1, [signal]]);
    process.emit(signal, signal);
    expect([heard.calls, others]).toEqual([1, [signal, signal]]);
  } finally {
    process.off(signal, other);
  }
  expect(counts()).toEqual(before);
});

test('after stop nobody listens', () => {
  const before = counts();
  const heard = listen();
  expect(counts()).toEqual(before.map((count) => count + 1));
  heard.stop();
  expect(counts()).toEqual(before);
});

test('eleven applications have one listener, so that Node warns of no leak, and each is called once', () => {
  const before = counts();
  const all = Array.from({ length: 11 }, () => listen());
  expect(counts()).toEqual(before.map((count) => count + 1));
  all[0]!.stop();
  all[0]!.stop();
  expect(counts()).toEqual(before.map((count) => count + 1));
  process.emit('SIGTERM', 'SIGTERM');
  expect(all.map(({ calls }) => calls)).toEqual([0, ...Array<number>(10).fill(1)]);
  expect(counts()).toEqual(before);
});

test('one that comes while the others are called waits for the next signal', () => {
  const before = counts();
  let late: ReturnType<typeof listen> | undefined;
  stops.push(onceAskedToEnd(() => void (late = listen())));
  process.emit('SIGINT', 'SIGINT');
  expect(late!.calls).toBe(0);
  process.emit('SIGINT', 'SIGINT');
  expect(late!.calls).toBe(1);
  expect(counts()).toEqual(before);
});

test('two functions that are the same are two', () => {
  const callback = jest.fn();
  const stop = onceAskedToEnd(callback);
  stops.push(stop, onceAskedToEnd(callback));
  stop();
  process.emit('SIGTERM', 'SIGTERM');
  expect(callback).toHaveBeenCalledTimes(1);
});
