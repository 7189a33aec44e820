import { IncompleteMessageError } from './message-stream';
import { ConnectionClosedError } from '../messages';

/** Error codes of Node, axios and undici for work that was given up, or a stream that ended early. */
const CODES = new Set<unknown>(['ABORT_ERR', 'ERR_CANCELED', 'UND_ERR_ABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);

const NO_REASON = Symbol('no reason');

/** Causes that are followed: they may form a circle. */
const MAX_DEPTH = 5;

/** A connection or its driver. */
interface Cancellable {
  readonly state: string;
  readonly signal: AbortSignal;
  /** True where the observer has heard of this failure. */
  hasTold(error: unknown): boolean;
}

/**
 * True for an error of users' code that only says that its connection has closed, or that its client left before the
 * handshake was answered. Such an error is no failure: the code awaited an answer, read a message that will never be
 * complete, or listened to `connection.signal`.
 */
export function isCancelled(error: unknown, connection: Cancellable): boolean {
  // an error that has closed the connection was not caused by that
  if (connection.state === 'open' || connection.hasTold(error)) return false;
  const { signal } = connection;
  try {
    return signal.aborted && comesOfAbort(error, signal.reason, MAX_DEPTH);
  } catch {
    // it cannot be looked at
    return false;
  }
}

/** True for an error that says that some work was given up. */
export function isGivenUp(error: unknown): boolean {
  try {
    return comesOfAbort(error, NO_REASON, MAX_DEPTH);
  } catch {
    return false;
  }
}

function comesOfAbort(error: unknown, reason: unknown, depth: number): boolean {
  if (error === reason || error instanceof ConnectionClosedError || error instanceof IncompleteMessageError)
    return true;
  if (typeof error !== 'object' || error === null || depth === 0) return false;
  const { name, code, cause, errors } = error as Partial<Record<string, unknown>>;
  if (name === 'AbortError' || CODES.has(code)) return true;
  // of `Promise.any`
  if (Array.isArray(errors) && errors.length > 0) return errors.every((each) => comesOfAbort(each, reason, depth - 1));
  return comesOfAbort(cause, reason, depth - 1);
}
