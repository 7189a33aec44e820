import type { Deadlines } from '../messages';

/** A peer that takes a byte now and then must not keep its connection for ever. */
const MAX_RENEWALS = 11;

/**
 * The time that a peer has for its part of the closing handshake. A peer that still takes what was sent before our Close
 * frame gets it anew, a few times.
 */
export class CloseDeadline {
  private cancelCurrent: () => void;

  constructor(
    private readonly deadlines: Deadlines,
    private readonly timeoutMs: number,
    private readonly outgoing: { readonly unsentBytes: number },
    private readonly expired: () => void,
  ) {
    this.cancelCurrent = this.set(MAX_RENEWALS);
  }

  /** Begins anew, as all that was written has left. */
  restart(): void {
    this.cancelCurrent();
    this.cancelCurrent = this.set(MAX_RENEWALS);
  }

  cancel(): void {
    this.cancelCurrent();
  }

  private set(renewals: number): () => void {
    const before = this.outgoing.unsentBytes;
    return this.deadlines.set(this.timeoutMs, () => {
      const { unsentBytes } = this.outgoing;
      const isReading = unsentBytes > 0 && unsentBytes < before;
      if (isReading && renewals > 0) this.cancelCurrent = this.set(renewals - 1);
      else this.expired();
    });
  }
}
