import { setMaxListeners } from 'node:events';
import {
  answerCode,
  CloseCode,
  closePayload,
  ClosingHandshake,
  MessageAssembler,
  Opcode,
  type CloseInfo,
  type MessageReceiver,
  type Violation,
} from '../protocol';
import type { Batch } from './batch';
import type { Connection } from './connection';
import type { Clock, Deadlines } from './deadlines';
import type { Endpoint, Message } from './endpoint';
import { Inbox } from './inbox';
import type { ResolvedLimits } from './limits';
import type { Observer } from './observer';
import type { Transport, TransportReceiver } from './transport';
import { WriteQueue, type WriteQueueOwner } from './write-queue';
import { Pings } from './pings';

/** What the sessions of one engine share. */
export interface SessionContext {
  readonly batch: Batch;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  /** The transport is gone: the connection counts no more. */
  closed(connection: Connection): void;
  /** The endpoint's `close` has settled too: the session's last sign of life. */
  ended(session: Session): void;
}

type Hook<Argument> = ((connection: Connection, argument: Argument) => Promise<void> | void) | undefined;

/**
 * The life of one connection after its handshake: it feeds the transport's bytes to the protocol, the protocol's
 * messages to the endpoint, and the endpoint's answers to the write queue. `Connection` is its public face.
 */
export class Session implements MessageReceiver, TransportReceiver, WriteQueueOwner {
  readonly outgoing: WriteQueue;
  private readonly pings = new Pings();
  private readonly assembler: MessageAssembler;
  private readonly closing = new ClosingHandshake();
  private connection!: Connection;
  private inbox: Inbox | undefined;
  /** Bytes that were read but not parsed, since the inbox was full. */
  private leftover: Buffer | undefined;
  private reading = true;
  /** No new bytes are read until our Close frame is sent. */
  private draining = false;
  /** A message had begun when we sent our Close frame: it is still delivered. */
  private awaitsLastMessage = false;
  private transportClosed = false;
  private ended = false;
  private cancelDeadline: (() => void) | undefined;
  private closedListeners: ((close: CloseInfo) => void)[] = [];
  private drainedListeners: (() => void)[] = [];
  private abort: AbortController | undefined;

  constructor(
    private readonly context: SessionContext,
    private readonly endpoint: Endpoint,
    private readonly limits: ResolvedLimits,
    private readonly transport: Transport,
  ) {
    this.outgoing = new WriteQueue(transport, context.batch, limits, this);
    this.assembler = new MessageAssembler(this, {
      maxMessageBytes: limits.maxMessageBytes,
      maxEmptyFragments: limits.maxEmptyFragments,
      allowRsv1: false,
    });
  }

  get state(): 'open' | 'closing' | 'closed' {
    if (this.transportClosed) return 'closed';
    return this.closing.phase === 'open' ? 'open' : 'closing';
  }

  /** Aborts as soon as nothing can be sent any more. */
  get signal(): AbortSignal {
    if (this.abort === undefined) {
      this.abort = new AbortController();
      // every handler at work may listen to it
      setMaxListeners(0, this.abort.signal);
    }
    if (this.state !== 'open') this.abort.abort();
    return this.abort.signal;
  }

  /** `head`: bytes that came in the packet of the handshake. */
  start(connection: Connection, head: Buffer): void {
    this.connection = connection;
    this.outgoing.cork();
    const opening = this.call('open', this.endpoint.open, undefined);
    if (opening !== undefined) this.track(opening, this.endpoint.concurrency ?? 1);
    this.transport.start(this);
    if (head.length > 0) this.onBytes(head);
    this.outgoing.uncork();
  }

  // what the transport reports

  onBytes(bytes: Buffer): void {
    if (this.leftover === undefined) this.parse(bytes);
    else this.leftover = Buffer.concat([this.leftover, bytes]);
  }

  onFlushed(): void {
    this.outgoing.onFlushed();
  }

  onEnd(): void {
    this.outgoing.end();
    this.loseTransport();
    this.armCloseDeadline();
  }

  onClosed(): void {
    if (this.transportClosed) return;
    this.transportClosed = true;
    this.loseTransport();
    this.outgoing.close();
    this.cancelDeadline?.();
    this.cancelDeadline = undefined;
    this.pings.abandon();
    this.onDrained();
    this.context.closed(this.connection);
    const info = this.closing.info();
    for (const listener of this.closedListeners.splice(0)) listener(info);
    if (this.inbox === undefined || this.inbox.idle) {
      this.end(info);
      return;
    }
    // handlers that never settle must not keep @OnClose from running
    this.cancelDeadline = this.context.deadlines.set(this.limits.closeTimeoutMs, () => this.end(info));
    this.inbox.whenIdle(() => this.end(info));
  }

  // what the protocol reports

  onText(message: string): void {
    this.deliver(message);
  }

  onBinary(message: Buffer): void {
    this.deliver(message);
  }

  onPing(payload: Buffer): void {
    if (this.closing.phase === 'open') this.outgoing.sendControl(Opcode.Pong, payload);
    this.observeControl('ping', this.endpoint.ping, payload);
  }

  onPong(payload: Buffer): void {
    this.pings.answer(payload, this.context.clock.now());
    this.observeControl('pong', this.endpoint.pong, payload);
  }

  onClose(code: number, reason: string): void {
    if (this.closing.receiveClose(code, reason)) {
      this.outgoing.sendControl(Opcode.Close, closePayload(answerCode(code)));
    }
    this.finishSending();
  }

  onViolation(violation: Violation): void {
    this.context.observer.violated?.(this.connection, violation);
    if (this.closing.fail()) {
      this.outgoing.sendControl(Opcode.Close, closePayload(violation.closeCode, violation.message));
    }
    this.finishSending();
  }

  // what the write queue reports

  onSlowConsumer(): void {
    this.outgoing.drop();
    this.close(CloseCode.PolicyViolation, 'slow consumer');
  }

  onDrained(): void {
    for (const listener of this.drainedListeners.splice(0)) listener();
    if (!this.transportClosed && this.endpoint.drain !== undefined) {
      const work = this.call('drain', this.endpoint.drain, undefined);
      if (work !== undefined) void work;
    }
  }

  // what the connection asks for

  sendText(message: string): boolean {
    return this.closing.phase === 'open' && !this.transportClosed && this.outgoing.sendText(message);
  }

  sendBinary(message: Uint8Array): boolean {
    return this.closing.phase === 'open' && !this.transportClosed && this.outgoing.sendBinary(message);
  }

  sendControl(opcode: number, payload: Buffer): void {
    if (this.closing.phase === 'open' && !this.transportClosed) this.outgoing.sendControl(opcode, payload);
  }

  /** An empty payload is replaced by one that tells this ping from others. */
  ping(payload: Buffer): Promise<number> {
    const now = this.context.clock.now();
    const bytes = payload.length > 0 ? payload : Buffer.from(String(now));
    this.sendControl(Opcode.Ping, bytes);
    const answer = this.pings.expect(bytes, now);
    if (this.state !== 'open') this.pings.abandon();
    return answer;
  }

  /** A frame that was encoded for several connections. */
  sendShared(bytes: Buffer): boolean {
    return this.closing.phase === 'open' && !this.transportClosed && this.outgoing.sendShared(bytes);
  }

  /** Starts the closing handshake; does nothing when it has begun. */
  close(code?: number, reason?: string): void {
    const payload = closePayload(code, reason);
    if (this.transportClosed || !this.closing.sendClose()) return;
    this.awaitsLastMessage = this.assembler.parser.midMessage;
    this.outgoing.sendControl(Opcode.Close, payload);
    this.abort?.abort();
    this.armCloseDeadline();
    this.readOn();
  }

  /** Closes once all that was received has been handled and answered. */
  drain(code: number, reason: string): void {
    this.draining = true;
    this.pauseReading();
    const inbox = this.inbox;
    if (inbox === undefined || (inbox.idle && this.leftover === undefined)) this.close(code, reason);
    else inbox.whenIdle(() => this.drain(code, reason));
  }

  terminate(): void {
    this.transport.destroy();
  }

  closed(): Promise<CloseInfo> {
    if (this.transportClosed) return Promise.resolve(this.closing.info());
    return new Promise((resolve) => this.closedListeners.push(resolve));
  }

  drained(): Promise<void> {
    if (this.transportClosed || this.outgoing.bufferedBytes <= this.limits.highWaterMarkBytes) return Promise.resolve();
    return new Promise((resolve) => this.drainedListeners.push(resolve));
  }

  /** Whatever it causes to be sent leaves in one write. */
  private parse(bytes: Buffer): void {
    this.outgoing.cork();
    const at = this.assembler.parser.push(bytes, 0, bytes.length);
    if (at < bytes.length && this.isListening()) this.leftover = bytes.subarray(at);
    this.outgoing.uncork();
  }

  private isListening(): boolean {
    return this.closing.phase === 'open' || this.closing.phase === 'close-sent';
  }

  private deliver(message: Message): void {
    if (this.closing.phase !== 'open') {
      if (!this.awaitsLastMessage) return;
      this.awaitsLastMessage = false;
    }
    const { inbox } = this;
    if (inbox === undefined || !inbox.busy) {
      this.handle(message);
      return;
    }
    inbox.add(message);
    if (inbox.length >= this.limits.maxQueuedMessages) this.pauseReading();
  }

  private handle(message: Message): void {
    const { endpoint } = this;
    let work: Promise<void> | undefined;
    if (typeof message === 'string') {
      if (endpoint.text === undefined) return this.refuse('no handler for text messages');
      work = this.call('text', endpoint.text, message);
    } else {
      if (endpoint.binary === undefined) return this.refuse('no handler for binary messages');
      work = this.call('binary', endpoint.binary, message);
    }
    if (work !== undefined) this.track(work, 1);
  }

  private refuse(reason: string): void {
    this.close(CloseCode.UnsupportedData, reason);
  }

  /** The one place where the engine calls an endpoint, and catches what it throws. Undefined: it has settled. */
  private call<Argument>(what: string, hook: Hook<Argument>, argument: Argument): Promise<void> | undefined {
    if (hook === undefined) return undefined;
    try {
      const work = hook.call(this.endpoint, this.connection, argument);
      return work === undefined ? undefined : work.then(undefined, (error: unknown) => this.onFailure(error, what));
    } catch (error) {
      this.onFailure(error, what);
      return undefined;
    }
  }

  private onFailure(error: unknown, what: string): void {
    const { endpoint } = this;
    this.context.observer.failed?.(error, `${endpoint.name ?? endpoint.path} (${what})`, this.connection);
    this.close(CloseCode.InternalError, 'internal error');
  }

  private observeControl(what: string, hook: Hook<Buffer>, payload: Buffer): void {
    const work = this.call(what, hook, payload);
    if (work !== undefined) void work;
  }

  private track(work: Promise<void>, places: number): void {
    this.inbox ??= new Inbox(
      this.endpoint.concurrency ?? 1,
      (message) => this.handle(message),
      () => this.readOn(),
    );
    this.inbox.track(work, places);
  }

  private pauseReading(): void {
    this.assembler.parser.pause();
    if (!this.reading) return;
    this.reading = false;
    this.transport.pause();
  }

  /** Reads again if the inbox has room: first what is left of the last read. */
  private readOn(): void {
    while (!this.reading && !this.transportClosed && this.hasRoom()) {
      const bytes = this.leftover;
      if (bytes === undefined) {
        if (this.draining && this.closing.phase === 'open') return;
        this.reading = true;
        this.transport.resume();
        return;
      }
      this.leftover = undefined;
      this.parse(bytes);
    }
  }

  /** Half of the inbox must be free, so that reading does not start and stop for each message. */
  private hasRoom(): boolean {
    if (this.closing.phase !== 'open') return true;
    return this.inbox === undefined || this.inbox.length <= this.limits.maxQueuedMessages >> 1;
  }

  /** After both Close frames, or a violation: the server ends TCP first, at once (RFC 6455 7.1.1). */
  private finishSending(): void {
    this.abort?.abort();
    this.outgoing.end();
    this.leftover = undefined;
    this.armCloseDeadline();
    this.readOn();
  }

  private loseTransport(): void {
    this.closing.fail();
    this.abort?.abort();
  }

  private armCloseDeadline(): void {
    if (this.transportClosed) return;
    this.cancelDeadline ??= this.context.deadlines.set(this.limits.closeTimeoutMs, () => this.terminate());
  }

  private end(info: CloseInfo): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelDeadline?.();
    this.cancelDeadline = undefined;
    const work = this.call('close', this.endpoint.close, info);
    if (work === undefined) this.context.ended(this);
    else void work.then(() => this.context.ended(this));
    this.context.observer.closed?.(this.connection, info);
  }
}
