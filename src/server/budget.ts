/** A connection's share of buffered memory. */
export interface MemoryUser {
  /** Bytes held now. */
  readonly heldBytes: number;
  /** Releases them all. */
  terminate(limit: 'maxTotalBufferedBytes'): void;
}

/** How much may be put by before what is held is counted again, as a part of the budget. */
const SLACK = 1 / 16;

/**
 * One bound on what all connections hold together. What is put by is only added up; once enough of it came, what is really
 * held is counted, and where that is too much, those who hold most go until it fits.
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

  /** So many bytes more are held for somebody. */
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
