import type { Clock } from '../../src/engine';

/** Time that passes only when it is told to. */
export class ManualClock implements Clock {
  private time = 0;
  private timers: { due: number; callback: () => void }[] = [];

  now(): number {
    return this.time;
  }

  /** Timers that are set. */
  get pending(): number {
    return this.timers.length;
  }

  after(ms: number, callback: () => void): { cancel(): void } {
    const timer = { due: this.time + ms, callback };
    this.timers.push(timer);
    return { cancel: () => void (this.timers = this.timers.filter((other) => other !== timer)) };
  }

  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.due);
      next.callback();
    }
    this.time = end;
  }
}
