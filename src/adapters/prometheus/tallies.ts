import type { Connection } from '../../connection';

/** The counts of one path. */
export interface Tally {
  readonly connections: Set<Connection>;
  received: number;
  sent: number;
  bytesRead: number;
  bytesWritten: number;
}

/** The counts by the pattern of the path: one for each endpoint. */
export class Tallies {
  private readonly byPath = new Map<string, Tally>();

  of(path: string): Tally {
    let tally = this.byPath.get(path);
    if (tally === undefined) {
      tally = { connections: new Set(), received: 0, sent: 0, bytesRead: 0, bytesWritten: 0 };
      this.byPath.set(path, tally);
    }
    return tally;
  }

  [Symbol.iterator](): Iterator<[string, Tally]> {
    return this.byPath.entries();
  }
}
