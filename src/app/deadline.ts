import { deferred, type Clock } from '../messages';

/** The longest that Node's timers wait; they call back at once for more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Turns in which what has nothing to wait for settles. */
const TURNS = 20;

/** One deadline for several things that are waited for. */
export class Deadline {
  private readonly passed: Promise<void>;
  private readonly timer: { cancel(): void };

  constructor(
    clock: Clock,
    readonly ms: number,
  ) {
    const { promise, resolve } = deferred();
    this.passed = promise;
    this.timer = clock.after(Math.min(ms, MAX_TIMER_MS), resolve);
  }

  /** Whether it settles in time; when the deadline has passed, at once. @throws what it rejects with in time */
  allows(work: unknown): Promise<boolean> {
    return Promise.race([Promise.resolve(work).then(() => true), this.tooLate()]);
  }

  cancel(): void {
    this.timer.cancel();
  }

  private async tooLate(): Promise<false> {
    await this.passed;
    for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
    return false;
  }
}
