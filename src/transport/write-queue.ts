import { FIN, frame, frameHeader, Opcode } from '../protocol';
import { Backpressure, isLarge, type Backlog, type WriteLimits } from './backpressure';
import type { Batch } from './batch';
import type { Deadlines } from '../messages';
import type { Flusher } from './flusher';
import { Gatherer, type GathererOwner } from './gatherer';
import { HeldFrames, type PendingFrame } from './held-frames';
import { HeldPongs } from './held-pongs';
import type { Transport } from './transport';

/** From this size on a payload is written from where it lies, behind a header of its own, and not copied. */
const BY_REFERENCE_FROM = 16 * 1024;

/**
 * What became of a message: `sent`; `queued`, since more than `highWaterMarkBytes` wait now; `dropped`, as `slowConsumer: 'drop'`
 * has it; `closed`, since the connection is not open, or was closed as too slow. The last two say that it is not sent.
 */
export type SendResult = 'sent' | 'queued' | 'dropped' | 'closed';

/** What a write queue reports to its connection. */
export interface WriteQueueOwner {
  /** More would wait than `maxBufferedBytes` allows: the message is dropped, or the connection closed. */
  onSlowConsumer(policy: 'close' | 'drop'): void;
  /** There is room again, for somebody who was told that there was none. */
  onDrained(): void;
  /** So many bytes more wait. */
  onHeld(bytes: number): void;
  /** So many bytes are given to the transport. */
  onWritten(bytes: number): void;
}

/** What the write queues of one engine share. */
export interface WriteContext {
  readonly batch: Batch;
  readonly flusher: Flusher;
  readonly deadlines: Deadlines;
}

/**
 * The frames on their way to one peer, in order: whole messages, fragments, frames that are made later, and control frames,
 * which pass what is held back. `Gatherer` writes them; `Backpressure` says how many may wait.
 */
export class WriteQueue implements Backlog, GathererOwner {
  /** Writes the frames, together where they come together. */
  readonly gatherer: Gatherer;
  /** Undefined while there is neither a message in fragments nor a pending one. */
  private held: HeldFrames | undefined;
  /** Made with the first that has to wait. */
  private pongs: HeldPongs | undefined;
  /** Made when more waits than the mark for the first time. */
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

  /** Bytes that the peer has still to get, also after `end`, when no more is counted as buffered. */
  get unsentBytes(): number {
    return Math.max(this.bufferedBytes, this.transport.pending);
  }

  /** Nothing can be written any more. */
  get closed(): boolean {
    return this.gatherer.closed;
  }

  /** Whether the peer has room for the next fragment of a message. */
  get hasRoomForFragment(): boolean {
    return this.leavingBytes + this.waitingBytes <= this.limits.highWaterMarkBytes;
  }

  sendText(text: string): SendResult {
    if (this.held === undefined) {
      const gathered = this.gatherer.addText(text);
      if (gathered >= 0) return gathered <= this.limits.highWaterMarkBytes ? 'sent' : this.judge();
    }
    return this.sendFrame(frame(FIN | Opcode.Text, Buffer.from(text)));
  }

  sendBinary(payload: Uint8Array): SendResult {
    if (payload.length >= BY_REFERENCE_FROM) {
      return this.sendFrame(frameHeader(FIN | Opcode.Binary, payload.length), payload);
    }
    if (this.held === undefined) {
      const gathered = this.gatherer.addBinary(payload);
      if (gathered >= 0) return gathered <= this.limits.highWaterMarkBytes ? 'sent' : this.judge();
    }
    return this.sendFrame(frame(FIN | Opcode.Binary, payload));
  }

  /** A whole data frame, in one piece or two. */
  sendFrame(first: Uint8Array, second?: Uint8Array): SendResult {
    const size = first.length + (second === undefined ? 0 : second.length);
    const refusal = this.refusal(size);
    if (refusal !== undefined) return refusal;
    if (this.held === undefined) {
      this.gatherer.append(first, second);
      if (isLarge(size, this.limits)) this.marks.letIn(size);
    } else this.hold(this.held, first, second);
    return this.judge();
  }

  /** A fragment of a message; until the one with FIN, only control frames pass it. `first`: the frame's first byte. */
  sendFragment(first: number, payload: Uint8Array): void {
    const held = (this.held ??= new HeldFrames());
    held.inFragments = true;
    const header = frameHeader(first, payload.length);
    this.gatherer.append(header, payload);
    this.marks.free(header.length + payload.length);
    if ((first & FIN) === 0) return;
    held.inFragments = false;
    // whoever sends in fragments was to be waited for, not the peer
    this.release(true);
  }

  /** Whether a message of so many bytes would be admitted; without consequences when not. */
  fits(size: number): boolean {
    return this.bufferedBytes + size <= this.limits.maxBufferedBytes || this.marks.fits(size);
  }

  /** Why a message of so many bytes may not wait, if it may not: the policy for a peer that does not read is applied then. */
  refusal(size: number): 'dropped' | 'closed' | undefined {
    if (this.gatherer.closed) return 'closed';
    if (this.hasRoomFor(size)) return undefined;
    const { slowConsumer } = this.limits;
    this.owner.onSlowConsumer(slowConsumer);
    return slowConsumer === 'drop' ? 'dropped' : 'closed';
  }

  /** Whether a message of so many bytes would be admitted; if not, `onDrained` is reported when it would. */
  hasRoomFor(size: number): boolean {
    return this.bufferedBytes + size <= this.limits.maxBufferedBytes || this.marks.hasRoomFor(size);
  }

  /** Keeps the place of a data frame that is made later, `size` bytes for now. */
  reserve(size: number): PendingFrame {
    // what is gathered goes first, and nothing is gathered behind it
    if (this.held === undefined) this.gatherer.flush();
    const held = (this.held ??= new HeldFrames());
    const pending = held.reserve(size);
    this.owner.onHeld(size);
    return pending;
  }

  /** The frame is made. Of no effect when it was dropped meanwhile. */
  settle(pending: PendingFrame, bytes: Uint8Array): void {
    if (this.held === undefined || pending.held !== this.held) return;
    this.held.settle(pending, bytes);
    this.release(false);
  }

  /** After `reserve`: as the other sends. */
  judge(): SendResult {
    return this.bufferedBytes <= this.limits.highWaterMarkBytes || this.marks.checkMark() ? 'sent' : 'queued';
  }

  /** Whether no more waits than the mark, and what was dropped would fit now; if not, `onDrained` is reported later. */
  checkDrained(): boolean {
    return this.bufferedBytes === 0 || this.marks.checkRelief();
  }

  /**
   * Control frames pass the limits: they are small, and a peer that does not read gets one pong at the most. They pass what is held
   * too, but for Close, which comes after all that was sent.
   */
  sendControl(opcode: number, payload: Buffer): void {
    if (this.gatherer.isBlocked && opcode === Opcode.Pong) {
      this.pongs ??= new HeldPongs(!this.transport.holds, this.limits.highWaterMarkBytes);
      this.pongs.add(payload);
      return;
    }
    // nothing of ours comes behind it
    if (opcode === Opcode.Close) this.releasePongs();
    const bytes = frame(FIN | opcode, payload);
    if (opcode === Opcode.Close && this.awaitsFrame) this.hold(this.held!, bytes);
    else this.gatherer.append(bytes);
  }

  flush(): void {
    this.gatherer.flush();
  }

  /** The transport has sent all it had. */
  onFlushed(): void {
    if (!this.gatherer.isBlocked) return;
    this.pressure?.onFlushed();
    this.gatherer.unblock();
    this.releasePongs();
    this.gatherer.flush();
    this.reportDrained();
  }

  /** Forgets what waits; for a peer that will not read it. */
  drop(): void {
    this.gatherer.drop();
    this.held = undefined;
    this.pongs = undefined;
    this.pressure?.close();
  }

  /** Writes all that waits, and then says to the peer that no more will come. */
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

  // what the gatherer reports

  onHeld(bytes: number): void {
    this.owner.onHeld(bytes);
  }

  onWritten(bytes: number, holds: boolean): void {
    this.pressure?.onWritten(holds);
    this.owner.onWritten(bytes);
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

  private reportDrained(): void {
    if (this.pressure?.takeRelief() === true) this.owner.onDrained();
  }

  /** Lets go what is held, up to the first frame that is still pending. `free`: it does not count against the peer. */
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
    this.reportDrained();
    if (this.ending) this.end();
  }

  private hold(held: HeldFrames, first: Uint8Array, second?: Uint8Array): void {
    held.add(first, second);
    this.owner.onHeld(first.length + (second === undefined ? 0 : second.length));
  }
}
