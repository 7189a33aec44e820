import type { Clock } from '../messages';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is advanced. */
export class ManualClock implements Clock {
  private time = 0;
  private readonly timers = new Set<Timer>();

  now(): number {
    return this.time;
  }

  /** The number of timers that are set. */
  get pending(): number {
    return this.timers.size;
  }

  /** True where a timer is due that has not been called. */
  get isDue(): boolean {
    return [...this.timers].some(({ due }) => due <= this.time);
  }

  after(ms: number, callback: () => void): { cancel(): void } {
    const timer = { due: this.time + ms, callback };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  /** Lets time pass without calling timers, as in a busy process. */
  sleep(ms: number): void {
    this.time += ms;
  }

  /** Advances to the next timer within `ms` milliseconds and calls it, or by `ms` where there is none. Returns the rest of `ms`. */
  step(ms: number): number {
    const end = this.time + ms;
    const [next] = [...this.timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
    this.time = next === undefined ? end : Math.max(this.time, next.due);
    if (next === undefined) return 0;
    this.timers.delete(next);
    next.callback();
    return end - this.time;
  }

  /** Lets `ms` milliseconds pass, and calls the timers that come due. */
  advance(ms: number): void {
    let left = ms;
    do left = this.step(left);
    while (left > 0 || this.isDue);
  }
}
