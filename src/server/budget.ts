/** A connection's share of buffered memory. */
export interface MemoryUser {
  /** Bytes held now. */
  readonly heldBytes: number;
  /** Releases them all. */
  terminate(limit: 'maxTotalBufferedBytes'): void;
}

/** The part of the budget that may be added before all bytes are counted again. */
const SLACK = 1 / 16;

/**
 * Bounds the bytes that all connections hold together. Bytes that come are only added up; after `SLACK` of the budget, the
 * bytes held are counted, and beyond the budget the connections that hold most are terminated until the rest fits.
 */
export class Budget {
  private readonly slack: number;
  private known = 0;
  private since = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly users: () => Iterable<MemoryUser>,
  ) {
    this.slack = Math.max(1, Math.floor(maxBytes * SLACK));
  }

  /** Adds bytes that a connection holds from now on. */
  put(bytes: number): void {
    this.since += bytes;
    if (this.known + this.since > this.maxBytes && this.since > 0) this.count();
  }

  private count(): void {
    const users = [...this.users()].filter(({ heldBytes }) => heldBytes > 0);
    let held = users.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    if (held > this.maxBytes) {
      users.sort((a, b) => b.heldBytes - a.heldBytes);
      for (const user of users) {
        if (held <= this.maxBytes - this.slack) break;
        held -= user.heldBytes;
        user.terminate('maxTotalBufferedBytes');
      }
    }
    this.known = Math.min(held, this.maxBytes - this.slack);
    this.since = 0;
  }
}
