import { isUtf8 } from 'node:buffer';
import { CloseCode, MessageAssembler, type MessageReceiver, type PerMessageDeflate, type Violation } from '../protocol';
import type { Connection } from './connection';
import type { Clock } from '../messages';
import type { Endpoint, Hook } from './endpoint';
import type { Message } from './message';
import { MessageQueue, sizeOf } from './message-queue';
import type { ResolvedLimits } from './limits';
import { IncomingStream, MessageStream, type StreamOwner } from './message-stream';
import type { Observer } from './observer';
import type { LimitName } from './limits';
import { Rate } from './rate';
import type { Route } from './routes';
import type { Transport } from '../transport';
import type { WriteQueue } from '../transport';

/** What the receiver asks of its driver. */
export interface ReceiverHost extends Pick<MessageReceiver, 'onPing' | 'onPong' | 'onClose' | 'onViolation'> {
  readonly connection: Connection;
  /** `open`; `closing` when we have sent our Close frame and wait for the peer's; `deaf` when nothing counts any more. */
  readonly hearing: 'open' | 'closing' | 'deaf';
  /** Calls a hook of the endpoint; undefined when it has settled. The promise does not reject. */
  call<Argument>(what: string, hook: Hook<Argument>, argument: Argument): Promise<void> | undefined;
  /** There is no hook for such a message. */
  refuse(reason: string): void;
  /** A request of ours waits for the peer's answer. */
  readonly awaitsAnswer: boolean;
  /** Whether a message of a kind that begins so may be an answer, in time or too late. */
  expectsAnswer(binary: boolean, beginning?: Buffer): boolean;
  /** Takes a message that answers one: that is awaited, or comes too late and means nothing. Undefined for all others. */
  takeAnswer(message: Message): 'awaited' | 'late' | undefined;
  /** So many bytes more are held for this peer. */
  onHeld(bytes: number): void;
}

const TOO_FAST: Violation = { name: 'TooFast', closeCode: CloseCode.PolicyViolation, message: 'rate limited' };

const NO_BYTES = Buffer.alloc(0);

/** What waits before an answer counts as so many bytes at the least, on average. */
const LEAST_BYTES = 64;

/** The most that is gathered of a compressed stream where zlib cannot inflate it as it arrives. */
const MAX_GATHERED = 16 * 1024 * 1024;

/**
 * The way in: from the bytes of a read to the endpoint's hooks, message by message, in order. It stops reading the socket
 * while too much waits: messages for their handler, or a stream for its reader.
 */
export class Receiver implements MessageReceiver, StreamOwner {
  private readonly assembler: MessageAssembler;
  private readonly rate: Rate | undefined;
  private queue: MessageQueue | undefined;
  /** The latest message that was handed over while it arrived. */
  private incoming: IncomingStream | undefined;
  /** What all of them hold that nobody has read: of earlier ones while an answer is awaited, which may stand behind them. */
  private streamed: { bytes: number } | undefined;
  /** A message on its way, of a kind that is streamed, that may be an answer. */
  private candidate: IncomingStream | undefined;
  /** Bytes that were read but not parsed yet. */
  private leftover: Buffer | undefined;
  private reading = true;
  /** What is read must wait for a message that is being inflated in another thread. */
  private inflating = false;
  /** In the middle of a read: what is left of it is not known yet. */
  private parsing = false;
  /** No new bytes are read until our Close frame is sent. */
  private draining = false;
  private drained: (() => void) | undefined;
  /** A message had begun when we sent our Close frame: it is still delivered. */
  private awaitsLastMessage = false;

  constructor(
    private readonly host: ReceiverHost,
    private readonly context: { readonly clock: Clock; readonly observer: Observer },
    private readonly route: Route,
    private readonly transport: Transport,
    private readonly outgoing: WriteQueue,
    private readonly deflate: PerMessageDeflate | undefined,
  ) {
    const rules = deflate === undefined ? route.rules : route.compressedRules;
    this.assembler = new MessageAssembler(this, rules, deflate);
    this.rate = Rate.of(route.limits, context.clock.now());
  }

  /** Bytes that wait here for whatever reason. */
  get heldBytes(): number {
    const { assembler, leftover, queue } = this;
    return assembler.heldBytes + (leftover?.length ?? 0) + (queue?.heldBytes ?? 0) + (this.streamed?.bytes ?? 0);
  }

  /** Whether the peer is listened to; what it sends meanwhile is not read. */
  get isReading(): boolean {
    return this.reading;
  }

  private get endpoint(): Endpoint {
    return this.route.endpoint;
  }

  private get limits(): ResolvedLimits {
    return this.route.limits;
  }

  /** Whether nothing waits and no handler is at work. */
  get idle(): boolean {
    return (this.queue === undefined || this.queue.idle) && this.leftover === undefined && !this.inflating;
  }

  /** Messages wait until `opening` has settled. */
  holdUntil(opening: Promise<void>): void {
    this.track(opening, this.endpoint.concurrency ?? 1);
  }

  /** The bytes are valid during the call only. */
  onBytes(bytes: Buffer, length: number): void {
    if (this.leftover !== undefined || (this.inflating && this.host.hearing !== 'deaf')) {
      this.leftover = Buffer.concat([this.leftover ?? NO_BYTES, bytes.subarray(0, length)]);
      return;
    }
    const at = this.parse(bytes, length);
    if (at < length && this.host.hearing !== 'deaf') this.leftover = Buffer.from(bytes.subarray(at, length));
    if (this.assembler.heldBytes > 0 || this.leftover !== undefined) this.host.onHeld(length);
    if (!this.reading) this.readOn();
  }

  /** Calls back when no handler is at work any more; at once if that is so now. */
  whenIdle(callback: () => void): void {
    if (this.queue === undefined) callback();
    else this.queue.whenIdle(callback);
  }

  /** Reads nothing more, and calls back once all that was received has been handled. */
  finish(done: () => void): void {
    this.draining = true;
    this.drained = done;
    this.pauseReading();
    this.readOn();
    this.checkDrained();
  }

  /** A request waits for its answer now, which may stand behind messages that there was no room for; or it does no more. */
  onAwaiting(): void {
    const { candidate } = this;
    const isNone = candidate !== undefined && !this.host.expectsAnswer(candidate.binary);
    if (isNone && this.host.hearing === 'open') this.deliverLate(candidate);
    if (this.draining && !this.host.awaitsAnswer) this.pauseReading();
    this.readOn();
  }

  /** Our Close frame is sent: only a message that has begun still counts. */
  beginClosing(): void {
    const { candidate, incoming } = this;
    this.awaitsLastMessage = this.inflating || (this.assembler.parser.midMessage && incoming?.complete !== false);
    if (candidate !== undefined) this.deliverLate(candidate);
    this.readOn();
  }

  /** The connection was closed before anybody was let in: what came meanwhile is not handled. */
  forget(): void {
    this.awaitsLastMessage = false;
    this.candidate?.discard();
    this.candidate = undefined;
    for (const message of this.queue?.clear() ?? []) if (message instanceof IncomingStream) message.discard();
    this.readOn();
  }

  /** No message counts any more; what comes is read and thrown away. */
  stop(): void {
    this.candidate?.fail();
    this.candidate = undefined;
    this.incoming?.fail();
    this.leftover = undefined;
    this.readOn();
  }

  // what the protocol reports

  onText(message: string): void {
    this.deliver(message);
  }

  onBinary(message: Buffer): void {
    this.deliver(message);
  }

  onStreamStart(binary: boolean, compressed: boolean): void {
    if (this.host.hearing !== 'open') {
      this.incoming = undefined;
      return;
    }
    const { maxStreamBytes } = this.limits;
    const inflate = compressed ? this.deflate!.inflateStream(Math.min(maxStreamBytes, MAX_GATHERED)) : undefined;
    const remembers = compressed && this.deflate!.remembersReceived;
    this.streamed ??= { bytes: 0 };
    const stream = new IncomingStream(binary, maxStreamBytes, this, inflate, remembers, this.streamed);
    if (this.host.expectsAnswer(binary)) this.candidate = stream;
    else this.deliverStream(stream);
  }

  onStreamPart(bytes: Buffer): void {
    const { candidate, incoming, host } = this;
    const stream = candidate ?? incoming;
    if (stream === undefined || host.hearing === 'deaf') return;
    if (candidate === undefined) this.chargeStream(stream, bytes.length);
    host.onHeld(bytes.length);
    const isBeginning = stream.heldBytes === 0 && !stream.compressed;
    stream.push(bytes);
    if (candidate !== undefined) {
      const isTooLarge = candidate.heldBytes >= this.limits.maxMessageBytes;
      const isNone = isTooLarge || (isBeginning && !host.expectsAnswer(candidate.binary, bytes));
      if (isNone) this.deliverLate(candidate);
    }
    this.pauseForStream();
  }

  onStreamEnd(): void {
    const { candidate, incoming } = this;
    (candidate ?? incoming)?.end();
    this.candidate = undefined;
    if (candidate !== undefined && !this.takeStreamed(candidate)) this.deliverLate(candidate);
    this.pauseForStream();
  }

  onInflating(): void {
    this.inflating = true;
    this.pauseReading();
  }

  onInflatingDone(): void {
    this.inflating = false;
    this.readOn();
    this.checkDrained();
  }

  onPing(payload: Buffer): void {
    this.host.onPing(payload);
  }

  onPong(payload: Buffer): void {
    this.host.onPong(payload);
  }

  onClose(code: number, reason: string): void {
    this.host.onClose(code, reason);
  }

  onViolation(violation: Violation): void {
    this.host.onViolation(violation);
  }

  // what a stream reports

  onStreamRead(): void {
    this.readOn();
  }

  onStreamViolation(violation: Violation): void {
    this.assembler.parser.fail(violation);
  }

  onInflated(bytes: Buffer): void {
    this.deflate?.remember(bytes);
  }

  /** Whatever it causes to be sent leaves in one write. Returns how far it came. */
  private parse(bytes: Buffer, length: number): number {
    this.parsing = true;
    this.outgoing.cork();
    const at = this.assembler.parser.push(bytes, 0, length);
    this.outgoing.uncork();
    this.parsing = false;
    return at;
  }

  private deliver(message: Message): void {
    if (this.host.hearing !== 'open') {
      if (!this.awaitsLastMessage) return;
      this.awaitsLastMessage = false;
    }
    this.context.observer.received?.(this.host.connection, sizeOf(message));
    const answer = this.host.takeAnswer(message);
    if (answer === 'awaited') return;
    const limit = this.rate?.beyond(sizeOf(message), this.context.clock.now());
    if (limit !== undefined) {
      this.refuseTooFast(message, limit);
      return;
    }
    if (answer === 'late') return;
    const { queue } = this;
    if (queue === undefined || !queue.busy) {
      this.handle(message);
      return;
    }
    this.host.onHeld(queue.add(message));
    if (!this.mayQueue(queue, this.limits.maxQueuedMessages - 1)) this.pauseReading();
  }

  private deliverStream(stream: IncomingStream): void {
    this.incoming = stream;
    this.deliver(stream);
  }

  /** It is no answer, whatever it is. */
  private deliverLate(stream: IncomingStream): void {
    this.candidate = undefined;
    this.deliverStream(stream);
    this.chargeStream(stream, stream.heldBytes);
  }

  private chargeStream(stream: IncomingStream, bytes: number): void {
    const limit = this.rate?.beyondBytes(bytes, this.context.clock.now());
    if (limit !== undefined) this.refuseTooFast(stream, limit);
  }

  /** Takes an answer on a path that streams what is like it. */
  private takeStreamed(stream: IncomingStream): boolean {
    const bytes = stream.peek(this.limits.maxMessageBytes);
    if (bytes === undefined || (!stream.binary && !isUtf8(bytes))) return false;
    const message = stream.binary ? bytes : bytes.toString();
    const answer = this.host.takeAnswer(message);
    if (answer === undefined) return false;
    if (answer === 'late') this.chargeStream(stream, bytes.length);
    stream.discard();
    this.context.observer.received?.(this.host.connection, sizeOf(message));
    return true;
  }

  /** What is streamed cannot be left out: its parts follow. */
  private refuseTooFast(message: Message, limit: LimitName): void {
    const { host, endpoint } = this;
    this.context.observer.limited?.(host.connection, limit);
    if (endpoint.tooFast === undefined || message instanceof IncomingStream) host.onViolation(TOO_FAST);
    else void host.call<string | Buffer>('too fast', endpoint.tooFast, message);
  }

  private handle(message: Message): void {
    const { endpoint, host } = this;
    let work: Promise<void> | undefined;
    if (typeof message === 'string') {
      if (endpoint.text === undefined) return host.refuse('no handler for text messages');
      work = host.call('text', endpoint.text, message);
    } else if (message instanceof IncomingStream) {
      work = this.handleStream(message);
    } else {
      if (endpoint.binary === undefined) return host.refuse('no handler for binary messages');
      work = host.call('binary', endpoint.binary, message);
    }
    if (work !== undefined) this.track(work, 1);
  }

  private handleStream(incoming: IncomingStream): Promise<void> | undefined {
    const { textStream, binaryStream } = this.endpoint;
    const hook = incoming.binary ? binaryStream : textStream;
    const work = this.host.call(incoming.binary ? 'binary' : 'text', hook, new MessageStream(incoming));
    if (work !== undefined) return work.then(() => incoming.release());
    incoming.release();
    return undefined;
  }

  private track(work: Promise<void>, places: number): void {
    this.queue ??= new MessageQueue(
      this.endpoint.concurrency ?? 1,
      (message) => this.handle(message),
      () => {
        this.readOn();
        this.checkDrained();
      },
    );
    this.queue.track(work, places);
  }

  /** A handler may be at work on a message that is still to come: it gets that after our Close frame. */
  private checkDrained(): void {
    const { drained, queue } = this;
    if (drained === undefined || this.leftover !== undefined) return;
    const underWay = this.incoming?.complete === false && (queue === undefined || queue.length === 0);
    if (!underWay && !this.idle) return;
    this.drained = undefined;
    drained();
  }

  private pauseForStream(): void {
    if (!this.streamsHaveRoom) this.pauseReading();
  }

  /** While a handler awaits an answer of the peer, that may stand behind a message's worth of what is not read. */
  private get streamsHaveRoom(): boolean {
    const { streamed, candidate, incoming } = this;
    if (streamed === undefined || streamed.bytes === (candidate?.heldBytes ?? 0)) return true;
    if (!this.host.awaitsAnswer) return false;
    const { maxMessageBytes } = this.limits;
    incoming?.inflateAhead(maxMessageBytes);
    return streamed.bytes < maxMessageBytes;
  }

  private pauseReading(): void {
    this.assembler.parser.pause();
    if (!this.reading) return;
    this.reading = false;
    this.transport.pause();
  }

  /** Reads again if there is room: first what is left of the last read. */
  private readOn(): void {
    while (!this.reading && !this.parsing && this.hasRoom()) {
      const bytes = this.leftover;
      if (bytes === undefined) {
        if (this.draining && this.host.hearing === 'open' && !this.host.awaitsAnswer) {
          this.checkDrained();
          return;
        }
        this.reading = true;
        this.transport.resume();
        return;
      }
      this.leftover = undefined;
      const at = this.parse(bytes, bytes.length);
      if (at < bytes.length && this.host.hearing !== 'deaf') this.leftover = bytes.subarray(at);
    }
  }

  /** Half of the queue must be free, so that reading does not start and stop for each message. */
  private hasRoom(): boolean {
    if (this.host.hearing === 'deaf') return true;
    if (this.inflating || !this.streamsHaveRoom) return false;
    if (this.host.hearing === 'closing' || this.queue === undefined) return true;
    return this.mayQueue(this.queue, this.limits.maxQueuedMessages >> 1);
  }

  /** While a handler awaits an answer of the peer, what comes before it may be as long as one message, short ones counting more. */
  private mayQueue(queue: MessageQueue, messages: number): boolean {
    if (queue.length <= messages) return true;
    const { maxMessageBytes } = this.limits;
    return this.host.awaitsAnswer && queue.bytes < maxMessageBytes && queue.length < maxMessageBytes / LEAST_BYTES;
  }
}
