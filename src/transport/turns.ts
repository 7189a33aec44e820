import * as timers from 'node:timers';

/**
 * Node's own timers. Fake timers of a test replace the globals, maybe before this module is imported; they do not stop
 * turns of the event loop. Hence `node:timers`.
 */
export const { setImmediate, setInterval, clearInterval } = timers;

const SETTLED = Promise.resolve();

/** Does what `queueMicrotask` does, which fake timers replace too. */
export function atEndOfTurn(callback: () => void): void {
  void SETTLED.then(callback);
}
