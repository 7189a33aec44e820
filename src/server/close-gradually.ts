import { CloseCode } from '../protocol';
import type { Clock } from '../messages';
import type { ConnectionDriver } from '../connection';

/** So many connections are told at once that the server goes. */
const BATCH = 100;
const EVERY_MS = 50;

/**
 * Closes connections with 1001 once what they sent is handled, in batches at uneven intervals: all of them will connect
 * somewhere else. It takes half of the deadline at the most. Returns what stops it.
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
