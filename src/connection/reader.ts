import type { MessageAssembler } from '../protocol';
import type { Transport } from '../transport';

/** Dependencies of Reader. */
export interface ReaderOwner {
  /** False once the peer's bytes are read and thrown away. */
  readonly isListening: boolean;
  /** True where messages that come have somewhere to wait. */
  hasRoom(): boolean;
  /** Called when all bytes that were read are parsed. False where no new bytes are to be read. */
  mayResume(): boolean;
  /** `bytes` more bytes are held. */
  onHeld(bytes: number): void;
}

const NO_BYTES = Buffer.alloc(0);

/** Reads the bytes of one connection. The peer is held back while the messages in them have nowhere to wait. */
export class Reader {
  private paused = false;
  /** Bytes that were read but not parsed yet. */
  private leftover: Buffer | undefined;
  /** True within a read, when the bytes that are left of it are not known yet. */
  private parsing = false;
  /** True while a message is inflated in another thread, which bytes that are read must wait for. */
  private inflating = false;

  constructor(
    private readonly owner: ReaderOwner,
    readonly assembler: MessageAssembler,
    private readonly transport: Transport,
    private readonly outgoing: { cork(): void; uncork(): void },
  ) {}

  /** Bytes of memory that are no message yet. */
  get heldBytes(): number {
    return this.assembler.heldBytes + (this.leftover?.length ?? 0);
  }

  /** True while the peer is held back. */
  get isPaused(): boolean {
    return this.paused;
  }

  /** True while messages that were read are still to be delivered. */
  get isBehind(): boolean {
    return this.leftover !== undefined || this.inflating;
  }

  /** True while a message has begun that is not whole, or not inflated. */
  get isMidMessage(): boolean {
    return this.inflating || this.assembler.parser.midMessage;
  }

  /** The bytes are valid during the call only. */
  onBytes(bytes: Buffer, length: number): void {
    const { owner } = this;
    if (this.leftover !== undefined || (this.inflating && owner.isListening)) {
      this.leftover = Buffer.concat([this.leftover ?? NO_BYTES, bytes.subarray(0, length)]);
      return;
    }
    const at = this.parse(bytes, length);
    if (at < length && owner.isListening) this.leftover = Buffer.from(bytes.subarray(at, length));
    if (this.heldBytes > 0) owner.onHeld(length);
    if (this.paused) this.readOn();
  }

  pause(): void {
    this.assembler.parser.pause();
    if (this.paused) return;
    this.paused = true;
    this.transport.pause();
  }

  /** Reads on if there is room: first the bytes that are left of the last read. */
  readOn(): void {
    while (this.paused && !this.parsing && this.hasRoom()) {
      const bytes = this.leftover;
      if (bytes === undefined) {
        if (!this.owner.mayResume()) return;
        this.paused = false;
        this.transport.resume();
        return;
      }
      this.leftover = undefined;
      const at = this.parse(bytes, bytes.length);
      if (at < bytes.length && this.owner.isListening) this.leftover = bytes.subarray(at);
    }
  }

  /** Holds the peer back while a message is inflated in another thread. */
  holdForInflating(): void {
    this.inflating = true;
    this.pause();
  }

  onInflated(): void {
    this.inflating = false;
    this.readOn();
  }

  /** Throws away bytes that were read and not parsed. */
  forget(): void {
    this.leftover = undefined;
    this.readOn();
  }

  private hasRoom(): boolean {
    return !this.owner.isListening || (!this.inflating && this.owner.hasRoom());
  }

  /** Parses a read, whose answers leave in one write. Returns where parsing stopped. */
  private parse(bytes: Buffer, length: number): number {
    this.parsing = true;
    this.outgoing.cork();
    const at = this.assembler.parser.push(bytes, 0, length);
    this.outgoing.uncork();
    this.parsing = false;
    return at;
  }
}
