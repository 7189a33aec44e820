import { CloseCode, FIN, frame, Opcode, RSV1, type PerMessageDeflate } from '../protocol';
import {
  STALL_MS,
  setImmediate,
  WriteQueue,
  type SendResult,
  type Transport,
  type WriteQueueOwner,
} from '../transport';
import { errorThrown } from '../messages';
import { isCancelled } from './cancelled';
import type { ConnectionCore } from './connection-core';
import type { MessageSender } from './driver';
import { callHook, failConnection } from './hooks';
import { sendFragments, type Chunk, type Chunks, type FragmentSender } from './outgoing-stream';
import { requireCodec } from './routes';
import type { SharedMessage } from './shared-message';

/** Messages from this size on are compressed in a thread of libuv: it takes a millisecond or more. */
const OFF_LOOP_FROM = 64 * 1024;

/** Sends the messages of one connection: whole or in fragments, and compressed where that was agreed on. */
export class Sender implements MessageSender, FragmentSender, WriteQueueOwner {
  readonly queue: WriteQueue;
  /** Messages of fewer bytes are not compressed. */
  private readonly compressFrom: number;
  /** The last message that is sent in fragments, or compressed in a thread. The next one in fragments waits for it. */
  private lastStream: Promise<void> | undefined;
  private onFragmentRoom: (() => void) | undefined;
  /** Calls of `drained` that wait for room. */
  private drainedCallbacks: (() => void)[] | undefined;
  /** A failure of `sendStream` that the observer has heard of. */
  private told: { readonly error: unknown } | undefined;

  constructor(
    private readonly core: ConnectionCore,
    transport: Transport,
    private readonly deflate: PerMessageDeflate | undefined,
  ) {
    const { context, route } = core;
    this.queue = new WriteQueue(transport, context, route.limits, this);
    this.compressFrom = route.compression?.threshold ?? 0;
  }

  get compresses(): boolean {
    return this.deflate !== undefined;
  }

  get bufferedBytes(): number {
    return this.queue.bufferedBytes;
  }

  get signal(): AbortSignal {
    return this.core.signal;
  }

  /**
   * Sends an event.
   * @throws Error where the path has no codec
   * @throws what the codec throws for the data
   */
  emit(event: string, data: unknown): SendResult {
    return this.sendEncoded(requireCodec(this.core.route, this.core.connection.protocol).encode({ event, data }));
  }

  /** Sends a message that a codec made. */
  sendEncoded(message: string | Uint8Array): SendResult {
    return typeof message === 'string' ? this.sendText(message) : this.sendBinary(message);
  }

  sendText(message: string, compress?: boolean): SendResult {
    if (this.core.state !== 'open') return 'closed';
    this.reportSent(message.length);
    if (this.deflate !== undefined && compress !== false) {
      const bytes = Buffer.from(message);
      if (compress === true || bytes.length >= this.compressFrom)
        return this.sendDeflated(this.deflate, Opcode.Text, bytes);
    }
    return this.queue.sendText(message);
  }

  sendBinary(message: Uint8Array, compress?: boolean): SendResult {
    if (this.core.state !== 'open') return 'closed';
    this.reportSent(message.length);
    if (this.deflate !== undefined && (compress ?? message.length >= this.compressFrom)) {
      return this.sendDeflated(this.deflate, Opcode.Binary, message);
    }
    return this.queue.sendBinary(message);
  }

  /** Sends a shared message. True while no more than `highWaterMarkBytes` wait. */
  sendShared(message: SharedMessage): boolean {
    if (this.core.state !== 'open') return false;
    this.reportSent(message.length);
    const { deflate } = this;
    if (deflate === undefined || message.length < this.compressFrom) {
      return this.queue.sendFrame(message.plainFrame()) === 'sent';
    }
    return this.sendCompressed(deflate, message.compressedFrame(deflate), message.payload) === 'sent';
  }

  /** True where the message would be let in now. If not, `drained` waits until it would. */
  hasRoomFor(message: SharedMessage): boolean {
    const { deflate } = this;
    const isPlain = deflate === undefined || message.length < this.compressFrom;
    return this.queue.hasRoomFor((isPlain ? message.plainFrame() : message.compressedFrame(deflate)).length);
  }

  sendControl(opcode: number, payload: Buffer): void {
    if (this.core.state === 'open') this.queue.sendControl(opcode, payload);
  }

  /**
   * Sends one message in fragments. A source that fails leaves an incomplete message, so the connection is closed with
   * 1011.
   */
  sendStream(chunks: Chunks): Promise<void> {
    const sent = this.sendOwned(chunks);
    // a failure has been reported, so callers need not handle it
    sent.catch(ignore);
    return sent;
  }

  /** True for a failure of `sendStream` that was reported. A handler that awaits `sendStream` throws it once more. */
  hasTold(error: unknown): boolean {
    return this.told !== undefined && this.told.error === error;
  }

  sendFragment(first: number, payload: Uint8Array): void {
    if (this.core.state === 'open') this.queue.sendFragment(first, payload);
  }

  roomForFragment(): Promise<void> {
    this.queue.flush();
    if (this.core.state !== 'open' || this.queue.hasRoomForFragment) return Promise.resolve();
    return new Promise((resolve) => (this.onFragmentRoom = resolve));
  }

  /**
   * Resolves when there is room again. Where nothing can be sent any more it resolves in a later turn, so that a loop
   * of sends does not block others.
   */
  drained(): Promise<void> {
    if (this.core.state !== 'open' || this.queue.gatherer.closed) {
      return new Promise((resolve) => void setImmediate(resolve));
    }
    if (this.queue.checkDrained()) return Promise.resolve();
    return new Promise((resolve) => (this.drainedCallbacks ??= []).push(resolve));
  }

  /** Resolves when there is room again, or the peer has stopped reading. */
  untilRead(): Promise<void> {
    const { deadlines } = this.core.context;
    return new Promise((resolve) => {
      let before = this.queue.unsentBytes;
      const look = (): void => {
        const now = this.queue.unsentBytes;
        if (now >= before) return resolve();
        before = now;
        cancel = deadlines.set(STALL_MS, look);
      };
      let cancel = deadlines.set(STALL_MS, look);
      void this.drained().then(() => {
        cancel();
        resolve();
      });
    });
  }

  /** The transport has sent all that it held. */
  onFlushed(): void {
    this.queue.onFlushed();
    this.resumeFragments();
  }

  /** Resolves all that waits for room: nothing can be sent any more. */
  abandon(): void {
    this.resumeFragments();
    this.resolveDrained();
  }

  onSlowConsumer(policy: 'close' | 'drop'): void {
    const { core } = this;
    const { observer } = core.context;
    observer.limited?.(core.connection, 'maxBufferedBytes');
    if (policy === 'drop') return observer.dropped?.(core.connection);
    this.queue.drop();
    core.close(CloseCode.PolicyViolation, 'slow consumer');
  }

  onDrained(): void {
    const { core } = this;
    this.resolveDrained();
    if (core.state !== 'closed') void callHook(core, 'drain', core.route.endpoint.drain, undefined);
  }

  onHeld(bytes: number): void {
    this.core.context.budget.put(bytes);
  }

  onWritten(bytes: number): void {
    this.core.context.observer.bytesWritten?.(this.core.connection, bytes);
  }

  /** `size`: bytes, or UTF-16 units of text; 0 for a message in fragments. */
  private reportSent(size: number): void {
    this.core.context.observer.sent?.(this.core.connection, size);
  }

  private resumeFragments(): void {
    if (this.onFragmentRoom === undefined || !(this.queue.hasRoomForFragment || this.core.state !== 'open')) return;
    this.onFragmentRoom();
    this.onFragmentRoom = undefined;
  }

  private resolveDrained(): void {
    const callbacks = this.drainedCallbacks;
    if (callbacks === undefined) return;
    this.drainedCallbacks = undefined;
    for (const callback of callbacks) callback();
  }

  private async sendOwned(chunks: Chunks): Promise<void> {
    const failed = (error: unknown): void => failConnection(this.core, error, 'sendStream');
    try {
      await this.sendInTurn(this.core.own<Chunk>(chunks, failed));
    } catch (thrown) {
      const error = errorThrown(thrown, failed);
      if (!isCancelled(error, this.core)) {
        failed(error);
        this.told = { error };
      }
      throw error;
    }
  }

  /** Sends a message in fragments after those that were begun before it. */
  private sendInTurn(chunks: AsyncIterable<Chunk>): Promise<void> {
    this.reportSent(0);
    const sent = (this.lastStream ?? Promise.resolve()).then(() => sendFragments(this, chunks));
    this.lastStream = sent.catch(ignore);
    return sent;
  }

  private sendDeflated(deflate: PerMessageDeflate, opcode: number, payload: Uint8Array): SendResult {
    if (payload.length >= OFF_LOOP_FROM && this.queue.fits(payload.length)) {
      return this.sendLater(deflate, opcode, payload);
    }
    return this.sendCompressed(deflate, frame(FIN | RSV1 | opcode, deflate.deflate(payload)), payload);
  }

  private sendLater(deflate: PerMessageDeflate, opcode: number, payload: Uint8Array): SendResult {
    const { queue } = this;
    const pending = queue.reserve(payload.length);
    const sent = new Promise<void>((resolve) =>
      deflate.deflateLater(payload, (deflated) => {
        queue.settle(pending, deflated ? frame(FIN | RSV1 | opcode, deflated) : frame(FIN | opcode, payload));
        resolve();
      }),
    );
    this.lastStream = Promise.all([this.lastStream, sent]).then(() => {});
    return queue.judge();
  }

  /** Sends a compressed message. One that is dropped must not be remembered, since later messages would refer to it. */
  private sendCompressed(deflate: PerMessageDeflate, bytes: Buffer, payload: Uint8Array): SendResult {
    const refusal = this.queue.refusal(bytes.length);
    if (refusal !== undefined) return refusal;
    deflate.rememberSent(payload);
    return this.queue.sendFrame(bytes);
  }
}

/** Shared, so that no message makes one of its own. */
function ignore(): void {}
