import {
  FIN,
  frame,
  Opcode,
  serverHeaderSize,
  textFrameRoom,
  writeFrame,
  writeHeader,
  writeTextFrame,
} from '../protocol';
import type { Batch } from './batch';
import type { Flusher } from './flusher';
import { HeldPongs } from './held-pongs';
import type { ResolvedLimits } from './limits';
import type { Transport } from './transport';

/** From this size on a payload is written from where it lies, behind a header of its own, and not copied. */
const BY_REFERENCE_FROM = 16 * 1024;

/** Up to this length what is gathered is copied for a transport that holds it for a while, which would else hold the whole batch. */
const MAX_COPIED = 16 * 1024;

/** What a write queue asks of its session. */
export interface WriteQueueOwner {
  /** More would wait than `maxBufferedBytes` allows: the message is dropped, or the connection closed. */
  onSlowConsumer(policy: 'close' | 'drop'): void;
  /** What waits fell to the high-water mark or below, after a send that returned false. */
  onDrained(): void;
  /** So many bytes more wait. */
  onHeld(bytes: number): void;
  /** So many bytes are given to the transport. */
  onWritten(bytes: number): void;
}

/** A data frame that is still being made; what is sent after it waits for it. */
export class PendingFrame {
  bytes: Uint8Array | undefined;

  /** `reserved`: bytes that count as waiting until it is made. */
  constructor(readonly reserved: number) {}
}

/**
 * The frames on their way to one peer. While the transport takes what it is given, frames are gathered in the shared
 * batch and leave in one write: at the end of the read that caused them, or of the current turn when no read did.
 * While it does not, they wait here, counted, up to the hard limit.
 */
export class WriteQueue {
  private waiting: Uint8Array[] | undefined;
  private waitingBytes = 0;
  /** The transport still holds bytes; nothing is written until they have left. */
  private blocked = false;
  private corked = false;
  private scheduled = false;
  private aboveMark = false;
  private closed = false;
  /** `end` was called while a frame was pending. */
  private ending = false;
  /** In a message that is sent in fragments (RFC 6455 5.4). */
  private inFragments = false;
  /** Frames that wait for the end of such a message, or for a pending one; undefined when there is none of either. */
  private held: (Uint8Array | PendingFrame)[] | undefined;
  private heldBytes = 0;
  /** Made with the first that has to wait. */
  private pongs: HeldPongs | undefined;
  private lastPending = 0;

  constructor(
    private readonly transport: Transport,
    private readonly batch: Batch,
    private readonly flusher: Flusher,
    private readonly limits: ResolvedLimits,
    private readonly owner: WriteQueueOwner,
  ) {}

  get bufferedBytes(): number {
    const gathered = this.batch.owner === this ? this.batch.used : 0;
    return this.waitingBytes + this.heldBytes + gathered + (this.blocked ? this.transport.pending : 0);
  }

  /** Whether the peer has room for the next fragment of a message. */
  get hasRoomForFragment(): boolean {
    return this.bufferedBytes - this.heldBytes <= this.limits.highWaterMarkBytes;
  }

  /** Below: `send` returns whether what waits is at or under the high-water mark. */
  sendText(text: string): boolean {
    const room = textFrameRoom(text);
    if (this.hasRoom(room)) {
      this.batch.used = writeTextFrame(this.batch.bytes, this.batch.used, FIN | Opcode.Text, text);
      return true;
    }
    return this.enqueue(frame(FIN | Opcode.Text, Buffer.from(text)));
  }

  sendBinary(payload: Uint8Array): boolean {
    if (payload.length >= BY_REFERENCE_FROM) {
      const header = Buffer.allocUnsafe(serverHeaderSize(payload.length));
      writeHeader(header, 0, FIN | Opcode.Binary, payload.length);
      return this.enqueue(header, payload);
    }
    if (this.hasRoom(payload.length + 4)) {
      this.batch.used = writeFrame(this.batch.bytes, this.batch.used, FIN | Opcode.Binary, payload);
      return true;
    }
    return this.enqueue(frame(FIN | Opcode.Binary, payload));
  }

  /** A whole data frame. */
  sendFrame(bytes: Buffer): boolean {
    return this.enqueue(bytes);
  }

  /** A fragment of a message; until the one with FIN, only control frames pass it. `first`: the frame's first byte. */
  sendFragment(first: number, payload: Uint8Array): void {
    this.inFragments = true;
    this.held ??= [];
    const header = Buffer.allocUnsafe(serverHeaderSize(payload.length));
    writeHeader(header, 0, first, payload.length);
    this.append(header, payload);
    if ((first & FIN) === 0) return;
    this.inFragments = false;
    this.release();
  }

  /** Whether a message of so many bytes would be admitted; without consequences when not. */
  fits(size: number): boolean {
    return this.bufferedBytes === 0 || this.bufferedBytes + size <= this.limits.maxBufferedBytes;
  }

  /** Keeps the place of a data frame that is made later, `size` bytes for now. */
  reserve(size: number): PendingFrame {
    // what is gathered goes first, and nothing is gathered behind it
    if (this.batch.owner === this) this.flush();
    const pending = new PendingFrame(size);
    (this.held ??= []).push(pending);
    this.heldBytes += size;
    this.owner.onHeld(size);
    return pending;
  }

  /** The frame is made. Of no effect when it was dropped meanwhile. */
  settle(pending: PendingFrame, bytes: Uint8Array): void {
    if (this.held?.includes(pending) !== true) return;
    pending.bytes = bytes;
    this.heldBytes += bytes.length - pending.reserved;
    this.release();
  }

  /**
   * Control frames pass the limits: they are small, and a peer that does not read gets one pong at the most. They pass what is held
   * too, but for Close, which comes after all that was sent.
   */
  sendControl(opcode: number, payload: Buffer): void {
    if (this.blocked && opcode === Opcode.Pong) {
      this.pongs ??= new HeldPongs(!this.transport.holds, this.limits.highWaterMarkBytes);
      this.pongs.add(payload);
      return;
    }
    // nothing of ours comes behind it
    if (opcode === Opcode.Close) this.releasePongs();
    const bytes = frame(FIN | opcode, payload);
    if (opcode === Opcode.Close && this.awaitsFrame) this.hold(this.held!, bytes, undefined);
    else this.append(bytes);
  }

  /** What is sent from here on leaves with `uncork`. */
  cork(): void {
    this.corked = true;
  }

  uncork(): void {
    this.corked = false;
    this.flush();
  }

  /** Writes what is gathered, unless the transport is busy. */
  flush(): void {
    this.scheduled = false;
    if (this.batch.owner === this) {
      this.batch.owner = undefined;
      if (this.batch.used > 0 && !this.closed) this.flushBatch();
      this.batch.used = 0;
    }
    const { waiting } = this;
    if (waiting === undefined || this.waitingBytes === 0 || this.blocked || this.closed) return;
    this.owner.onWritten(this.waitingBytes);
    this.waitingBytes = 0;
    if (waiting.length === 1) {
      this.blocked = !this.transport.write(waiting.pop()!);
    } else {
      this.waiting = undefined;
      this.blocked = !this.transport.writeAll(waiting);
    }
    if (this.blocked) this.owner.onHeld(this.transport.pending);
  }

  /** Whether some of what waited has left since the last call. */
  takeProgress(): boolean {
    if (!this.blocked) return false;
    const { pending } = this.transport;
    const moved = pending !== this.lastPending;
    this.lastPending = pending;
    return moved;
  }

  /** The transport has sent all it had. */
  onFlushed(): void {
    if (!this.blocked) return;
    this.blocked = false;
    this.releasePongs();
    this.flush();
    this.reportDrained();
  }

  /** Forgets what waits; for a peer that will not read it. */
  drop(): void {
    this.waiting = undefined;
    this.waitingBytes = 0;
    this.held = undefined;
    this.heldBytes = 0;
    this.inFragments = false;
    this.pongs = undefined;
  }

  /** Writes all that waits, and then says to the peer that no more will come. */
  end(): void {
    if (this.awaitsFrame && !this.closed) {
      this.ending = true;
      return;
    }
    this.blocked = false;
    this.flush();
    if (!this.closed) this.transport.end();
    this.close();
  }

  /** Nothing can be written any more. */
  close(): void {
    this.closed = true;
    this.drop();
  }

  private releasePongs(): void {
    for (const payload of this.pongs?.take() ?? []) this.append(frame(FIN | Opcode.Pong, payload));
  }

  private reportDrained(): void {
    if (!this.aboveMark || this.bufferedBytes > this.limits.highWaterMarkBytes) return;
    this.aboveMark = false;
    this.owner.onDrained();
  }

  private flushBatch(): void {
    this.owner.onWritten(this.batch.used);
    const bytes = this.batch.take();
    const isCopied = this.transport.holds && bytes.length <= MAX_COPIED;
    if (this.transport.write(isCopied ? Buffer.from(bytes) : bytes)) return;
    this.blocked = true;
    this.owner.onHeld(this.transport.pending);
    if (!isCopied) this.batch.renew();
  }

  /** Whether the batch is, or can become, this queue's, with so many bytes free. */
  private hasRoom(room: number): boolean {
    const { batch } = this;
    if (batch.owner !== this) {
      if (batch.owner !== undefined || this.blocked || this.waitingBytes > 0 || this.closed) return false;
      if (this.held !== undefined) return false;
      batch.owner = this;
      this.schedule();
    }
    if (batch.used + room <= batch.bytes.length) return true;
    if (room > batch.bytes.length) return false;
    this.flush();
    return !this.blocked && this.hasRoom(room);
  }

  private enqueue(first: Uint8Array, second?: Uint8Array): boolean {
    if (!this.admits(first.length + (second?.length ?? 0))) return false;
    if (this.held === undefined) this.append(first, second);
    else this.hold(this.held, first, second);
    return this.isBelowMark();
  }

  /** Whether no more waits than the high-water mark; if more does, `onDrained` is reported later. */
  isBelowMark(): boolean {
    if (this.bufferedBytes <= this.limits.highWaterMarkBytes) return true;
    if (!this.blocked) this.flush();
    if (this.bufferedBytes <= this.limits.highWaterMarkBytes) return true;
    this.aboveMark = true;
    return false;
  }

  /** Whether so many bytes more may wait; false for a peer that does not read, who bears the policy for it. */
  admits(size: number): boolean {
    const { maxBufferedBytes } = this.limits;
    if (this.bufferedBytes === 0 || this.bufferedBytes + size <= maxBufferedBytes) return true;
    // what is gathered may not have been tried yet; only what the peer leaves lying counts against it
    this.flush();
    const buffered = this.bufferedBytes;
    if (buffered === 0 || buffered + size <= maxBufferedBytes) return true;
    this.aboveMark = true;
    this.owner.onSlowConsumer(this.limits.slowConsumer);
    return false;
  }

  private get awaitsFrame(): boolean {
    return this.held !== undefined && !this.inFragments;
  }

  /** Lets go what is held, up to the first frame that is still pending. */
  private release(): void {
    const { held } = this;
    if (held === undefined || this.inFragments) return;
    let made = 0;
    for (const item of held) {
      const bytes = item instanceof PendingFrame ? item.bytes : item;
      if (bytes === undefined) break;
      made++;
      this.heldBytes -= bytes.length;
      this.append(bytes);
    }
    if (made < held.length) held.splice(0, made);
    else this.held = undefined;
    this.flush();
    this.reportDrained();
    if (this.ending) this.end();
  }

  private hold(held: (Uint8Array | PendingFrame)[], first: Uint8Array, second: Uint8Array | undefined): void {
    held.push(first);
    if (second !== undefined) held.push(second);
    const size = first.length + (second?.length ?? 0);
    this.heldBytes += size;
    this.owner.onHeld(size);
  }

  private append(first: Uint8Array, second?: Uint8Array): void {
    if (this.closed) return;
    if (this.batch.owner === this) this.flush();
    const waiting = (this.waiting ??= []);
    waiting.push(first);
    this.waitingBytes += first.length;
    if (second !== undefined) {
      waiting.push(second);
      this.waitingBytes += second.length;
    }
    if (this.blocked) this.owner.onHeld(first.length + (second?.length ?? 0));
    this.schedule();
  }

  private schedule(): void {
    if (this.corked || this.scheduled || this.blocked) return;
    this.scheduled = true;
    this.flusher.add(this);
  }
}
