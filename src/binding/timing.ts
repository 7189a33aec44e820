import { Refusal } from '../handshake';
import type { Connection, HandledCall } from '../connection';
import { isCancelled } from '../connection';
import { isThenable } from '../messages';
import type { Invoke } from './invoke';
import { tellable } from './tellable';

/** Who wants to know how long calls take. */
export interface Timing {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  handled(call: HandledCall, ms: number, error?: unknown): void;
}

/** Reports each call of a method when it has settled. */
export function timed(invoke: Invoke, call: HandledCall, timing: Timing): Invoke {
  return (connection, body, replyTo, context) => {
    const begin = timing.now();
    const settled = (): void => timing.handled(call, timing.now() - begin);
    const failed = (error: unknown): void => timing.handled(call, timing.now() - begin, faultIn(error, connection));
    let value: unknown;
    try {
      value = invoke(connection, body, replyTo, context);
    } catch (error) {
      failed(error);
      throw error;
    }
    if (isThenable(value)) {
      const promise = Promise.resolve(value);
      promise.then(settled, failed);
      return promise;
    }
    settled();
    return value;
  };
}

/**
 * Undefined where nothing is wrong: a refusal is an answer, and a client that was asked something may leave. What a client is told of is
 * the error that it is told.
 */
export function faultIn(error: unknown, connection: Connection): unknown {
  if (error instanceof Refusal || isCancelled(error, connection)) return undefined;
  return tellable(error) ?? error;
}
