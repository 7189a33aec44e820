import { setImmediate } from './turns';

/** Turns of the event loop that a write over TLS or HTTP/2 takes at most when the peer reads. */
const TURNS = 8;

/**
 * Pongs that wait for a write to finish. RFC 6455 5.5.3 lets a peer that does not read have the latest pong only. TLS
 * and HTTP/2 hold each write for a while, whether the peer reads or not, so there all pongs are kept for some turns.
 */
export class HeldPongs {
  private waiting: Buffer[] = [];
  private bytes = 0;
  private latestOnly: boolean;
  private turns = 0;

  constructor(
    /** True where a write that is not done at once means that the peer does not read. */
    private readonly exact: boolean,
    private readonly maxBytes: number,
  ) {
    this.latestOnly = exact;
  }

  add(payload: Buffer): void {
    if (this.latestOnly) this.waiting = [payload];
    else {
      this.bytes += payload.length + 2;
      if (this.waiting.push(payload) === 1) this.watch();
      if (this.bytes > this.maxBytes) this.keepLatest();
    }
  }

  /** Takes out all pongs: the write is done. */
  take(): readonly Buffer[] {
    const { waiting } = this;
    this.waiting = [];
    this.bytes = 0;
    this.latestOnly = this.exact;
    this.turns = 0;
    return waiting;
  }

  private watch(): void {
    this.turns = TURNS;
    const look = (): void => {
      if (this.waiting.length === 0 || this.latestOnly) return;
      if (--this.turns > 0) setImmediate(look);
      else this.keepLatest();
    };
    setImmediate(look);
  }

  private keepLatest(): void {
    this.waiting = this.waiting.slice(-1);
    this.latestOnly = true;
  }
}
