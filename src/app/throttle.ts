/** Lets so many through in a second, for each key separately, and counts those that it does not. There must be few keys. */
export class Throttle {
  private readonly windows = new Map<string, { begin: number; passed: number; omitted: number }>();

  constructor(
    private readonly perSecond: number,
    /** Milliseconds on a clock that never goes back. */
    private readonly now: () => number,
  ) {}

  /** Undefined: there were enough. Else how many were left out since the last that passed. */
  take(key: string): number | undefined {
    const now = this.now();
    let window = this.windows.get(key);
    if (window === undefined) this.windows.set(key, (window = { begin: now, passed: 0, omitted: 0 }));
    if (now - window.begin >= 1000) {
      window.begin = now;
      window.passed = 0;
    }
    if (window.passed >= this.perSecond) {
      window.omitted++;
      return undefined;
    }
    window.passed++;
    const { omitted } = window;
    window.omitted = 0;
    return omitted;
  }
}
