import { CloseCode } from '../protocol';
import type { Clock } from '../messages';
import type { Session } from '../connection';

/** So many connections are told at once that the server goes. */
const BATCH = 100;
const EVERY_MS = 50;

/**
 * Closes connections with 1001 once what they sent is handled, in batches at uneven intervals: all of them will connect
 * somewhere else. It takes half of the deadline at the most. Returns what stops it.
 */
export function drain(
  sessions: readonly Session[],
  deadlineMs: number,
  clock: Clock,
  random = Math.random,
): () => void {
  const size = Math.max(BATCH, Math.ceil((sessions.length * EVERY_MS * 2) / deadlineMs));
  let timer: { cancel(): void } | undefined;
  const next = (from: number): void => {
    for (const session of sessions.slice(from, from + size)) session.drain(CloseCode.GoingAway, 'going away');
    if (from + size >= sessions.length) return;
    timer = clock.after(EVERY_MS * (0.5 + random()), () => next(from + size));
  };
  next(0);
  return () => timer?.cancel();
}
