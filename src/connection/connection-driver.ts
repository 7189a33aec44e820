import {
  answerCode,
  CloseCode,
  closePayload,
  ClosingHandshake,
  Opcode,
  type CloseInfo,
  type PerMessageDeflate,
  type Violation,
} from '../protocol';
import { isLarge, STALL_MS } from '../transport';
import type { Codec } from '../messages';
import { isCancelled } from './cancelled';
import { Connection, type ConnectionFacts, type Driver } from './connection';
import { containSignal } from './contained-signal';
import type { Hook } from './endpoint';
import type { Message } from './message';
import { Receiver, type ReceiverHost } from './receiver';
import type { LimitName } from './limits';
import { Sender } from './sender';
import type { Chunk, Chunks } from './outgoing-stream';
import { OwnedSources, type OwnedSource } from './owned-source';
import { ConnectionClosedError } from '../messages';
import { refusalForClose } from './refusals';
import { Requests, type RequestOptions } from './requests';
import type { DriverContext } from './driver-context';
import type { Subscriber } from './subscriptions';
import type { Transport } from '../transport';
import type { TransportReceiver } from '../transport';
import type { Route } from './routes';
import { setImmediate } from '../transport';
import { errorThrown, isThenable } from '../messages';
import { Waiters } from './waiters';
import { WriteQueue, type SendResult, type WriteQueueOwner } from '../transport';
import type { Bytes } from './bytes';
import type { SubscribeOptions, Subscribed } from './subscribe-options';
import type { Refusal } from '../handshake';

const NO_PAYLOAD = Buffer.alloc(0);

/** Who takes a byte now and then must not keep its connection for ever. */
const MAX_RENEWALS = 11;

/** An upgrade that is still to be answered. */
export interface UndecidedUpgrade {
  refuse(refusal: Refusal): void;
  /** Nobody waits for an answer any more. */
  abandon(): void;
}

/**
 * The life of one connection: from the upgrade that is still to be answered to opening, the closing handshake, the end.
 * Messages come in through its `Receiver` and go out through its `Sender`; `Connection` is its public face.
 */
export class ConnectionDriver implements Driver, ReceiverHost, TransportReceiver, WriteQueueOwner, Subscriber {
  readonly outgoing: WriteQueue;
  readonly sender: Sender;
  readonly connection: Connection;
  heartbeatTicks = 0;
  awaitsPong = false;
  /** While the handshake is still to be answered. */
  upgrade: UndecidedUpgrade | undefined;
  private readonly receiver: Receiver;
  /** Something came since the heartbeat looked. */
  private heard = false;
  /** Made when it begins. */
  private closingHandshake: ClosingHandshake | undefined;
  private waits: Waiters | undefined;
  private started = false;
  /** The `open` hook is still to settle: nobody has been let in. */
  private opening = false;
  private transportClosed = false;
  private ended = false;
  private cancelDeadline: (() => void) | undefined;
  private abort: AbortController | undefined;
  /** What ended a message of `sendStream`, and was reported then. */
  private told: { readonly error: unknown } | undefined;

  constructor(
    readonly context: DriverContext,
    readonly route: Route,
    private readonly transport: Transport,
    facts: ConnectionFacts,
    deflate?: PerMessageDeflate,
  ) {
    this.connection = new Connection(this, facts);
    this.outgoing = new WriteQueue(transport, context, route.limits, this);
    this.sender = new Sender(this, this.outgoing, deflate, route.compression?.threshold);
    this.receiver = new Receiver(this, context, route, transport, this.outgoing, deflate);
  }

  private get closing(): ClosingHandshake {
    return (this.closingHandshake ??= new ClosingHandshake());
  }

  private get phase(): ClosingHandshake['phase'] {
    return this.closingHandshake === undefined ? 'open' : this.closingHandshake.phase;
  }

  private get waiting(): Waiters {
    return (this.waits ??= new Waiters());
  }

  /** `closed` before the handshake is answered too: nothing can be sent. */
  get state(): 'open' | 'closing' | 'closed' {
    if (this.transportClosed || !this.started) return 'closed';
    return this.phase === 'open' ? 'open' : 'closing';
  }

  get hearing(): 'open' | 'closing' | 'deaf' {
    const { phase } = this;
    return phase === 'open' ? 'open' : phase === 'close-sent' ? 'closing' : 'deaf';
  }

  /** Aborts as soon as nothing can be sent any more. */
  get signal(): AbortSignal {
    if (this.abort === undefined) {
      this.abort = new AbortController();
      containSignal(this.abort.signal, (error) => this.onFailure(error, 'a listener of connection.signal'));
    }
    if (this.transportClosed || this.phase !== 'open') this.abort.abort();
    return this.abort.signal;
  }

  get codec(): Codec | undefined {
    return this.route.codecFor(this.connection.protocol);
  }

  get decided(): boolean {
    return this.upgrade === undefined;
  }

  get channels(): readonly string[] {
    return this.context.subscriptions.channelsOf(this);
  }

  get awaitsAnswer(): boolean {
    return this.waits?.requests?.awaiting === true;
  }

  identify(): string {
    return this.context.identify(this);
  }

  identified(): void {
    this.context.subscriptions.identified(this);
  }

  reached(limit: LimitName): void {
    this.context.observer.limited?.(this.connection, limit);
  }

  subscribe(channel: string, options: SubscribeOptions): Promise<Subscribed | undefined> {
    return this.context.subscriptions.subscribe(this, channel, options);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.context.subscriptions.unsubscribe(this, channel);
  }

  subscribePattern(pattern: string): Promise<void> {
    return this.context.subscriptions.subscribePattern(this, pattern);
  }

  unsubscribePattern(pattern: string): Promise<void> {
    return this.context.subscriptions.unsubscribePattern(this, pattern);
  }

  publish(channel: string, message: string | Bytes): void {
    this.context.subscriptions.publish(this, channel, message);
  }

  /** The handshake was answered. `head`: bytes that came in the packet of the handshake. */
  start(head: Buffer): void {
    this.started = true;
    this.context.opened(this);
    this.context.subscriptions.identified(this);
    this.outgoing.cork();
    const opening = this.call('open', this.route.endpoint.open, undefined);
    if (opening !== undefined) {
      this.opening = true;
      this.receiver.holdUntil(opening.then(() => void (this.opening = false)));
    }
    this.transport.start(this);
    if (head.length > 0) this.onBytes(head, head.length);
    this.outgoing.uncork();
  }

  /** The upgrade was refused, or nobody waits for it any more. */
  discard(): void {
    this.transportClosed = true;
    this.context.closed(this);
    this.abort?.abort();
    void this.call('release', this.route.endpoint.release, undefined);
  }

  // what the transport reports

  onBytes(bytes: Buffer, length: number): void {
    this.heard = true;
    this.context.observer.bytesRead?.(this.connection, length);
    this.receiver.onBytes(bytes, length);
  }

  onFlushed(): void {
    this.outgoing.onFlushed();
    this.sender.onFlushed();
    if (this.cancelDeadline === undefined || this.transportClosed) return;
    this.cancelDeadline();
    this.setCloseDeadline();
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
    this.sender.onFlushed();
    this.cancelDeadline?.();
    this.cancelDeadline = undefined;
    this.context.closed(this);
    const info = this.closing.info();
    this.waits?.onClosed(info);
    if (this.receiver.idle) {
      this.end(info);
      return;
    }
    // handlers that never settle must not keep @OnClose from running
    this.cancelDeadline = this.context.deadlines.set(this.route.limits.closeTimeoutMs, () => this.end(info));
    this.receiver.whenIdle(() => this.end(info));
  }

  /** What nothing else has caught, such as a codec's: it ends this connection, and not the process. */
  onFault(error: unknown): void {
    this.onFailure(error, 'the connection');
    this.terminate();
  }

  // what the heartbeat and the budget ask

  /** Bytes that leave count: a peer whose network is slow may be a long way from our ping. */
  takeSignOfLife(): boolean {
    const alive = this.heard || this.phase !== 'open' || !this.receiver.isReading;
    this.heard = false;
    return this.outgoing.takeProgress() || alive;
  }

  sendHeartbeat(): void {
    this.sendControl(Opcode.Ping, NO_PAYLOAD);
  }

  get heldBytes(): number {
    return this.outgoing.bufferedBytes + this.receiver.heldBytes;
  }

  // what the receiver reports

  onSent(size: number): void {
    this.context.observer.sent?.(this.connection, size);
  }

  onHeld(bytes: number): void {
    this.context.budget.put(bytes);
  }

  onPing(payload: Buffer): void {
    this.sendControl(Opcode.Pong, payload);
    void this.call('ping', this.route.endpoint.ping, payload);
  }

  onPong(payload: Buffer): void {
    this.waits?.pings.answer(payload, this.context.clock.now());
    void this.call('pong', this.route.endpoint.pong, payload);
  }

  onClose(code: number, reason: string): void {
    if (this.closing.receiveClose(code, reason)) {
      this.outgoing.sendControl(Opcode.Close, closePayload(answerCode(code)));
    }
    this.finish();
  }

  onViolation(violation: Violation): void {
    if (this.hearing === 'deaf') return;
    this.context.observer.violated?.(this.connection, violation);
    if (this.closing.fail()) {
      this.outgoing.sendControl(Opcode.Close, closePayload(violation.closeCode, violation.message));
    }
    this.finish();
  }

  refuse(reason: string): void {
    this.close(CloseCode.UnsupportedData, reason);
  }

  expectsAnswer(binary: boolean, beginning?: Buffer): boolean {
    return this.waits?.requests?.expects(binary, beginning) === true;
  }

  takeAnswer(message: Message): 'awaited' | 'late' | undefined {
    return this.waits?.requests?.take(message);
  }

  /** The one place where the engine calls an endpoint, and catches what it throws. Undefined: it has settled. */
  call<Argument>(what: string, hook: Hook<Argument>, argument: Argument): Promise<void> | undefined {
    if (hook === undefined) return undefined;
    try {
      const work = hook.call(this.route.endpoint, this.connection, argument);
      if (work === undefined || !isThenable(work)) return undefined;
      return Promise.resolve(work).then(undefined, (error: unknown) => this.onFailure(error, what));
    } catch (error) {
      this.onFailure(error, what);
      return undefined;
    }
  }

  // what the write queue reports

  onSlowConsumer(policy: 'close' | 'drop'): void {
    this.context.observer.limited?.(this.connection, 'maxBufferedBytes');
    if (policy === 'drop') return this.context.observer.dropped?.(this.connection);
    this.outgoing.drop();
    this.close(CloseCode.PolicyViolation, 'slow consumer');
  }

  onWritten(bytes: number): void {
    this.context.observer.bytesWritten?.(this.connection, bytes);
  }

  onDrained(): void {
    this.waits?.onDrained();
    if (!this.transportClosed) void this.call('drain', this.route.endpoint.drain, undefined);
  }

  // what the connection asks for

  sendControl(opcode: number, payload: Buffer): void {
    if (this.state === 'open') this.outgoing.sendControl(opcode, payload);
  }

  /** An empty payload is replaced by one that tells this ping from others. */
  ping(payload: Buffer): Promise<number> {
    const now = this.context.clock.now();
    const bytes = payload.length > 0 ? payload : Buffer.from(String(now));
    this.sendControl(Opcode.Ping, bytes);
    const { pings } = this.waiting;
    const answer = pings.expect(bytes, now);
    if (this.state !== 'open') pings.abandon();
    return answer;
  }

  /** @throws Error where the path has no codec; what the codec throws for the data */
  emit(event: string, data: unknown): SendResult {
    return this.sender.sendEncoded(this.requireCodec().encode({ event, data }));
  }

  async request(event: string, data: unknown, options: RequestOptions): Promise<unknown> {
    const codec = this.requireCodec();
    if (this.state !== 'open') throw new ConnectionClosedError('the connection is not open');
    const requests = (this.waiting.requests ??= new Requests(
      codec,
      this.context.deadlines,
      (message) => void this.sender.sendEncoded(message),
      () => this.receiver.onAwaiting(),
    ));
    const answer = requests.request(event, data, options);
    this.receiver.onAwaiting();
    return answer;
  }

  /** A source that fails leaves a message that cannot be finished: 1011. */
  sendStream(chunks: Chunks): Promise<void> {
    const sent = this.sendOwned(chunks);
    // it has been reported: whoever does not wait for the end need not handle its failure
    sent.catch(ignore);
    return sent;
  }

  /** Whether a failure has been reported, which a handler that waits for the end of its `sendStream` throws once more. */
  hasTold(error: unknown): boolean {
    return this.told !== undefined && this.told.error === error;
  }

  /**
   * Takes over a source of items: it is brought to its end with the connection at the latest, now if that is not open. `failed` is told
   * of what it throws when nobody waits for its items any more.
   * @throws TypeError for what is no source
   */
  own<T>(given: unknown, failed: (error: unknown) => unknown): OwnedSource<T> {
    const sources = (this.waiting.sources ??= new OwnedSources());
    const source = sources.own<T>(given, failed);
    if (this.state !== 'open') source.release();
    return source;
  }

  /** Starts the closing handshake, or refuses the upgrade; does nothing when either has happened. */
  close(code?: number, reason?: string): void {
    const payload = closePayload(code, reason);
    this.upgrade?.refuse(refusalForClose(code, reason));
    if (this.started && !this.transportClosed && this.closing.sendClose()) {
      this.outgoing.sendControl(Opcode.Close, payload);
      this.abandon();
      this.armCloseDeadline();
      this.receiver.beginClosing();
    }
    // also where the peer has closed before: what it sent may wait
    if (this.opening) this.receiver.forget();
  }

  /** Closes once everything that was received has been handled and answered. */
  closeGradually(code: number, reason: string): void {
    this.receiver.finish(() => this.close(code, reason));
  }

  terminate(limit?: LimitName): void {
    if (this.opening && limit === undefined) this.receiver.forget();
    const { observer } = this.context;
    if (!this.transport.gone && limit === undefined) observer.terminated?.(this.connection);
    else if (!this.transport.gone) observer.limited?.(this.connection, limit!);
    this.transport.destroy();
    // what waits is let go now, not when the socket has closed
    this.outgoing.close();
    this.upgrade?.abandon();
  }

  closed(): Promise<CloseInfo> {
    if (this.transportClosed) return Promise.resolve(this.closing.info());
    return this.waiting.untilClosed();
  }

  /** Where nothing can be sent any more, in a later turn: whoever sends again and again must not keep others from theirs. */
  drained(): Promise<void> {
    if (this.state !== 'open' || this.outgoing.closed) return new Promise((resolve) => void setImmediate(resolve));
    return this.outgoing.checkDrained() ? Promise.resolve() : this.waiting.untilDrained();
  }

  /** Where more than half of what may wait does so, the peer's messages wait until it has read, or does not read. */
  holdBack(): void {
    if (isLarge(this.outgoing.bufferedBytes, this.route.limits)) this.receiver.holdUntil(this.untilRead());
  }

  private untilRead(): Promise<void> {
    return new Promise((resolve) => {
      let before = this.unsentBytes;
      const look = (): void => {
        const now = this.unsentBytes;
        if (now >= before) return resolve();
        before = now;
        cancel = this.context.deadlines.set(STALL_MS, look);
      };
      let cancel = this.context.deadlines.set(STALL_MS, look);
      void this.drained().then(() => {
        cancel();
        resolve();
      });
    });
  }

  private async sendOwned(chunks: Chunks): Promise<void> {
    const failed = (error: unknown): void => this.onFailure(error, 'sendStream');
    try {
      await this.sender.sendStream(this.own<Chunk>(chunks, failed));
    } catch (thrown) {
      const error = errorThrown(thrown, failed);
      if (!isCancelled(error, this)) {
        failed(error);
        this.told = { error };
      }
      throw error;
    }
  }

  private onFailure(error: unknown, what: string): void {
    if (what !== 'close' && isCancelled(error, this)) return;
    const { endpoint } = this.route;
    if (!this.hasTold(error))
      this.context.observer.failed?.(error, `${endpoint.name ?? endpoint.path} (${what})`, this.connection);
    this.close(CloseCode.InternalError, 'internal error');
  }

  /** After both Close frames, or a violation: the server ends TCP first, at once (RFC 6455 7.1.1). */
  private finish(): void {
    this.abandon();
    this.outgoing.end();
    this.receiver.stop();
    this.armCloseDeadline();
  }

  private loseTransport(): void {
    this.closing.fail();
    this.abandon();
    this.receiver.stop();
  }

  /** Nothing can be sent any more, and no answer counts. */
  private abandon(): void {
    this.abort?.abort();
    this.waits?.requests?.close();
    this.waits?.sources?.release();
    // who waits for room to send waits no longer
    this.sender.onFlushed();
    this.waits?.onDrained();
    this.context.subscriptions.left(this);
  }

  private requireCodec(): Codec {
    const { codec } = this;
    if (codec === undefined) throw new Error(`the path ${this.route.endpoint.path} is raw: it has no codec for events`);
    return codec;
  }

  private armCloseDeadline(): void {
    if (!this.transportClosed && this.cancelDeadline === undefined) this.setCloseDeadline();
  }

  /** From now on, and anew while the peer takes what was sent before our Close frame; `renewals`: how often still. */
  private setCloseDeadline(renewals = MAX_RENEWALS): void {
    const before = this.unsentBytes;
    this.cancelDeadline = this.context.deadlines.set(this.route.limits.closeTimeoutMs, () => {
      const isReading = this.unsentBytes > 0 && this.unsentBytes < before;
      if (isReading && renewals > 0) this.setCloseDeadline(renewals - 1);
      else this.terminate('closeTimeoutMs');
    });
  }

  /** The write queue counts nothing any more once it has ended. */
  private get unsentBytes(): number {
    return Math.max(this.outgoing.bufferedBytes, this.transport.pending);
  }

  private end(info: CloseInfo): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelDeadline?.();
    this.cancelDeadline = undefined;
    const work = this.call('close', this.route.endpoint.close, info);
    if (work === undefined) this.releaseWhenEnded();
    else void work.then(() => this.releaseWhenEnded());
    this.context.observer.closed?.(this.connection, info);
  }

  /** After the sources, which may use what is released; those that never end have `closeTimeoutMs`. */
  private releaseWhenEnded(): void {
    const ending = this.route.endpoint.release === undefined ? undefined : this.waits?.sources?.untilEnded();
    if (ending === undefined) {
      this.release();
      return;
    }
    const ended = new Promise<void>((resolve) => {
      this.cancelDeadline = this.context.deadlines.set(this.route.limits.closeTimeoutMs, resolve);
    });
    void Promise.race([ending, ended]).then(() => {
      this.cancelDeadline?.();
      this.cancelDeadline = undefined;
      this.release();
    });
  }

  private release(): void {
    const work = this.call('release', this.route.endpoint.release, undefined);
    if (work === undefined) this.context.ended(this);
    else void work.then(() => this.context.ended(this));
  }
}

/** One for all. */
function ignore(): void {}
