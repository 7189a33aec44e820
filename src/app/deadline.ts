import { deferred, type Clock } from '../messages';

/** The longest time of Node's timers. A longer one would call back at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Turns of the event loop in which a promise that waits for nothing settles. */
const TURNS = 20;

/** One deadline for several promises. */
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

  /** Resolves with true where a promise settles in time, else with false. @throws its rejection, where that is in time */
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
