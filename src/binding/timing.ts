import { Refusal } from '../handshake';
import { isCancelled, type Connection, type HandledCall } from '../connection';
import { isThenable } from '../messages';
import type { Invoke } from './invoke';
import { tellable } from './tellable';

/** Measures calls of methods. */
export interface Timing {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  handled(call: HandledCall, ms: number, error?: unknown): void;
}

/** Wraps a call so that it is reported when it has settled. */
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
 * The error of a call for reports; as the client is told of it, where it is. `undefined` for a refusal, which is an answer, and for a call
 * that was cancelled since the client has left.
 */
export function faultIn(error: unknown, connection: Connection): unknown {
  if (error instanceof Refusal || isCancelled(error, connection)) return undefined;
  return tellable(error) ?? error;
}
