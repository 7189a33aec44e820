import type { Observer } from '../engine';

type Report = keyof Observer;
type Listener = (...report: unknown[]) => void;

const REPORTS: Record<Report, true> = {
  arrived: true,
  handshakeRefused: true,
  abandoned: true,
  opened: true,
  closed: true,
  received: true,
  sent: true,
  bytesRead: true,
  bytesWritten: true,
  limited: true,
  violated: true,
  terminated: true,
  handled: true,
  backplaneDown: true,
  backplaneGap: true,
  failed: true,
};

/**
 * Several observers as one, which has only what one of them has: the engine does no work for reports that nobody wants. One
 * that throws is told to `failed` of the first, and the others hear the report all the same.
 */
export function allOf(observers: readonly Observer[]): Observer {
  const [first] = observers;
  const failed = (error: unknown, report: string): void => {
    try {
      first?.failed?.(error, `an observer (${report})`);
    } catch {
      // a log that cannot be written: there is nobody left to tell
    }
  };
  const joined: Partial<Record<Report, Listener>> = {};
  for (const report of Object.keys(REPORTS) as Report[]) {
    const listeners = observers.filter((observer) => observer[report] !== undefined);
    if (listeners.length === 0) continue;
    joined[report] = (...what) => {
      for (const observer of listeners) {
        try {
          (observer[report] as Listener).call(observer, ...what);
        } catch (error) {
          failed(error, report);
        }
      }
    };
  }
  return joined;
}
