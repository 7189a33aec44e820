import { closePayload, Opcode, type CloseInfo, type PerMessageDeflate, type Violation } from '../protocol';
import { isLarge, type Transport, type TransportReceiver } from '../transport';
import type { Codec } from '../messages';
import { Closing } from './closing';
import { Connection, type ConnectionFacts } from './connection';
import { containSignal } from './contained-signal';
import type { Driver } from './driver';
import type { DriverContext } from './driver-context';
import { callHook, failConnection } from './hooks';
import { callLast } from './last-calls';
import type { LimitName } from './limits';
import { Membership } from './membership';
import type { OwnedSource, OwnedSources } from './owned-source';
import { Receiver } from './receiver';
import type { ReceiverHost } from './receiver-host';
import { refusalForClose } from './refusals';
import type { Requests } from './requests';
import type { Route } from './routes';
import { Sender } from './sender';
import { Waiters } from './waiters';
import type { Refusal } from '../handshake';

const NO_PAYLOAD = Buffer.alloc(0);

/** An upgrade that is not answered yet. */
export interface UndecidedUpgrade {
  refuse(refusal: Refusal): void;
  /** Nobody waits for an answer any more. */
  abandon(): void;
}

/** States of a connection's life; see ConnectionDriver. */
type Phase = 'connecting' | 'open' | 'closing' | 'closed' | 'released';

/**
 * The life of one connection:
 *
 *     connecting ──start──▶ open ──either side closes──▶ closing ──transport gone──▶ closed ──handlers settled──▶ released
 *     connecting ──discard: the upgrade is refused, or its client has left──────────────────────────────────────▶ released
 *
 * `open` becomes `closed` at once where the transport is lost. In `released` the endpoint's last hooks are called.
 *
 * Messages come in through its `Receiver` and go out through its `Sender`; `Closing` ends it, and `Connection` is its
 * public face. It knows one transport only: what outlives a connection stands above it, on `Connection` and the hooks
 * of its endpoint.
 */
export class ConnectionDriver implements Driver, ReceiverHost, TransportReceiver {
  readonly connection: Connection;
  readonly sender: Sender;
  /** Counted by the heartbeat. */
  heartbeatTicks = 0;
  awaitsPong = false;
  /** Undefined once the upgrade is answered or abandoned. */
  upgrade: UndecidedUpgrade | undefined;
  private readonly receiver: Receiver;
  private phase: Phase = 'connecting';
  /** Bytes have come since the last `takeSignOfLife`. */
  private heard = false;
  private abort: AbortController | undefined;
  // each made when it is first needed
  private ownClosing: Closing | undefined;
  private ownWaiters: Waiters | undefined;
  private ownMembership: Membership | undefined;

  constructor(
    readonly context: DriverContext,
    readonly route: Route,
    private readonly transport: Transport,
    facts: ConnectionFacts,
    deflate?: PerMessageDeflate,
  ) {
    this.connection = new Connection(this, facts);
    this.sender = new Sender(this, transport, deflate);
    this.receiver = new Receiver(this, transport, this.sender.queue.gatherer, deflate);
  }

  /** `closed` before the handshake is answered too, since nothing can be sent. */
  get state(): 'open' | 'closing' | 'closed' {
    const { phase } = this;
    return phase === 'open' || phase === 'closing' ? phase : 'closed';
  }

  get hearing(): 'open' | 'closing' | 'deaf' {
    if (this.phase === 'open') return 'open';
    return this.ownClosing === undefined ? 'deaf' : this.ownClosing.hearing;
  }

  get signal(): AbortSignal {
    if (this.abort === undefined) {
      this.abort = new AbortController();
      containSignal(this.abort.signal, (error) => failConnection(this, error, 'a listener of connection.signal'));
    }
    if (this.phase !== 'connecting' && this.phase !== 'open') this.abort.abort();
    return this.abort.signal;
  }

  get codec(): Codec | undefined {
    return this.route.codecFor(this.connection.protocol);
  }

  get decided(): boolean {
    return this.upgrade === undefined;
  }

  get waiters(): Waiters {
    return (this.ownWaiters ??= new Waiters(this, this.sender, this.receiver));
  }

  get membership(): Membership {
    return (this.ownMembership ??= new Membership(this.context.subscriptions, this));
  }

  get requests(): Requests | undefined {
    return this.ownWaiters?.requests;
  }

  get sources(): OwnedSources | undefined {
    return this.ownWaiters?.sources;
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

  hasTold(error: unknown): boolean {
    return this.sender.hasTold(error);
  }

  own<T>(given: unknown, failed: (error: unknown) => unknown): OwnedSource<T> {
    return this.waiters.own(given, failed);
  }

  /** Makes messages wait until the peer has read, or stopped reading, if it has much to read. */
  holdBack(): void {
    if (isLarge(this.sender.bufferedBytes, this.route.limits)) this.receiver.holdUntil(this.sender.untilRead());
  }

  /** Starts the connection: the handshake is answered. `head`: bytes that came with the handshake. */
  start(head: Buffer): void {
    const { gatherer } = this.sender.queue;
    this.phase = 'open';
    this.context.opened(this);
    this.context.subscriptions.identified(this);
    gatherer.cork();
    const opening = callHook(this, 'open', this.route.endpoint.open, undefined);
    if (opening !== undefined) this.receiver.holdUntilOpen(opening);
    this.transport.start(this);
    if (head.length > 0) this.onBytes(head, head.length);
    gatherer.uncork();
  }

  /** Ends a connection whose upgrade was refused or abandoned. */
  discard(): void {
    this.phase = 'released';
    this.context.closed(this);
    this.abort?.abort();
    void callHook(this, 'release', this.route.endpoint.release, undefined);
  }

  onBytes(bytes: Buffer, length: number): void {
    this.heard = true;
    this.context.observer.bytesRead?.(this.connection, length);
    this.receiver.onBytes(bytes, length);
  }

  onFlushed(): void {
    this.sender.onFlushed();
    this.ownClosing?.onFlushed();
  }

  onEnd(): void {
    this.sender.queue.end();
    this.beginClosing().onEnd();
  }

  onClosed(): void {
    if (this.state === 'closed') return;
    const { closing } = this;
    this.phase = 'closed';
    closing.onClosed();
    this.context.closed(this);
    const info = closing.info();
    this.ownWaiters?.onClosed(info);
    this.receiver.whenIdle(this.route.limits.closeTimeoutMs, () => {
      this.phase = 'released';
      callLast(this, info);
    });
  }

  /** Ends the connection, not the process, for an error that nothing else has caught. */
  onFault(error: unknown): void {
    failConnection(this, error, 'the connection');
    this.terminate();
  }

  /**
   * True where bytes have come or left since the last call: a slow network may delay our ping. True too while the peer
   * is not read.
   */
  takeSignOfLife(): boolean {
    const alive = this.heard || this.phase !== 'open' || this.receiver.isPaused;
    this.heard = false;
    return this.sender.queue.gatherer.takeProgress() || alive;
  }

  sendHeartbeat(): void {
    this.sender.sendControl(Opcode.Ping, NO_PAYLOAD);
  }

  get heldBytes(): number {
    return this.sender.bufferedBytes + this.receiver.heldBytes;
  }

  onPing(payload: Buffer): void {
    this.sender.sendControl(Opcode.Pong, payload);
    void callHook(this, 'ping', this.route.endpoint.ping, payload);
  }

  onPong(payload: Buffer): void {
    this.ownWaiters?.pings.answer(payload, this.context.clock.now());
    void callHook(this, 'pong', this.route.endpoint.pong, payload);
  }

  onClose(code: number, reason: string): void {
    this.beginClosing().onClose(code, reason);
  }

  onViolation(violation: Violation): void {
    if (this.hearing === 'deaf') return;
    this.context.observer.violated?.(this.connection, violation);
    this.beginClosing().onViolation(violation);
  }

  /** Starts the closing handshake, or refuses the upgrade. Does nothing when either has happened. */
  close(code?: number, reason?: string): void {
    const payload = closePayload(code, reason);
    this.upgrade?.refuse(refusalForClose(code, reason));
    if (this.phase === 'open') this.beginClosing().begin(payload);
    // also where the peer has closed before: its messages may wait
    this.receiver.forgetUnopened();
  }

  /** Closes once all received messages have been handled and answered. */
  closeGradually(code: number, reason: string): void {
    this.receiver.finish(() => this.close(code, reason));
  }

  /** Ends the connection at once. `limit`: the reason, unless the application asks for it. */
  terminate(limit?: LimitName): void {
    if (limit === undefined) this.receiver.forgetUnopened();
    const { observer } = this.context;
    if (!this.transport.gone && limit === undefined) observer.terminated?.(this.connection);
    else if (!this.transport.gone) observer.limited?.(this.connection, limit!);
    this.transport.destroy();
    // bytes that wait are dropped now, not when the socket has closed
    this.sender.queue.close();
    this.upgrade?.abandon();
  }

  closed(): Promise<CloseInfo> {
    const isOver = this.phase === 'closed' || this.phase === 'released';
    return isOver ? Promise.resolve(this.closing.info()) : this.waiters.untilClosed();
  }

  abandon(): void {
    this.abort?.abort();
    this.ownWaiters?.abandon();
    this.sender.abandon();
    this.context.subscriptions.left(this);
  }

  private get closing(): Closing {
    return (this.ownClosing ??= new Closing(this, this.sender.queue, this.receiver));
  }

  private beginClosing(): Closing {
    if (this.phase === 'open') this.phase = 'closing';
    return this.closing;
  }
}
