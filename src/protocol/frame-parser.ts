import { advanceKey, unmask } from './mask';
import { FIN, MASKED, MAX_CONTROL_PAYLOAD, Opcode, RSV1, RSV2_RSV3 } from './opcodes';
import { STREAM_TOO_BIG, Violations, type Violation } from './violations';

/**
 * Hears from a FrameParser, in the order of the bytes. Payloads of data frames are masked: each is a range of the
 * pushed bytes and the key for its first byte, so that unmasking and copying are one pass. The range is valid during
 * the call only.
 */
export interface FrameSink {
  /** A message came in a single frame, all of it in one read: the usual case. */
  onMessage(opcode: number, compressed: boolean, source: Buffer, start: number, end: number, key: number): void;
  /** A message begins whose payload comes in parts: it is fragmented, or cut by the end of a read. */
  onMessageStart(opcode: number, compressed: boolean): void;
  /**
   * The next bytes of the message, at least one. `declared`: length of the message, as far as headers of its frames
   * have come.
   */
  onMessagePart(source: Buffer, start: number, end: number, key: number, declared: number): void;
  onMessageEnd(): void;
  /** A ping, pong or close frame came. Its payload is unmasked, in a buffer of its own. */
  onControl(opcode: number, payload: Buffer): void;
  /** The peer broke a rule. Nothing is reported after it. */
  onViolation(violation: Violation): void;
}

export interface FrameRules {
  /** Longest message in bytes, all frames together, as it travels: compressed where it is compressed. */
  readonly maxMessageBytes: number;
  /** Longest text message, where text is handed over while it arrives. */
  readonly maxTextStreamBytes?: number | undefined;
  readonly maxBinaryStreamBytes?: number | undefined;
  /** Longest run of empty fragments inside one message. */
  readonly maxEmptyFragments: number;
  /** True where an extension uses RSV1 (RFC 7692 6). */
  readonly allowRsv1: boolean;
}

const NO_BYTES = Buffer.alloc(0);

/** Bytes of the longest header: two, eight of extended length, four of masking key. */
const MAX_HEADER = 14;

/**
 * Reads the frames that a client sends (RFC 6455 section 5) from bytes cut anywhere, and reports them to a sink. It
 * decides all that a frame's header can decide. It knows no socket, and keeps no reference to the bytes.
 *
 * The pushed bytes belong to the parser and its sink, which unmask in place.
 *
 * Large because it is the state machine on the way of each frame: an object for the frame or the message under way
 * would cost a load for each field, and memory for each connection.
 */
export class FrameParser {
  /** Set by `pause()`: `push` returns after the frame under way. */
  private paused = false;
  /** Nothing is read or reported any more. */
  private ended = false;

  /** The header under way when a read ends inside it; allocated for those connections only. */
  private header: Buffer | undefined;
  private headerBytes = 0;

  /** The frame whose payload is under way; `remaining` is -1 between frames. */
  private remaining = -1;
  private opcode = 0;
  private fin = false;
  private key = 0;

  /** The fragmented or cut message under way. */
  private inMessage = false;
  private declared = 0;
  private limit = 0;
  private emptyFragments = 0;

  /** Payload of a control frame that was cut by the end of a read. */
  private control: Buffer = NO_BYTES;

  constructor(
    private readonly sink: FrameSink,
    private readonly rules: FrameRules,
  ) {}

  /** True after `stop()` or a violation. */
  get stopped(): boolean {
    return this.ended;
  }

  /** True while a message has begun and not ended. */
  get midMessage(): boolean {
    return this.inMessage;
  }

  /** Makes the running `push` return after the current frame. Called from within the sink. */
  pause(): void {
    this.paused = true;
  }

  /** Ends the reading for good: after the peer's Close frame nothing more may come (RFC 6455 5.5.1). */
  stop(): void {
    this.ended = true;
  }

  /**
   * Reads `bytes[start, end)`. Returns where it stopped: at `end`, unless the sink has paused it or the peer broke a
   * rule.
   */
  push(bytes: Buffer, start: number, end: number): number {
    let at = start;
    this.paused = false;
    while (at < end && !this.paused && !this.ended) {
      if (this.remaining >= 0) {
        at = this.readPayload(bytes, at, end);
      } else if (this.headerBytes > 0) {
        at = this.readCutHeader(bytes, at, end);
      } else {
        const size = headerSize(bytes, at, end);
        if (at + size > end) {
          at = this.readCutHeader(bytes, at, end);
        } else {
          at = this.readFrame(bytes, at, at + size, end);
        }
      }
    }
    return at;
  }

  /** Reads a frame whose whole header lies in `bytes[at, payload)`. */
  private readFrame(bytes: Buffer, at: number, payload: number, end: number): number {
    if (!this.acceptFirst(bytes[at]!) || !this.acceptSecond(bytes[at]!, bytes[at + 1]!)) return at;
    const length = this.acceptLength(bytes, at);
    if (length < 0) return at;
    const key =
      bytes[payload - 4]! | (bytes[payload - 3]! << 8) | (bytes[payload - 2]! << 16) | (bytes[payload - 1]! << 24);
    const first = bytes[at]!;
    const stop = payload + length;
    if (stop <= end && (first & FIN) !== 0 && !this.inMessage && (first & 0x8) === 0) {
      this.sink.onMessage(first & 0xf, (first & RSV1) !== 0, bytes, payload, stop, key);
      return stop;
    }
    this.beginFrame(first, length, key);
    return this.readPayload(bytes, payload, end);
  }

  /** Reads a header that is cut by the end of a read, byte by byte. Each byte is judged as soon as it is there. */
  private readCutHeader(bytes: Buffer, start: number, end: number): number {
    const header = (this.header ??= Buffer.allocUnsafeSlow(MAX_HEADER));
    let at = start;
    while (at < end) {
      header[this.headerBytes++] = bytes[at++]!;
      const have = this.headerBytes;
      if (have === 1) {
        if (!this.acceptFirst(header[0]!)) return at;
        continue;
      }
      if (have === 2 && !this.acceptSecond(header[0]!, header[1]!)) return at;
      const size = headerSize(header, 0, have);
      if (have === size - 4 && this.acceptLength(header, 0) < 0) return at;
      if (have === size) {
        const length = declaredLength(header, 0);
        this.headerBytes = 0;
        this.beginFrame(header[0]!, length, header.readInt32LE(size - 4));
        return length === 0 ? this.readPayload(bytes, at, end) : at;
      }
    }
    return at;
  }

  /** Judges the first byte: FIN, RSV1–3, opcode (RFC 6455 5.2). */
  private acceptFirst(first: number): boolean {
    const opcode = first & 0xf;
    if ((first & RSV2_RSV3) !== 0) return this.fail(Violations.ReservedBits);
    if ((first & RSV1) !== 0 && (!this.rules.allowRsv1 || (opcode !== Opcode.Text && opcode !== Opcode.Binary))) {
      // 5.2 "MUST be 0 unless an extension is negotiated"; RFC 7692 6: only on the first fragment of a message
      return this.fail(Violations.ReservedBits);
    }
    if (opcode > Opcode.Pong || (opcode > Opcode.Binary && opcode < Opcode.Close)) {
      return this.fail(Violations.ReservedOpcode);
    }
    if (opcode >= Opcode.Close) {
      // 5.5 "MUST NOT be fragmented"
      return (first & FIN) !== 0 || this.fail(Violations.FragmentedControl);
    }
    // 5.4: fragments of one message are not interleaved with another's
    if (opcode === Opcode.Continuation) return this.inMessage || this.fail(Violations.UnexpectedContinuation);
    return !this.inMessage || this.fail(Violations.ExpectedContinuation);
  }

  /** Judges the second byte: MASK and the short length (RFC 6455 5.2). */
  private acceptSecond(first: number, second: number): boolean {
    // 5.1 "a server MUST close the connection upon receiving a frame that is not masked"
    if ((second & MASKED) === 0) return this.fail(Violations.NotMasked);
    // 5.5 "MUST have a payload length of 125 bytes or less"
    if ((first & 0x8) !== 0 && (second & 0x7f) > MAX_CONTROL_PAYLOAD) return this.fail(Violations.ControlTooLong);
    return true;
  }

  /**
   * Judges the extended length (RFC 6455 5.2), and our limits, before a byte of payload is stored. Returns the length;
   * -1 when it is refused.
   */
  private acceptLength(header: Uint8Array, at: number): number {
    const short = header[at + 1]! & 0x7f;
    const length = declaredLength(header, at);
    if (short >= 126) {
      // 5.2 "the minimal number of bytes MUST be used", "the most significant bit MUST be 0"
      if (short === 127 && header[at + 2]! >= 0x80) return this.refuse(Violations.LengthTopBit);
      if (length < (short === 126 ? 126 : 0x10000)) return this.refuse(Violations.LengthNotMinimal);
    }
    if ((header[at]! & 0x8) !== 0) return length;
    if (!this.inMessage) this.limit = this.limitOf(header[at]! & 0xf);
    const total = this.inMessage ? this.declared + length : length;
    if (total <= this.limit) return length;
    return this.refuse(this.limit === this.rules.maxMessageBytes ? Violations.MessageTooBig : STREAM_TOO_BIG);
  }

  private limitOf(opcode: number): number {
    const { maxMessageBytes, maxTextStreamBytes, maxBinaryStreamBytes } = this.rules;
    return (opcode === Opcode.Text ? maxTextStreamBytes : maxBinaryStreamBytes) ?? maxMessageBytes;
  }

  private beginFrame(first: number, length: number, key: number): void {
    this.opcode = first & 0xf;
    this.fin = (first & FIN) !== 0;
    this.key = key;
    this.remaining = length;
    if (this.opcode >= Opcode.Close) {
      this.control = length === 0 ? NO_BYTES : Buffer.allocUnsafe(length);
      return;
    }
    if (!this.inMessage) {
      this.inMessage = true;
      this.declared = 0;
      this.emptyFragments = 0;
      this.sink.onMessageStart(this.opcode, (first & RSV1) !== 0);
    }
    this.declared += length;
    if (length > 0) this.emptyFragments = 0;
    else if (++this.emptyFragments > this.rules.maxEmptyFragments) this.fail(Violations.EmptyFragments);
  }

  private readPayload(bytes: Buffer, start: number, end: number): number {
    const stop = Math.min(start + this.remaining, end);
    const count = stop - start;
    if (this.opcode >= Opcode.Close) {
      unmask(bytes, start, stop, this.key, this.control, this.control.length - this.remaining);
    } else if (count > 0) {
      this.sink.onMessagePart(bytes, start, stop, this.key, this.declared);
    }
    // the sink may have found invalid UTF-8, or too many fragments were empty
    if (this.ended) return stop;
    this.remaining -= count;
    if (this.remaining === 0) this.endFrame();
    else this.key = advanceKey(this.key, count);
    return stop;
  }

  private endFrame(): void {
    this.remaining = -1;
    if (this.opcode >= Opcode.Close) {
      const payload = this.control;
      this.control = NO_BYTES;
      this.sink.onControl(this.opcode, payload);
    } else if (this.fin) {
      this.inMessage = false;
      this.sink.onMessageEnd();
    }
  }

  /** Ends the reading because of a broken rule. The sink calls it for rules that it judges: UTF-8, inflated size. */
  fail(violation: Violation): false {
    if (!this.ended) {
      this.ended = true;
      this.sink.onViolation(violation);
    }
    return false;
  }

  private refuse(violation: Violation): -1 {
    this.fail(violation);
    return -1;
  }
}

/** Bytes of the header that begins at `at`, as far as its first two bytes can tell. */
function headerSize(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 2) return MAX_HEADER;
  const short = bytes[at + 1]! & 0x7f;
  return short < 126 ? 6 : short === 126 ? 8 : MAX_HEADER;
}

/** The payload length in the header at `at`; exact up to 2^53. */
function declaredLength(header: Uint8Array, at: number): number {
  const short = header[at + 1]! & 0x7f;
  if (short < 126) return short;
  if (short === 126) return (header[at + 2]! << 8) | header[at + 3]!;
  const high = ((header[at + 2]! << 24) | (header[at + 3]! << 16) | (header[at + 4]! << 8) | header[at + 5]!) >>> 0;
  const low = ((header[at + 6]! << 24) | (header[at + 7]! << 16) | (header[at + 8]! << 8) | header[at + 9]!) >>> 0;
  return high * 0x1_0000_0000 + low;
}
