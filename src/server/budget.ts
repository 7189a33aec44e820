/** Whoever holds bytes for a connection. */
export interface Holder {
  /** Bytes that it holds now. */
  readonly heldBytes: number;
  /** Lets go of all of them. */
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
    private readonly holders: () => Iterable<Holder>,
  ) {
    this.slack = Math.max(1, Math.floor(maxBytes * SLACK));
  }

  /** So many bytes more are held for somebody. */
  put(bytes: number): void {
    this.since += bytes;
    if (this.known + this.since > this.maxBytes && this.since > 0) this.count();
  }

  private count(): void {
    const holders = [...this.holders()].filter(({ heldBytes }) => heldBytes > 0);
    let held = holders.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    if (held > this.maxBytes) {
      holders.sort((a, b) => b.heldBytes - a.heldBytes);
      for (const holder of holders) {
        if (held <= this.maxBytes - this.slack) break;
        held -= holder.heldBytes;
        holder.terminate('maxTotalBufferedBytes');
      }
    }
    this.known = Math.min(held, this.maxBytes - this.slack);
    this.since = 0;
  }
}
