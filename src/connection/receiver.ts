import { CloseCode, type PerMessageDeflate, type Violation } from '../protocol';
import type { Gatherer, Transport } from '../transport';
import type { Endpoint } from './endpoint';
import { callHook, handleMessage } from './hooks';
import { IncomingStreams, type StreamReceiver } from './incoming-streams';
import type { LimitName } from './limits';
import type { Message } from './message';
import { MessageQueue, sizeOf } from './message-queue';
import { IncomingStream } from './message-stream';
import { Rate } from './rate';
import { Reader } from './reader';
import type { ReceiverHost } from './receiver-host';

const TOO_FAST: Violation = { name: 'TooFast', closeCode: CloseCode.PolicyViolation, message: 'rate limited' };

/**
 * Receives the messages of one connection: from the bytes of a read to the endpoint's hooks, in order. It stops reading
 * the socket while too much waits: messages for their handler, or streams for their reader.
 */
export class Receiver extends Reader implements StreamReceiver {
  private readonly endpoint: Endpoint;
  private readonly rate: Rate | undefined;
  /** Made with the first handler that returns a promise. */
  private queue: MessageQueue | undefined;
  /** Made with the first message that is handed over while it arrives. */
  private streams: IncomingStreams | undefined;
  /** True once no new bytes are to be read until our Close frame is sent. */
  private finishing = false;
  /** Called once all that was received has been handled. */
  private onFinished: (() => void) | undefined;
  /** True where a message had begun when we sent our Close frame; it is still delivered. */
  private awaitsLastMessage = false;

  constructor(
    readonly host: ReceiverHost,
    transport: Transport,
    outgoing: Gatherer,
    deflate: PerMessageDeflate | undefined,
  ) {
    const { context, route } = host;
    super(transport, outgoing, deflate === undefined ? route.rules : route.compressedRules, deflate);
    this.endpoint = route.endpoint;
    this.rate = Rate.of(route.limits, context.clock.now());
  }

  /** Bytes of memory that messages and parts of messages hold. */
  get heldBytes(): number {
    return this.unparsedBytes + (this.queue?.heldBytes ?? 0) + (this.streams?.heldBytes ?? 0);
  }

  /** Makes messages wait until `work` has settled. */
  holdUntil(work: Promise<void>): void {
    this.ensureQueue().hold(work);
  }

  /** Makes messages wait until the `open` hook has settled. */
  holdUntilOpen(opening: Promise<void>): void {
    this.ensureQueue().holdUntilOpen(opening);
  }

  /** Calls back once no handler is at work; after `timeoutMs` at the latest, since some never settle. */
  whenIdle(timeoutMs: number, callback: () => void): void {
    const { queue } = this;
    if (queue === undefined || queue.idle) {
      callback();
      return;
    }
    let isDone = false;
    const done = (): void => {
      if (isDone) return;
      isDone = true;
      cancel();
      callback();
    };
    const cancel = this.host.context.deadlines.set(timeoutMs, done);
    queue.whenIdle(done);
  }

  /** Reads no new bytes, and calls back once all received messages have been handled. */
  finish(done: () => void): void {
    this.finishing = true;
    this.onFinished = done;
    this.pause();
    this.readOn();
    this.checkFinished();
  }

  /** Reads on if a request waits now: its answer may stand behind messages that had no room. */
  onRequestsChanged(): void {
    this.streams?.onRequestsChanged();
    if (this.finishing && !this.awaitsAnswer) this.pause();
    this.readOn();
  }

  /** Our Close frame is sent. Only a message that has begun still counts. */
  beginClosing(): void {
    const isHandedOver = this.streams?.isArriving === true;
    this.awaitsLastMessage = this.isMidMessage && !isHandedOver;
    this.streams?.beginClosing();
    this.readOn();
  }

  /** Forgets all messages if the `open` hook has not let the client in: the connection was closed before. */
  forgetUnopened(): void {
    const { queue } = this;
    if (queue === undefined || !queue.opening) return;
    this.awaitsLastMessage = false;
    this.streams?.forget();
    for (const message of queue.clear()) if (message instanceof IncomingStream) message.discard();
    this.readOn();
  }

  /** From now on all bytes are read and thrown away. */
  stop(): void {
    this.streams?.stop();
    this.stopParsing();
  }

  onText(message: string): void {
    this.deliver(message);
  }

  onBinary(message: Buffer): void {
    this.deliver(message);
  }

  onStreamStart(binary: boolean, compressed: boolean): void {
    if (this.host.hearing !== 'open') return this.streams?.ignore();
    this.streams ??= new IncomingStreams(this, this.assembler.parser, this.deflate);
    this.streams.begin(binary, compressed);
  }

  onStreamPart(bytes: Buffer): void {
    this.streams?.push(bytes);
  }

  onStreamEnd(): void {
    this.streams?.end();
  }

  override onInflatingDone(): void {
    super.onInflatingDone();
    this.checkFinished();
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

  protected get isListening(): boolean {
    return this.host.hearing !== 'deaf';
  }

  /** Half of the queue must be free, so that reading does not start and stop for each message. */
  protected hasRoom(): boolean {
    if (this.streams?.haveRoom === false) return false;
    if (this.host.hearing === 'closing' || this.queue === undefined) return true;
    const { limits } = this.host.route;
    return this.queue.hasRoom(limits.maxQueuedMessages >> 1, limits, this.awaitsAnswer);
  }

  protected mayResume(): boolean {
    if (!this.finishing || this.host.hearing !== 'open' || this.awaitsAnswer) return true;
    this.checkFinished();
    return false;
  }

  onHeld(bytes: number): void {
    this.host.context.budget.put(bytes);
  }

  deliver(message: Message): void {
    if (this.host.hearing !== 'open') {
      if (!this.awaitsLastMessage) return;
      this.awaitsLastMessage = false;
    }
    this.host.context.observer.received?.(this.host.connection, sizeOf(message));
    const answer = this.host.requests?.take(message);
    if (answer === 'awaited') return;
    const limit = this.rate?.beyond(sizeOf(message), this.host.context.clock.now());
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
    this.onHeld(queue.add(message));
    const { limits } = this.host.route;
    if (!queue.hasRoom(limits.maxQueuedMessages - 1, limits, this.awaitsAnswer)) this.pause();
  }

  charge(message: IncomingStream, bytes: number): void {
    const limit = this.rate?.beyondBytes(bytes, this.host.context.clock.now());
    if (limit !== undefined) this.refuseTooFast(message, limit);
  }

  /** Refuses a message beyond a rate limit. One whose parts follow closes the connection. */
  private refuseTooFast(message: Message, limit: LimitName): void {
    const { host, endpoint } = this;
    host.context.observer.limited?.(host.connection, limit);
    if (endpoint.tooFast === undefined || message instanceof IncomingStream) host.onViolation(TOO_FAST);
    else void callHook<string | Buffer>(host, 'too fast', endpoint.tooFast, message);
  }

  private handle(message: Message): void {
    const work = handleMessage(this.host, this.endpoint, message);
    if (work !== undefined) this.ensureQueue().track(work);
  }

  private ensureQueue(): MessageQueue {
    return (this.queue ??= new MessageQueue(
      this.endpoint.concurrency ?? 1,
      (message) => this.handle(message),
      () => {
        this.readOn();
        this.checkFinished();
      },
    ));
  }

  /** Calls `onFinished` once nothing waits. A handler may still read: it gets the rest after our Close frame. */
  private checkFinished(): void {
    const { onFinished, queue } = this;
    if (onFinished === undefined || this.isBehind) return;
    const isUnderWay = this.streams?.isArriving === true && (queue === undefined || queue.length === 0);
    if (!isUnderWay && queue?.idle === false) return;
    this.onFinished = undefined;
    onFinished();
  }

  /** True while a request waits for its answer. */
  private get awaitsAnswer(): boolean {
    return this.host.requests?.awaiting === true;
  }
}
