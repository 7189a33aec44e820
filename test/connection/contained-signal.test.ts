import { addAbortListener } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { containSignal } from '../../src/connection/contained-signal';

/** Jest's own copy of `process` hears no warnings. */
const outerProcess = (Buffer.constructor as (code: string) => () => NodeJS.Process)('return process')();

const settled = (): Promise<void> => new Promise(setImmediate);

function make() {
  const controller = new AbortController();
  const failures: unknown[] = [];
  const signal = containSignal(controller.signal, (error) => failures.push(error));
  return { controller, signal, failures };
}

test('errors and rejections of listeners are reported, and each listener is called', async () => {
  const { controller, signal, failures } = make();
  const error = new Error('no');
  const heard: string[] = [];
  signal.addEventListener('abort', () => {
    throw error;
  });
  signal.addEventListener('abort', () => Promise.reject(error) as never);
  signal.addEventListener('abort', {
    handleEvent() {
      throw error;
    },
  });
  signal.onabort = () => {
    throw error;
  };
  signal.addEventListener('abort', function (this: AbortSignal, event) {
    heard.push(`${event.type} ${String(this === signal)} ${String(event.target === signal)}`);
  });
  controller.abort();
  await settled();
  expect(failures).toEqual([error, error, error, error]);
  expect(heard).toEqual(['abort true true']);
});

test('listeners are taken away, called once and not twice, as of any signal', () => {
  const { controller, signal, failures } = make();
  let calls = 0;
  const listener = (): void => void calls++;
  const object = { handleEvent: listener };
  const removed = (): void => void (calls += 100);
  signal.addEventListener('abort', listener);
  signal.addEventListener('abort', listener);
  signal.addEventListener('abort', object, { once: true });
  signal.addEventListener('abort', removed);
  signal.removeEventListener('abort', removed);
  signal.onabort = removed;
  signal.onabort = null;
  controller.abort();
  expect(calls).toBe(2);
  expect(failures).toEqual([]);
});

test('APIs that take a signal accept a contained one', async () => {
  const { controller, signal } = make();
  expect(signal).toBe(controller.signal);
  expect(signal).toBeInstanceOf(AbortSignal);
  const any = AbortSignal.any([signal]);
  const waiting = wait(1_000_000, undefined, { signal, ref: false });
  const heard: string[] = [];
  addAbortListener(signal, () => void heard.push('added'));
  controller.abort(new Error('over'));
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  expect([any.aborted, heard]).toEqual([true, ['added']]);
  expect(() => signal.throwIfAborted()).toThrow('over');
});

test('every handler at work may listen to it without a warning', async () => {
  const { signal } = make();
  const warnings: unknown[] = [];
  const onWarning = (warning: unknown): void => void warnings.push(warning);
  outerProcess.on('warning', onWarning);
  for (let listener = 0; listener < 100; listener++) signal.addEventListener('abort', () => {});
  await settled();
  outerProcess.off('warning', onWarning);
  expect(warnings).toEqual([]);
});
