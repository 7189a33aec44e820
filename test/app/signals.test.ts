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
