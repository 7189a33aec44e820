import { isUtf8 } from 'node:buffer';
import type { FrameParser, PerMessageDeflate, Violation } from '../protocol';
import { sizeOf } from './message-queue';
import { IncomingStream, type StreamOwner } from './message-stream';
import type { Reader } from './reader';
import type { ReceiverHost } from './receiver-host';

/** Dependencies of IncomingStreams. */
export interface StreamReceiver {
  readonly host: ReceiverHost;
  /** Hands a message over in its turn. */
  deliver(message: IncomingStream): void;
  /** Counts bytes against the rate limits. */
  charge(message: IncomingStream, bytes: number): void;
  readonly reader: Pick<Reader, 'pause' | 'readOn'>;
}

/** The most that is gathered of a compressed stream where zlib cannot inflate it as it arrives. */
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
  /** Unread bytes of all messages: while an answer is awaited, which may stand behind them, several are. */
  private readonly unread = { bytes: 0 };

  constructor(
    private readonly receiver: StreamReceiver,
    private readonly parser: FrameParser,
    private readonly deflate: PerMessageDeflate | undefined,
  ) {}

  get heldBytes(): number {
    return this.unread.bytes;
  }

  /** True while a message is on its way that was handed over. */
  get isArriving(): boolean {
    return this.incoming?.complete === false;
  }

  /** While a handler awaits an answer of the peer, that may stand behind a message's worth of what is not read. */
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

  /** The message that begins is of no interest. */
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

  /** Requests have been settled, maybe all. */
  onRequestsChanged(): void {
    const { candidate } = this;
    const { host } = this.receiver;
    const isNone = candidate !== undefined && host.requests?.expects(candidate.binary) !== true;
    if (isNone && host.hearing === 'open') this.handOverLate(candidate);
  }

  /** No answer counts any more. */
  beginClosing(): void {
    if (this.candidate !== undefined) this.handOverLate(this.candidate);
  }

  /** What was not handed over is thrown away. */
  forget(): void {
    this.candidate?.discard();
    this.candidate = undefined;
  }

  /** No more will come of any message. */
  stop(): void {
    this.candidate?.fail();
    this.candidate = undefined;
    this.incoming?.fail();
  }

  // what a stream reports

  onStreamRead(): void {
    this.receiver.reader.readOn();
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

  /** A candidate is no answer. */
  private handOverLate(stream: IncomingStream): void {
    this.candidate = undefined;
    this.handOver(stream);
    this.receiver.charge(stream, stream.heldBytes);
  }

  /** True where a message that has wholly arrived was an answer. */
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
    if (!this.haveRoom) this.receiver.reader.pause();
  }
}
