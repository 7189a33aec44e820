/** A worker may end so often within this time; beyond that, a restart does not help. */
export const WINDOW_MS = 60_000;
export const MAX_RESTARTS = 3;

const FIRST_DELAY_MS = 100;

/** The delays before an ended worker is started again: each one in a row is twice as long. */
export class Restarts {
  private ends: number[] = [];

  /** `now`: milliseconds of a clock that does not jump. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Call when the worker has ended. Returns the milliseconds to wait; `undefined` when it has ended too often. */
  delay(): number | undefined {
    const now = this.now();
    this.ends = [...this.ends.filter((end) => now - end < WINDOW_MS), now];
    if (this.ends.length > MAX_RESTARTS) return undefined;
    return FIRST_DELAY_MS * 2 ** (this.ends.length - 1);
  }
}
