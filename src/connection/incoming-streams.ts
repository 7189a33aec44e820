import { isUtf8 } from 'node:buffer';
import type { FrameParser, PerMessageDeflate, Violation } from '../protocol';
import { sizeOf } from './message-queue';
import { IncomingStream, type StreamOwner } from './message-stream';
import type { ReceiverHost } from './receiver-host';

/** Dependencies of IncomingStreams. */
export interface StreamReceiver {
  readonly host: ReceiverHost;
  /** Hands a message over in its turn. */
  deliver(message: IncomingStream): void;
  /** Counts bytes against the rate limits. */
  charge(message: IncomingStream, bytes: number): void;
  /** Holds the peer back. */
  pause(): void;
  /** Reads on if there is room. */
  readOn(): void;
}

/** Most bytes that are gathered of a compressed message where zlib cannot inflate it as it arrives. */
const MAX_GATHERED = 16 * 1024 * 1024;

/**
 * The messages of one connection that are handed over while they arrive: at the first byte, unless the message may be the
 * answer to a request of ours. That is known only when all of it has come, or enough to say that it is none.
 */
export class IncomingStreams implements StreamOwner {
  /** The latest message that was handed over. */
  private incoming: IncomingStream | undefined;
  /** A message on its way that may be an answer. */
  private candidate: IncomingStream | undefined;
  /**
   * Unread bytes of all messages. Several messages have some while an answer is awaited, which may stand behind them.
   */
  private readonly unread = { bytes: 0 };

  constructor(
    private readonly receiver: StreamReceiver,
    private readonly parser: FrameParser,
    private readonly deflate: PerMessageDeflate | undefined,
  ) {}

  get heldBytes(): number {
    return this.unread.bytes;
  }

  /** True while a message that was handed over has not wholly arrived. */
  get isArriving(): boolean {
    return this.incoming?.complete === false;
  }

  /**
   * True where more may arrive: where nothing is unread, or, while a handler awaits an answer, less than the size of
   * one message is.
   */
  get haveRoom(): boolean {
    const { unread, candidate, incoming } = this;
    if (unread.bytes === (candidate?.heldBytes ?? 0)) return true;
    if (this.receiver.host.requests?.awaiting !== true) return false;
    const { maxMessageBytes } = this.receiver.host.route.limits;
    incoming?.inflateAhead(maxMessageBytes);
    return unread.bytes < maxMessageBytes;
  }

  begin(binary: boolean, compressed: boolean): void {
    const { host } = this.receiver;
    const { maxStreamBytes } = host.route.limits;
    const inflate = compressed ? this.deflate!.inflateStream(Math.min(maxStreamBytes, MAX_GATHERED)) : undefined;
    const remembers = compressed && this.deflate!.remembersReceived;
    const stream = new IncomingStream(binary, maxStreamBytes, this, inflate, remembers, this.unread);
    if (host.requests?.expects(binary) === true) this.candidate = stream;
    else this.handOver(stream);
  }

  /** Ignores the message that begins. */
  ignore(): void {
    this.incoming = undefined;
  }

  push(bytes: Buffer): void {
    const { candidate, incoming, receiver } = this;
    const { host } = receiver;
    const stream = candidate ?? incoming;
    if (stream === undefined || host.hearing === 'deaf') return;
    if (candidate === undefined) receiver.charge(stream, bytes.length);
    host.context.budget.put(bytes.length);
    const isBeginning = stream.heldBytes === 0 && !stream.compressed;
    stream.push(bytes);
    if (candidate !== undefined) {
      const isTooLarge = candidate.heldBytes >= host.route.limits.maxMessageBytes;
      const isNone = isTooLarge || (isBeginning && host.requests?.expects(candidate.binary, bytes) !== true);
      if (isNone) this.handOverLate(candidate);
    }
    this.pauseWithoutRoom();
  }

  end(): void {
    const { candidate, incoming } = this;
    (candidate ?? incoming)?.end();
    this.candidate = undefined;
    if (candidate !== undefined && !this.takeAnswer(candidate)) this.handOverLate(candidate);
    this.pauseWithoutRoom();
  }

  /** The candidate may be no answer any more, since requests have settled. */
  onRequestsChanged(): void {
    const { candidate } = this;
    const { host } = this.receiver;
    const isNone = candidate !== undefined && host.requests?.expects(candidate.binary) !== true;
    if (isNone && host.hearing === 'open') this.handOverLate(candidate);
  }

  /** Hands over the candidate: no answer counts any more. */
  beginClosing(): void {
    if (this.candidate !== undefined) this.handOverLate(this.candidate);
  }

  /** Throws the candidate away. */
  forget(): void {
    this.candidate?.discard();
    this.candidate = undefined;
  }

  /** Fails messages that have not wholly arrived. */
  stop(): void {
    this.candidate?.fail();
    this.candidate = undefined;
    this.incoming?.fail();
  }

  onStreamRead(): void {
    this.receiver.readOn();
  }

  onStreamViolation(violation: Violation): void {
    this.parser.fail(violation);
  }

  onInflated(bytes: Buffer): void {
    this.deflate?.remember(bytes);
  }

  private handOver(stream: IncomingStream): void {
    this.incoming = stream;
    this.receiver.deliver(stream);
  }

  /** Hands over a candidate that is no answer. */
  private handOverLate(stream: IncomingStream): void {
    this.candidate = undefined;
    this.handOver(stream);
    this.receiver.charge(stream, stream.heldBytes);
  }

  /** Takes a complete message if it is an answer. False where it is none. */
  private takeAnswer(stream: IncomingStream): boolean {
    const { host } = this.receiver;
    const bytes = stream.peek(host.route.limits.maxMessageBytes);
    if (bytes === undefined || (!stream.binary && !isUtf8(bytes))) return false;
    const message = stream.binary ? bytes : bytes.toString();
    const answer = host.requests?.take(message);
    if (answer === undefined) return false;
    if (answer === 'late') this.receiver.charge(stream, bytes.length);
    stream.discard();
    host.context.observer.received?.(host.connection, sizeOf(message));
    return true;
  }

  private pauseWithoutRoom(): void {
    if (!this.haveRoom) this.receiver.pause();
  }
}
