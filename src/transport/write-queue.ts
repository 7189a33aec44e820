import { CHUNK_BYTES, FIN, frame, frameHeader, Opcode } from '../protocol';
import { Backpressure, isLarge, type Backlog, type WriteLimits } from './backpressure';
import type { Batch } from './batch';
import type { Deadlines } from '../messages';
import type { Flusher } from './flusher';
import { Gatherer, type GathererOwner } from './gatherer';
import { HeldFrames, type PendingFrame } from './held-frames';
import { HeldPongs } from './held-pongs';
import { CopiedFrame } from './copied-frame';
import type { Piece } from './pieces';
import type { Transport } from './transport';

/** Payloads from this size on are not copied behind their header: both are written as they are. */
const BY_REFERENCE_FROM = 16 * 1024;

/** Payloads from this size on are copied into chunks. */
const LARGE_FROM = CHUNK_BYTES;

/**
 * The outcome of sending a message: `sent`; `queued`, where more than `highWaterMarkBytes` wait now; `dropped` by
 * `slowConsumer: 'drop'`; `closed`, where the connection is not open, or was closed as too slow. Messages that are
 * `dropped` or `closed` are not sent.
 */
export type SendResult = 'sent' | 'queued' | 'dropped' | 'closed';

/** Hears from a WriteQueue. */
export interface WriteQueueOwner {
  /** More would wait than `maxBufferedBytes` allows: the message is dropped, or the connection closed. */
  onSlowConsumer(policy: 'close' | 'drop'): void;
  /** There is room again, after a caller was told that there was none. */
  onDrained(): void;
  /** `bytes` more bytes wait. */
  onHeld(bytes: number): void;
  /** The transport was given `bytes` bytes. */
  onWritten(bytes: number): void;
}

/** Shared by the write queues of one engine. */
export interface WriteContext {
  readonly batch: Batch;
  readonly flusher: Flusher;
  readonly deadlines: Deadlines;
}

/**
 * Sends frames to one peer, in order: whole messages, fragments, frames that are made later, and control frames, which
 * pass frames that are held back. `Gatherer` writes them, `HeldFrames` keeps those that wait for others, and
 * `Backpressure` decides how many bytes may wait.
 */
export class WriteQueue implements Backlog, GathererOwner {
  /** Writes the frames. */
  readonly gatherer: Gatherer;
  /** Undefined while there is neither a message in fragments nor a pending one. */
  private held: HeldFrames | undefined;
  /** Made with the first pong that has to wait. */
  private pongs: HeldPongs | undefined;
  /** Made when more than a limit waits for the first time. */
  private pressure: Backpressure | undefined;
  /** `end` was called while a frame was pending. */
  private ending = false;

  constructor(
    private readonly transport: Transport,
    private readonly context: WriteContext,
    private readonly limits: WriteLimits,
    private readonly owner: WriteQueueOwner,
  ) {
    this.gatherer = new Gatherer(transport, context.batch, context.flusher, this);
  }

  get bufferedBytes(): number {
    return this.leavingBytes + this.waitingBytes + this.heldBytes;
  }

  get leavingBytes(): number {
    return this.gatherer.leavingBytes;
  }

  get waitingBytes(): number {
    return this.gatherer.waitingBytes;
  }

  get heldBytes(): number {
    return this.held === undefined ? 0 : this.held.bytes;
  }

  /** Bytes that have not left, also after `end`, when `bufferedBytes` is 0. */
  get unsentBytes(): number {
    return Math.max(this.bufferedBytes, this.transport.pending);
  }

  /** True where the next fragment of a message may be sent. */
  get hasRoomForFragment(): boolean {
    return this.leavingBytes + this.waitingBytes <= this.limits.highWaterMarkBytes;
  }

  sendText(text: string): SendResult {
    if (this.held === undefined) {
      const gathered = this.gatherer.addText(text);
      if (gathered >= 0) return gathered <= this.limits.highWaterMarkBytes ? 'sent' : this.judge();
    }
    if (text.length >= BY_REFERENCE_FROM && !this.transport.holds) return this.sendCopy(Opcode.Text, text);
    return this.sendFrame(frame(FIN | Opcode.Text, Buffer.from(text)));
  }

  sendBinary(payload: Uint8Array): SendResult {
    if (payload.length >= LARGE_FROM && !this.transport.holds) return this.sendCopy(Opcode.Binary, payload);
    if (payload.length >= BY_REFERENCE_FROM) {
      return this.sendFrame(frameHeader(FIN | Opcode.Binary, payload.length), payload);
    }
    if (this.held === undefined) {
      const gathered = this.gatherer.addBinary(payload);
      if (gathered >= 0) return gathered <= this.limits.highWaterMarkBytes ? 'sent' : this.judge();
    }
    return this.sendFrame(frame(FIN | Opcode.Binary, payload));
  }

  /** Sends a whole data frame, in one piece or two. */
  sendFrame(first: Piece, second?: Uint8Array): SendResult {
    const size = first.length + (second === undefined ? 0 : second.length);
    const refusal = this.refusal(size);
    if (refusal !== undefined) return refusal;
    if (this.held === undefined) {
      this.gatherer.append(first, second);
      if (isLarge(size, this.limits)) this.marks.letIn(size);
    } else this.hold(this.held, first, second);
    return this.judge();
  }

  /** Sends a fragment, whose first byte is `first`. Until the one with FIN only control frames pass. */
  sendFragment(first: number, payload: Uint8Array): void {
    const held = (this.held ??= new HeldFrames());
    held.inFragments = true;
    const header = frameHeader(first, payload.length);
    this.gatherer.append(header, payload);
    this.marks.free(header.length + payload.length);
    if ((first & FIN) === 0) return;
    held.inFragments = false;
    // frames have waited for the sender of the fragments, not for the peer
    this.release(true);
  }

  /** True where a message of `size` bytes would be let in. Changes nothing. */
  fits(size: number): boolean {
    return this.bufferedBytes + size <= this.limits.maxBufferedBytes || this.marks.fits(size);
  }

  /** Undefined where a message of `size` bytes may wait. If not, `slowConsumer` is applied. */
  refusal(size: number): 'dropped' | 'closed' | undefined {
    if (this.gatherer.closed) return 'closed';
    if (this.hasRoomFor(size)) return undefined;
    const { slowConsumer } = this.limits;
    this.owner.onSlowConsumer(slowConsumer);
    return slowConsumer === 'drop' ? 'dropped' : 'closed';
  }

  /** True where a message of `size` bytes would be let in. If not, `onDrained` is called once it would. */
  hasRoomFor(size: number): boolean {
    return this.bufferedBytes + size <= this.limits.maxBufferedBytes || this.marks.hasRoomFor(size);
  }

  /** Keeps the place of a data frame that is made later, and counts as `size` bytes until then. */
  reserve(size: number): PendingFrame {
    // gathered frames go first, and none is gathered behind this one
    if (this.held === undefined) this.gatherer.flush();
    const held = (this.held ??= new HeldFrames());
    const pending = held.reserve(size);
    this.owner.onHeld(size);
    return pending;
  }

  /** Sends the frame of a place, now that it is made. Does nothing when the place was dropped meanwhile. */
  settle(pending: PendingFrame, bytes: Uint8Array): void {
    if (this.held === undefined || pending.held !== this.held) return;
    this.held.settle(pending, bytes);
    this.release(false);
  }

  /** The outcome of a message after `reserve`. */
  judge(): SendResult {
    return this.bufferedBytes <= this.limits.highWaterMarkBytes || this.marks.checkMark() ? 'sent' : 'queued';
  }

  /** True where no more than the mark waits and a dropped message would fit. If not, `onDrained` follows. */
  checkDrained(): boolean {
    return this.bufferedBytes === 0 || this.marks.checkRelief();
  }

  /**
   * Sends a control frame. Control frames pass the limits: they are small, and a peer that does not read gets one pong
   * at most. They pass held frames too, except Close, which comes last.
   */
  sendControl(opcode: number, payload: Buffer): void {
    if (this.gatherer.isBlocked && opcode === Opcode.Pong) {
      this.pongs ??= new HeldPongs(!this.transport.holds, this.limits.highWaterMarkBytes);
      this.pongs.add(payload);
      return;
    }
    // no frame of ours follows Close
    if (opcode === Opcode.Close) this.releasePongs();
    const bytes = frame(FIN | opcode, payload);
    if (opcode === Opcode.Close && this.awaitsFrame) this.hold(this.held!, bytes);
    else this.gatherer.append(bytes);
  }

  flush(): void {
    this.gatherer.flush();
  }

  /** The transport has sent all that it held. */
  onFlushed(): void {
    if (!this.gatherer.isBlocked) return;
    this.pressure?.onFlushed();
    this.gatherer.unblock();
    this.releasePongs();
    this.gatherer.flush();
    if (this.pressure?.takeRelief() === true) this.owner.onDrained();
  }

  /** Drops all that waits. */
  drop(): void {
    this.gatherer.drop();
    this.held?.drop();
    this.held = undefined;
    this.pongs = undefined;
    this.pressure?.close();
  }

  /** Writes all that waits, then ends the transport. */
  end(): void {
    if (this.awaitsFrame && !this.gatherer.closed) {
      this.ending = true;
      return;
    }
    this.gatherer.end();
    this.drop();
  }

  /** Nothing can be written any more. */
  close(): void {
    this.gatherer.close();
    this.drop();
  }

  onHeld(bytes: number): void {
    this.owner.onHeld(bytes);
  }

  onWritten(bytes: number, holds: boolean): void {
    this.pressure?.onWritten(holds);
    this.owner.onWritten(bytes);
  }

  private sendCopy(opcode: number, payload: Uint8Array | string): SendResult {
    // text is not measured twice unless there may be no room
    const mayBeRefused = this.gatherer.closed || !this.fits(payload.length);
    const refusal = mayBeRefused ? this.refusal(Buffer.byteLength(payload)) : undefined;
    if (refusal !== undefined) return refusal;
    const copied = new CopiedFrame(FIN | opcode, payload);
    const result = this.sendFrame(copied);
    if (result === 'dropped' || result === 'closed') copied.release();
    return result;
  }

  private get marks(): Backpressure {
    return (this.pressure ??= new Backpressure(this, this.limits, this.context.deadlines));
  }

  private get awaitsFrame(): boolean {
    return this.held?.inFragments === false;
  }

  private releasePongs(): void {
    for (const payload of this.pongs?.take() ?? []) this.gatherer.append(frame(FIN | Opcode.Pong, payload));
  }

  /** Sends held frames up to the first that is pending. `free`: they do not count against the peer. */
  private release(free: boolean): void {
    const { held } = this;
    if (held === undefined || held.inFragments) return;
    for (let ready = held.takeReady(); ready !== undefined; ready = held.takeReady()) {
      for (const bytes of ready) {
        this.gatherer.append(bytes);
        if (free) this.marks.free(bytes.length);
        else if (isLarge(bytes.length, this.limits)) this.marks.letIn(bytes.length);
      }
    }
    if (held.isEmpty) this.held = undefined;
    this.gatherer.flush();
    if (this.pressure?.takeRelief() === true) this.owner.onDrained();
    if (this.ending) this.end();
  }

  private hold(held: HeldFrames, first: Piece, second?: Uint8Array): void {
    held.add(first, second);
    this.owner.onHeld(first.length + (second === undefined ? 0 : second.length));
  }
}
