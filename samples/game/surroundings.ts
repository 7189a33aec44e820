import { randomInt } from 'node:crypto';

/** The beat to which the world moves; a test brings its own. */
export class Metronome {
  /** Returns what stops it. */
  start(everyMs: number, beat: () => void): () => void {
    const timer = setInterval(beat, everyMs);
    return () => clearInterval(timer);
  }
}

/** Where things happen to be; a test knows. */
export class Chance {
  /** A whole number from 0, less than `limit`. */
  below(limit: number): number {
    return randomInt(limit);
  }
}
