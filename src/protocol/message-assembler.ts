import { isUtf8 } from 'node:buffer';
import { parseClosePayload } from './close-payload';
import { TAIL } from './deflate-history';
import { FrameParser, type FrameRules, type FrameSink } from './frame-parser';
import { unmask } from './mask';
import { Opcode } from './opcodes';
import { PartialPayload } from './partial-payload';
import type { PerMessageDeflate } from './permessage-deflate';
import { Utf8Validator } from './utf8';
import { Violations, type Violation } from './violations';
import { countHanded } from './young-memory';

/** Hears the messages and control frames of a peer, in order. */
export interface MessageReceiver {
  onText(message: string): void;
  /** The buffer is the receiver's own. */
  onBinary(message: Buffer): void;
  /** A message begins that is handed over while it arrives. Its payload follows, compressed if `compressed`. */
  onStreamStart?(binary: boolean, compressed: boolean): void;
  /**
   * The next part of the message, in a buffer of the receiver's own. Uncompressed text is valid so far, but may be cut
   * inside a character.
   */
  onStreamPart?(bytes: Buffer): void;
  onStreamEnd?(): void;
  /**
   * A message is being inflated in another thread. Nothing may be pushed until `onInflatingDone`. A receiver without
   * this method gets each message at once.
   */
  onInflating?(): void;
  /** The inflated message was delivered, or refused. */
  onInflatingDone?(): void;
  onPing(payload: Buffer): void;
  onPong(payload: Buffer): void;
  /** `code` is 1005 when the frame had none. */
  onClose(code: number, reason: string): void;
  onViolation(violation: Violation): void;
}

/** Messages from this size on are inflated in a thread of libuv: it may take a millisecond. */
const OFF_LOOP_FROM = 32 * 1024;

/** Makes messages of frames. */
export class MessageAssembler implements FrameSink {
  readonly parser: FrameParser;
  private text = false;
  private compressed = false;
  private streamed = false;
  /** Made with the first message that comes in parts. */
  private payload: PartialPayload | undefined;
  private utf8: Utf8Validator | undefined;

  constructor(
    private readonly receiver: MessageReceiver,
    private readonly rules: FrameRules,
    private readonly deflate?: PerMessageDeflate,
  ) {
    this.parser = new FrameParser(this, rules);
  }

  /** Bytes of memory of the message that has not wholly arrived. */
  get heldBytes(): number {
    return this.payload === undefined ? 0 : this.payload.heldBytes;
  }

  /** Ends the reading, and forgets the message that has not wholly arrived. */
  stop(): void {
    this.parser.stop();
    this.payload?.drop();
  }

  onMessage(opcode: number, compressed: boolean, source: Buffer, start: number, end: number, key: number): void {
    const text = opcode === Opcode.Text;
    if (compressed || this.isStreamed(text)) {
      this.onMessageStart(opcode, compressed);
      if (end > start) this.onMessagePart(source, start, end, key, end - start);
      // the part may have been refused
      if (!this.parser.stopped) this.onMessageEnd();
    } else if (!text) {
      countHanded(end - start);
      const message = Buffer.allocUnsafe(end - start);
      unmask(source, start, end, key, message, 0);
      this.receiver.onBinary(message);
    } else {
      const bits = unmask(source, start, end, key, source, start);
      if (bits < 0x80) this.receiver.onText(source.toString('latin1', start, end));
      else if (isUtf8(source.subarray(start, end))) this.receiver.onText(source.toString('utf8', start, end));
      else this.parser.fail(Violations.InvalidUtf8);
    }
  }

  onMessageStart(opcode: number, compressed: boolean): void {
    this.text = opcode === Opcode.Text;
    this.compressed = compressed;
    this.streamed = this.isStreamed(this.text);
    if (this.text) (this.utf8 ??= new Utf8Validator()).reset();
    if (this.streamed) this.receiver.onStreamStart?.(!this.text, compressed);
  }

  onMessagePart(source: Buffer, start: number, end: number, key: number, declared: number): void {
    const utf8 = this.text && !this.compressed ? this.utf8 : undefined;
    if (this.streamed) {
      const part = Buffer.allocUnsafe(end - start);
      unmask(source, start, end, key, part, 0);
      if (utf8?.push(part, 0, part.length) === false) this.parser.fail(Violations.InvalidUtf8);
      else this.receiver.onStreamPart?.(part);
      return;
    }
    this.payload ??= new PartialPayload();
    if (!this.payload.push(source, start, end, key, declared, utf8)) this.parser.fail(Violations.InvalidUtf8);
  }

  onMessageEnd(): void {
    if (this.text && !this.compressed && !this.utf8!.complete) this.parser.fail(Violations.InvalidUtf8);
    else if (this.streamed) this.receiver.onStreamEnd?.();
    else if (this.compressed) this.inflate();
    else if (this.text) this.receiver.onText(this.payload?.takeText() ?? '');
    else this.receiver.onBinary(this.payload?.take() ?? Buffer.alloc(0));
  }

  onControl(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.Ping) return this.receiver.onPing(payload);
    if (opcode === Opcode.Pong) return this.receiver.onPong(payload);
    const close = parseClosePayload(payload);
    if ('closeCode' in close) {
      this.parser.fail(close);
      return;
    }
    // 5.5.1: nothing that comes after a Close frame counts
    this.parser.stop();
    this.receiver.onClose(close.code, close.reason);
  }

  onViolation(violation: Violation): void {
    this.payload?.drop();
    this.receiver.onViolation(violation);
  }

  /** Inflates the message (RFC 7692 7.2.2) and delivers it. */
  private inflate(): void {
    const message = this.payload?.take(TAIL) ?? TAIL;
    const { maxMessageBytes } = this.rules;
    if (message.length < OFF_LOOP_FROM || this.receiver.onInflating === undefined) {
      this.deliver(this.deflate!.inflate(message, maxMessageBytes));
      return;
    }
    this.parser.pause();
    this.receiver.onInflating();
    this.deflate!.inflateLater(message, maxMessageBytes, (inflated) => {
      if (!this.parser.stopped) this.deliver(inflated);
      this.receiver.onInflatingDone?.();
    });
  }

  private deliver(inflated: Buffer | Violation): void {
    if (!Buffer.isBuffer(inflated)) this.parser.fail(inflated);
    else if (!this.text) this.receiver.onBinary(Buffer.from(inflated));
    else if (isUtf8(inflated)) this.receiver.onText(inflated.toString('utf8'));
    else this.parser.fail(Violations.InvalidUtf8);
  }

  private isStreamed(text: boolean): boolean {
    return (text ? this.rules.maxTextStreamBytes : this.rules.maxBinaryStreamBytes) !== undefined;
  }
}
