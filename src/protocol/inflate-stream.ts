import { constants } from 'node:zlib';
import { latest, MAX_FINAL_BLOCKS, MAX_HISTORY, prime, TAIL } from './deflate-history';
import { KeptHandle } from './kept-zlib';
import { Violations, type Violation } from './violations';

/**
 * Inflates one message that is read while it arrives. Bytes are inflated only when they are read, so that nothing piles
 * up.
 */
export interface InflateStream {
  /** Takes the next bytes of the compressed message. */
  push(bytes: Buffer): void;
  /** The message is complete. */
  end(): void;
  /** The next inflated bytes, in memory of their own. Undefined when there are none until more is pushed. */
  pull(): Buffer | Violation | undefined;
  /** Frees what the stream holds. */
  close(): void;
}

const PIECE = 64 * 1024;
const { Z_SYNC_FLUSH } = constants;

/** Has a zlib context of its own for as long as the message takes. */
export class KeptInflateStream implements InflateStream {
  private readonly zlib = KeptHandle.inflate();
  private readonly output = Buffer.allocUnsafeSlow(PIECE);
  private readonly parts: Buffer[] = [];
  private at = 0;
  /** A final block has ended (RFC 7692 7.2.3.4). */
  private final = false;
  private finals = 0;

  constructor(private history: Buffer) {
    prime(this.zlib, history, Buffer.allocUnsafe(history.length + 1));
  }

  push(bytes: Buffer): void {
    this.parts.push(bytes);
  }

  end(): void {
    this.parts.push(TAIL);
  }

  pull(): Buffer | Violation | undefined {
    for (let part = this.parts[0]; part !== undefined; part = this.parts[0]) {
      if (this.final && part !== TAIL) {
        if (++this.finals > MAX_FINAL_BLOCKS) return Violations.InvalidDeflate;
        this.restart();
      }
      const { output } = this;
      if (!this.final && !this.zlib.run(Z_SYNC_FLUSH, part, this.at, part.length, output, 0)) {
        return Violations.InvalidDeflate;
      }
      const produced = this.final ? 0 : PIECE - this.zlib.outputLeft;
      this.at = this.final ? part.length : part.length - this.zlib.inputLeft;
      // a full piece may have more behind it, without more input
      if (produced < PIECE) {
        if (this.at < part.length) this.final = true;
        else this.nextPart();
      }
      if (produced === 0) continue;
      const piece = Buffer.from(output.subarray(0, produced));
      this.history = latest(this.history, piece, MAX_HISTORY);
      return piece;
    }
    return undefined;
  }

  close(): void {
    this.zlib.stream.close();
  }

  private nextPart(): void {
    this.parts.shift();
    this.at = 0;
  }

  private restart(): void {
    this.final = false;
    prime(this.zlib, this.history, Buffer.allocUnsafe(this.history.length + 1));
  }
}

/** Gathers the message and inflates it at the end, for a Node whose zlib can only inflate whole messages. */
export class GatheringInflateStream implements InflateStream {
  private parts: Buffer[] = [];
  private gathered = 0;
  private complete = false;

  constructor(
    private readonly inflate: (message: Buffer) => Buffer | Violation,
    private readonly maxBytes: number,
  ) {}

  push(bytes: Buffer): void {
    this.gathered += bytes.length;
    this.parts.push(bytes);
  }

  end(): void {
    this.parts.push(TAIL);
    this.complete = true;
  }

  pull(): Buffer | Violation | undefined {
    if (this.gathered > this.maxBytes) return Violations.MessageTooBig;
    if (!this.complete) return undefined;
    const message = Buffer.concat(this.parts);
    this.close();
    const inflated = this.inflate(message);
    return Buffer.isBuffer(inflated) && inflated.length === 0 ? undefined : inflated;
  }

  close(): void {
    this.parts = [];
    this.gathered = 0;
    this.complete = false;
  }
}
