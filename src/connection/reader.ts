import {
  MessageAssembler,
  freeHanded,
  type FrameRules,
  type MessageReceiver,
  type PerMessageDeflate,
  type Violation,
} from '../protocol';
import type { Transport } from '../transport';

const NO_BYTES = Buffer.alloc(0);

/**
 * Reads the bytes of one connection for the messages in them, which the subclass receives. The peer is held back while
 * messages have nowhere to wait.
 */
export abstract class Reader implements MessageReceiver {
  protected readonly assembler: MessageAssembler;
  private paused = false;
  /** Bytes that were read but not parsed yet. */
  private leftover: Buffer | undefined;
  /** True within a read, when the bytes that are left of it are not known yet. */
  private parsing = false;
  /** True while a message is inflated in another thread, which bytes that are read must wait for. */
  private inflating = false;

  constructor(
    private readonly transport: Transport,
    private readonly outgoing: { cork(): void; uncork(): void },
    rules: FrameRules,
    protected readonly deflate: PerMessageDeflate | undefined,
  ) {
    this.assembler = new MessageAssembler(this, rules, deflate);
  }

  /** False once the peer's bytes are read and thrown away. */
  protected abstract readonly isListening: boolean;
  /** True where messages that come have somewhere to wait. */
  protected abstract hasRoom(): boolean;
  /** Called when all bytes that were read are parsed. False where no new bytes are to be read. */
  protected abstract mayResume(): boolean;
  /** `bytes` more bytes are held. */
  protected abstract onHeld(bytes: number): void;

  abstract onText(message: string): void;
  abstract onBinary(message: Buffer): void;
  abstract onPing(payload: Buffer): void;
  abstract onPong(payload: Buffer): void;
  abstract onClose(code: number, reason: string): void;
  abstract onViolation(violation: Violation): void;

  /** Bytes of memory that are no message yet. */
  protected get unparsedBytes(): number {
    return this.assembler.heldBytes + (this.leftover?.length ?? 0);
  }

  /** True while the peer is held back. */
  get isPaused(): boolean {
    return this.paused;
  }

  /** True while messages that were read are still to be delivered. */
  protected get isBehind(): boolean {
    return this.leftover !== undefined || this.inflating;
  }

  /** True while a message has begun that is not whole, or not inflated. */
  protected get isMidMessage(): boolean {
    return this.inflating || this.assembler.parser.midMessage;
  }

  /** The bytes are valid during the call only. */
  onBytes(bytes: Buffer, length: number): void {
    if (this.leftover !== undefined || (this.inflating && this.isListening)) {
      this.leftover = Buffer.concat([this.leftover ?? NO_BYTES, bytes.subarray(0, length)]);
      return;
    }
    const at = this.parse(bytes, length);
    if (at < length && this.isListening) this.leftover = Buffer.from(bytes.subarray(at, length));
    if (this.unparsedBytes > 0) this.onHeld(length);
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
    while (this.paused && !this.parsing && this.canReadOn()) {
      const bytes = this.leftover;
      if (bytes === undefined) {
        if (!this.mayResume()) return;
        this.paused = false;
        this.transport.resume();
        return;
      }
      this.leftover = undefined;
      const at = this.parse(bytes, bytes.length);
      if (at < bytes.length && this.isListening) this.leftover = bytes.subarray(at);
    }
  }

  onInflating(): void {
    this.inflating = true;
    this.pause();
  }

  onInflatingDone(): void {
    this.inflating = false;
    this.readOn();
  }

  /** Throws away bytes that are no message yet, and all that come. */
  protected stopParsing(): void {
    this.leftover = undefined;
    this.assembler.stop();
    this.readOn();
  }

  private canReadOn(): boolean {
    return !this.isListening || (!this.inflating && this.hasRoom());
  }

  /** Parses a read, whose answers leave in one write. Returns where parsing stopped. */
  private parse(bytes: Buffer, length: number): number {
    this.parsing = true;
    this.outgoing.cork();
    const at = this.assembler.parser.push(bytes, 0, length);
    this.outgoing.uncork();
    freeHanded();
    this.parsing = false;
    return at;
  }
}
