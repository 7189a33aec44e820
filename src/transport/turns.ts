import * as timers from 'node:timers';

/**
 * Node's own, as they were at import. Turns of the event loop are no time: they go on where a test puts fake timers in place of the global
 * ones. From `node:timers`, since jest may have done so before this is imported.
 */
export const { setImmediate, setInterval, clearInterval } = timers;

const SETTLED = Promise.resolve();

/** As `queueMicrotask`, which fake timers replace too. */
export function atEndOfTurn(callback: () => void): void {
  void SETTLED.then(callback);
}
