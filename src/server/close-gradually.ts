import { CloseCode } from '../protocol';
import type { Clock } from '../messages';
import type { ConnectionDriver } from '../connection';

/** Connections that are closed at the same time. */
const BATCH = 100;
const EVERY_MS = 50;

/**
 * Closes connections with 1001 once their messages are handled, in batches at uneven intervals, since all clients will connect
 * to another server. Takes half of the deadline at most. Returns a function that stops it.
 */
export function closeGradually(
  drivers: readonly ConnectionDriver[],
  deadlineMs: number,
  clock: Clock,
  random = Math.random,
): () => void {
  const size = Math.max(BATCH, Math.ceil((drivers.length * EVERY_MS * 2) / deadlineMs));
  let timer: { cancel(): void } | undefined;
  const next = (from: number): void => {
    for (const driver of drivers.slice(from, from + size)) driver.closeGradually(CloseCode.GoingAway, 'going away');
    if (from + size >= drivers.length) return;
    timer = clock.after(EVERY_MS * (0.5 + random()), () => next(from + size));
  };
  next(0);
  return () => timer?.cancel();
}
