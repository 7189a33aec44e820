/** `setTimeout` takes no more, some 24 days. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The time of day; a test brings its own. */
export class Time {
  now(): number {
    return Date.now();
  }

  /** Calls back after so many milliseconds, or after 24 days if that is sooner. */
  after(ms: number, callback: () => void): { cancel(): void } {
    const timer = setTimeout(callback, Math.min(ms, MAX_DELAY_MS));
    return { cancel: () => clearTimeout(timer) };
  }
}
