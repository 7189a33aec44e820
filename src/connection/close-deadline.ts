import type { Deadlines } from '../messages';

/** Times that a deadline is renewed: a peer that takes a byte now and then must not keep its connection for ever. */
const MAX_RENEWALS = 11;

/**
 * The time that a peer has for the closing handshake. It begins anew, a few times, while the peer takes bytes that were
 * sent before our Close frame.
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

  /** Begins anew: all written bytes have left. */
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
