/** A source of time; tests bring their own. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Calls back once; the timer keeps no process alive. */
  after(ms: number, callback: () => void): { cancel(): void };
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    // browsers have numbers for timers
    (timer as { unref?(): void }).unref?.();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** The longest time of a timer. A longer one would call back at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A timer is so late only where the process has stood still. */
const LATE_MS = 250;

interface Entry {
  readonly due: number;
  readonly expire: () => void;
}

/**
 * Deadlines of many connections on one timer. Those of one duration come due in the order in which they were set, so each duration is a
 * queue, and only its head needs watching. After the process has stood still, bytes that have arrived are read first: a deadline may wait
 * for them.
 */
export class Deadlines {
  private readonly queues = new Map<number, Set<Entry>>();
  private timer: { cancel(): void } | undefined;
  private timerDue = Infinity;

  constructor(private readonly clock: Clock) {}

  /** Calls `expire` in `ms` milliseconds unless the returned function is called before. */
  set(ms: number, expire: () => void): () => void {
    const entry: Entry = { due: this.clock.now() + ms, expire };
    let queue = this.queues.get(ms);
    if (queue === undefined) this.queues.set(ms, (queue = new Set()));
    queue.add(entry);
    this.arm(entry.due);
    return () => {
      queue.delete(entry);
      if (queue.size > 0 || this.queues.get(ms) !== queue) return;
      this.queues.delete(ms);
      if (this.queues.size === 0) this.disarm();
    };
  }

  private arm(due: number): void {
    if (due >= this.timerDue) return;
    this.timer?.cancel();
    this.timerDue = due;
    const ms = Math.min(MAX_TIMER_MS, Math.max(0, due - this.clock.now()));
    this.timer = this.clock.after(ms, () => this.sweep());
  }

  private disarm(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.timerDue = Infinity;
  }

  private sweep(): void {
    const now = this.clock.now();
    if (now - this.timerDue < LATE_MS) this.expire();
    else {
      this.timerDue = now;
      this.timer = this.clock.after(0, () => this.expire());
    }
  }

  private expire(): void {
    this.disarm();
    const now = this.clock.now();
    let next = Infinity;
    for (const [ms, queue] of this.queues) {
      for (const entry of queue) {
        if (entry.due > now) {
          next = Math.min(next, entry.due);
          break;
        }
        queue.delete(entry);
        entry.expire();
      }
      // another one takes its place where an entry was cancelled by its own end, and set anew
      if (queue.size === 0 && this.queues.get(ms) === queue) this.queues.delete(ms);
    }
    if (next < Infinity) this.arm(next);
  }
}
