import { IncompleteMessageError } from './message-stream';
import { ConnectionClosedError } from '../messages';

/** How Node, axios and undici say that something was given up, or that its stream ended early. */
const CODES = new Set<unknown>(['ABORT_ERR', 'ERR_CANCELED', 'UND_ERR_ABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);

const NO_REASON = Symbol('no reason');

/** Errors have causes, which may be a circle. */
const MAX_DEPTH = 5;

/** A connection, or what drives it. */
interface Cancellable {
  readonly state: string;
  readonly signal: AbortSignal;
  /** Whether this failure was reported already. */
  hasTold(error: unknown): boolean;
}

/**
 * Whether users' code was given up since its connection closed, or since its client left before the handshake was answered, which is
 * no failure: it awaited an answer, read a message that will never be complete, or listened to `connection.signal`.
 */
export function isCancelled(error: unknown, connection: Cancellable): boolean {
  // what has closed the connection did not come of that
  if (connection.state === 'open' || connection.hasTold(error)) return false;
  const { signal } = connection;
  try {
    return signal.aborted && comesOfAbort(error, signal.reason, MAX_DEPTH);
  } catch {
    // it cannot be looked at
    return false;
  }
}

/** Whether an error says that something was given up, whatever it was. */
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
