import type { Clock } from '../messages';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** Time that passes only when it is told to. */
export class ManualClock implements Clock {
  private time = 0;
  private readonly timers = new Set<Timer>();

  now(): number {
    return this.time;
  }

  /** Timers that are set. */
  get pending(): number {
    return this.timers.size;
  }

  /** Whether a timer should have called back by now. */
  get isDue(): boolean {
    return [...this.timers].some(({ due }) => due <= this.time);
  }

  after(ms: number, callback: () => void): { cancel(): void } {
    const timer = { due: this.time + ms, callback };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  /** Lets time pass in which nothing is called, as when the process is busy. */
  sleep(ms: number): void {
    this.time += ms;
  }

  /** Moves on to the next timer that is due within `ms`, and calls it; by `ms` when none is. Returns what is left of them. */
  step(ms: number): number {
    const end = this.time + ms;
    const [next] = [...this.timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
    this.time = next === undefined ? end : Math.max(this.time, next.due);
    if (next === undefined) return 0;
    this.timers.delete(next);
    next.callback();
    return end - this.time;
  }

  /** Lets `ms` milliseconds pass, and calls what comes due in them. */
  advance(ms: number): void {
    let left = ms;
    do left = this.step(left);
    while (left > 0 || this.isDue);
  }
}
