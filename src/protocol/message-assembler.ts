import { isUtf8 } from 'node:buffer';
import { parseClosePayload } from './close-payload';
import { FrameParser, type FrameRules, type FrameSink } from './frame-parser';
import { unmask } from './mask';
import { Opcode } from './opcodes';
import { Utf8Validator } from './utf8';
import { Violations, type Violation } from './violations';

/** What a connection learns from its peer, in order. */
export interface MessageReceiver {
  onText(message: string): void;
  /** The buffer is the receiver's own. */
  onBinary(message: Buffer): void;
  onPing(payload: Buffer): void;
  onPong(payload: Buffer): void;
  /** `code` is 1005 when the frame had none. */
  onClose(code: number, reason: string): void;
  onViolation(violation: Violation): void;
}

const NO_BYTES = Buffer.alloc(0);
const FIRST_CAPACITY = 4096;

/**
 * Makes messages of frames. A message that comes in parts is gathered in one buffer that grows with what has arrived,
 * never with what was merely declared, so that many tiny fragments or a large declared length cost no memory.
 */
export class MessageAssembler implements FrameSink {
  readonly parser: FrameParser;
  private text = false;
  private buffer: Buffer = NO_BYTES;
  private length = 0;
  private utf8: Utf8Validator | undefined;

  constructor(
    private readonly receiver: MessageReceiver,
    rules: FrameRules,
  ) {
    this.parser = new FrameParser(this, rules);
  }

  onMessage(opcode: number, _compressed: boolean, source: Buffer, start: number, end: number, key: number): void {
    if (opcode === Opcode.Text) {
      const bits = unmask(source, start, end, key, source, start);
      if (bits < 0x80) this.receiver.onText(source.toString('latin1', start, end));
      else if (isUtf8(source.subarray(start, end))) this.receiver.onText(source.toString('utf8', start, end));
      else this.parser.fail(Violations.InvalidUtf8);
      return;
    }
    const message = Buffer.allocUnsafe(end - start);
    unmask(source, start, end, key, message, 0);
    this.receiver.onBinary(message);
  }

  onMessageStart(opcode: number): void {
    this.text = opcode === Opcode.Text;
    this.length = 0;
    if (this.text) (this.utf8 ??= new Utf8Validator()).reset();
  }

  onMessagePart(source: Buffer, start: number, end: number, key: number, declared: number): void {
    const from = this.length;
    const to = from + end - start;
    if (to > this.buffer.length) this.grow(to, declared);
    unmask(source, start, end, key, this.buffer, from);
    this.length = to;
    if (this.text && !this.utf8!.push(this.buffer, from, to)) this.parser.fail(Violations.InvalidUtf8);
  }

  onMessageEnd(): void {
    const message = this.buffer.subarray(0, this.length);
    this.buffer = NO_BYTES;
    if (!this.text) this.receiver.onBinary(message);
    else if (this.utf8!.complete) this.receiver.onText(message.toString('utf8'));
    else this.parser.fail(Violations.InvalidUtf8);
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
    this.buffer = NO_BYTES;
    this.receiver.onViolation(violation);
  }

  /** At least `needed` bytes; doubling, but not beyond the declared length unless needed. */
  private grow(needed: number, declared: number): void {
    const doubled = Math.max(this.buffer.length * 2, FIRST_CAPACITY);
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(doubled, declared)));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}
