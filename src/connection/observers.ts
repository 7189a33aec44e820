import type { Observer } from './observer';
import { callUser, errorThrown, takeRejection } from '../messages';

type Report = keyof Observer;
type Listener = (a?: unknown, b?: unknown, c?: unknown) => unknown;

/** The names of all reports. */
export const REPORTS: Readonly<Record<Report, true>> = {
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
  backplaneLost: true,
  backplaneStopped: true,
  dropped: true,
  published: true,
  failed: true,
};

/** Observers that `allOf` made: they need no second guard. */
const GUARDED = new WeakSet<Observer>();

/**
 * Makes one observer of several. It has only reports that one of them has, so the engine does no work for others. When
 * an observer throws, or its promise rejects, the first one's `failed` hears of it, and the others still hear the
 * report.
 */
export function allOf(observers: readonly Observer[]): Observer {
  const [first] = observers;
  if (first !== undefined && observers.length === 1 && GUARDED.has(first)) return first;
  const joined: Partial<Record<Report, Listener>> = {};
  for (const report of Object.keys(REPORTS) as Report[]) {
    const listeners = observers.filter((observer) => observer[report] !== undefined);
    if (listeners.length === 0) continue;
    // a log that cannot be written: nobody else can be told
    const failed = (thrown: unknown): void => {
      const error = errorThrown(thrown, failed);
      callUser(() => first?.failed?.(error, `an observer (${report})`), ignore);
    };
    // no report has more, and a list of them would be made for each message
    const tell: Listener = (a, b, c) => {
      for (const observer of listeners) {
        try {
          const value = (observer[report] as Listener).call(observer, a, b, c);
          if (value !== undefined) takeRejection(value, failed);
        } catch (error) {
          failed(error);
        }
      }
    };
    joined[report] =
      report === 'failed'
        ? (error, b, c) =>
            tell(
              errorThrown(error, (reason) => tell(reason, b, c)),
              b,
              c,
            )
        : tell;
  }
  GUARDED.add(joined);
  return joined;
}

function ignore(): void {}
