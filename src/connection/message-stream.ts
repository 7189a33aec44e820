import { StringDecoder } from 'node:string_decoder';
import { STREAM_TOO_BIG, Utf8Validator, Violations, type InflateStream, type Violation } from '../protocol';

/** The message will never be complete: its connection was closed, or the peer broke a rule. */
export class IncompleteMessageError extends Error {
  override readonly name = 'IncompleteMessageError';

  constructor() {
    super('the connection closed before the message was complete');
  }
}

/** Dependencies of IncomingStream. */
export interface StreamOwner {
  /** The stream has room again. */
  onStreamRead(): void;
  /** The inflated bytes break a rule. */
  onStreamViolation(violation: Violation): void;
  /** `bytes` were inflated; later messages may refer to them. */
  onInflated(bytes: Buffer): void;
}

/**
 * One message that is handed over while it arrives. It holds bytes that have arrived and were not read: one read of the
 * socket at most, since the socket is not read meanwhile.
 */
export class IncomingStream {
  private readonly parts: Buffer[] = [];
  /** Bytes that `peek` has seen, in order, and nobody has read. */
  private peeked: Buffer[] = [];
  private readonly decoder: StringDecoder | undefined;
  private readonly utf8: Utf8Validator | undefined;
  private held = 0;
  private ended = false;
  private failed = false;
  private discarded = false;
  private reading = false;
  /** All of the message has been read. */
  private finished = false;
  private tailPushed = false;
  private total = 0;
  private wake: (() => void) | undefined;

  constructor(
    readonly binary: boolean,
    private readonly maxBytes: number,
    private readonly owner: StreamOwner,
    private readonly inflate?: InflateStream,
    /** True where later messages may refer to this one, so that discarded bytes are inflated too. */
    private readonly remembers = false,
    /** Counts the bytes that all streams of the connection hold. */
    private readonly all = { bytes: 0 },
  ) {
    if (binary) return;
    this.decoder = new StringDecoder('utf8');
    if (inflate !== undefined) this.utf8 = new Utf8Validator();
  }

  /** True where no bytes are held. */
  get hasRoom(): boolean {
    return this.held === 0;
  }

  get compressed(): boolean {
    return this.inflate !== undefined;
  }

  /** Bytes that have arrived and were not read, and the cost of their objects. */
  get heldBytes(): number {
    return this.held;
  }

  /** True once all of the message has arrived. */
  get complete(): boolean {
    return this.ended;
  }

  push(bytes: Buffer): void {
    if (this.failed) return;
    this.parts.push(bytes);
    this.hold(costOf(bytes));
    this.advance();
  }

  end(): void {
    this.ended = true;
    this.advance();
  }

  /**
   * Returns the whole message, which can still be read. Undefined where it has not wholly arrived, is larger than
   * `most`, or broke a rule.
   */
  peek(most: number): Buffer | undefined {
    this.readAhead(most);
    return this.finished && !this.failed ? Buffer.concat(this.peeked) : undefined;
  }

  /** Inflates a complete message, up to `most` bytes, where later messages may refer to it. */
  inflateAhead(most: number): void {
    if (this.remembers && this.ended) this.readAhead(most);
  }

  private readAhead(most: number): void {
    if (this.finished || this.held > most) return;
    const peeked: Buffer[] = [];
    let size = 0;
    while (size <= most) {
      const bytes = this.nextBytes();
      if (bytes === undefined) break;
      peeked.push(bytes);
      size += bytes.length;
    }
    if (this.failed) return;
    for (const bytes of peeked) this.hold(costOf(bytes));
    this.peeked.unshift(...peeked);
  }

  /** Fails the reading: the rest of the message will not come. */
  fail(): void {
    if (this.ended || this.failed) return;
    this.giveUp();
    this.wake?.();
  }

  /** The handler has settled. Discards the message unless it is being read. */
  release(): void {
    if (!this.reading) this.discard();
  }

  discard(): void {
    this.discarded = true;
    this.advance();
  }

  async *read(): AsyncGenerator<string | Uint8Array, void, void> {
    if (this.reading || this.discarded) throw new Error('a message can be read once, and while its handler is at work');
    this.reading = true;
    try {
      for (;;) {
        const piece = this.discarded ? undefined : this.next();
        if (piece !== undefined) {
          if (piece.length > 0) yield piece;
        } else if (this.failed) {
          throw new IncompleteMessageError();
        } else if (this.finished || this.discarded) {
          return;
        } else if (this.parts.length === 0 && !this.ended) {
          // neither was there when the driver was told to read on
          await new Promise<void>((resolve) => (this.wake = resolve));
        }
      }
    } finally {
      this.discard();
    }
  }

  private advance(): void {
    this.wake?.();
    if (!this.discarded) return;
    if (this.remembers) while (this.next() !== undefined);
    else if (this.parts.length + this.peeked.length > 0) {
      this.letGo();
      this.owner.onStreamRead();
    }
    if (this.ended) this.inflate?.close();
  }

  /** The next piece for the handler; undefined where there is none. */
  private next(): string | Uint8Array | undefined {
    const bytes = this.nextBytes();
    if (bytes === undefined) {
      if (this.finished && this.utf8?.complete === false) return this.violate(Violations.InvalidUtf8);
      // the driver may read on: all that came is used up
      if (!this.failed) this.owner.onStreamRead();
      return undefined;
    }
    if (this.decoder === undefined) return bytes;
    if (this.utf8?.push(bytes, 0, bytes.length) === false) return this.violate(Violations.InvalidUtf8);
    return this.decoder.write(bytes);
  }

  private nextBytes(): Buffer | undefined {
    if (this.failed) return undefined;
    const peeked = this.take(this.peeked);
    if (peeked !== undefined) return peeked;
    if (this.inflate === undefined) {
      const part = this.take(this.parts);
      this.finished = part === undefined && this.ended;
      return part;
    }
    const piece = this.pullInflated(this.inflate);
    if (piece === undefined) {
      if (this.tailPushed && !this.finished) this.finishInflating();
      return undefined;
    }
    if (!Buffer.isBuffer(piece)) return this.violate(piece);
    this.total += piece.length;
    if (this.total > this.maxBytes) return this.violate(STREAM_TOO_BIG);
    this.owner.onInflated(piece);
    return piece;
  }

  private hold(bytes: number): void {
    this.held += bytes;
    this.all.bytes += bytes;
  }

  private letGo(): void {
    this.parts.length = 0;
    this.peeked.length = 0;
    this.hold(-this.held);
  }

  private take(parts: Buffer[]): Buffer | undefined {
    const part = parts.shift();
    if (part !== undefined) this.hold(-costOf(part));
    return part;
  }

  private pullInflated(inflate: InflateStream): Buffer | Violation | undefined {
    for (;;) {
      const piece = inflate.pull();
      if (piece !== undefined) return piece;
      const part = this.take(this.parts);
      if (part !== undefined) inflate.push(part);
      else if (this.ended && !this.tailPushed) {
        this.tailPushed = true;
        inflate.end();
      } else return undefined;
    }
  }

  private finishInflating(): void {
    this.finished = true;
    this.inflate?.close();
  }

  private giveUp(): void {
    this.failed = true;
    this.letGo();
    this.inflate?.close();
  }

  private violate(violation: Violation): undefined {
    this.giveUp();
    this.owner.onStreamViolation(violation);
    return undefined;
  }
}

/** Bytes that the object of a part takes. A peer may send each byte in a fragment of its own. */
const PART_BYTES = 96;

function costOf({ length }: Buffer): number {
  return length + PART_BYTES;
}

/**
 * A message that is handed over while it arrives: in pieces of bytes, or for text in strings, which are cut between
 * characters only. The socket is not read while pieces wait. A message can be read once; pieces that are unread when
 * the handler settles are thrown away. Reading throws an `IncompleteMessageError` when the connection ends before the
 * message does.
 */
export class MessageStream implements AsyncIterable<string | Uint8Array> {
  /** @internal Streams are made by the engine. */
  constructor(private readonly incoming: IncomingStream) {}

  get binary(): boolean {
    return this.incoming.binary;
  }

  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array, void, void> {
    const reading = this.incoming.read();
    const end = reading.return.bind(reading);
    // else it would end with the next bytes, which may never come
    reading.return = (value) => {
      this.incoming.discard();
      return end(value);
    };
    return reading;
  }
}
