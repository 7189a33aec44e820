/** Within this time a worker may end so often; once more, and something is wrong that a restart does not mend. */
export const WINDOW_MS = 60_000;
export const MAX_RESTARTS = 3;

const FIRST_DELAY_MS = 100;

/** When a worker that has ended is started again: each time in a row it takes twice as long. */
export class Restarts {
  private ends: number[] = [];

  /** `now`: milliseconds of a clock that does not jump. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The worker has ended. How many milliseconds to wait; undefined when it was once too often. */
  delay(): number | undefined {
    const now = this.now();
    this.ends = [...this.ends.filter((end) => now - end < WINDOW_MS), now];
    if (this.ends.length > MAX_RESTARTS) return undefined;
    return FIRST_DELAY_MS * 2 ** (this.ends.length - 1);
  }
}
