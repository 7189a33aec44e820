import { randomInt } from 'node:crypto';

/** The beat of the world; a test brings its own. */
export class Metronome {
  /** Returns a function that stops the beat. */
  start(everyMs: number, beat: () => void): () => void {
    const timer = setInterval(beat, everyMs);
    return () => clearInterval(timer);
  }
}

/** Chance; a test brings its own. */
export class Chance {
  /** A whole number from 0, less than `limit`. */
  below(limit: number): number {
    return randomInt(limit);
  }
}
