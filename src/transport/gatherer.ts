import { FIN, Opcode, textFrameRoom, writeFrame, writeTextFrame } from '../protocol';
import type { Batch } from './batch';
import type { Flushable, Flusher } from './flusher';
import { Pieces } from './pieces';
import type { Transport } from './transport';

/** Up to this length what is gathered is copied for a transport that holds it for a while, which would else hold the whole batch. */
const MAX_COPIED = 16 * 1024;

/** What a gatherer reports. */
export interface GathererOwner {
  /** So many bytes more wait. */
  onHeld(bytes: number): void;
  /** So many bytes are given to the transport, which holds some of them for a while, or none. */
  onWritten(bytes: number, holds: boolean): void;
}

/**
 * Gathers the frames of one connection, in the order in which they come, and writes them at once: at the end of the read that
 * caused them, or of the current turn when no read did. While the transport takes what it is given they are gathered in the
 * shared batch; while it does not, in pieces of their own.
 */
export class Gatherer implements Flushable {
  /** Made with the first. */
  private pieces: Pieces | undefined;
  /** The transport still holds bytes; nothing is written until they have left. */
  private blocked = false;
  private corked = false;
  private scheduled = false;
  private isClosed = false;
  /** What the transport held when `takeProgress` looked. */
  private lastLeaving = 0;

  constructor(
    private readonly transport: Transport,
    private readonly batch: Batch,
    private readonly flusher: Flusher,
    private readonly owner: GathererOwner,
  ) {}

  /** Bytes that the transport was not given yet. */
  get waitingBytes(): number {
    return (this.pieces === undefined ? 0 : this.pieces.bytes) + (this.batch.owner === this ? this.batch.used : 0);
  }

  /** Bytes that it was given, and holds. */
  get leavingBytes(): number {
    return this.blocked ? this.transport.pending : 0;
  }

  get isBlocked(): boolean {
    return this.blocked;
  }

  /** Nothing can be written any more. */
  get closed(): boolean {
    return this.isClosed;
  }

  /** A whole frame, into the batch. Returns the bytes that are gathered there; -1 where it has no room, and nothing has changed. */
  addText(text: string): number {
    if (!this.hasRoom(textFrameRoom(text))) return -1;
    const { batch } = this;
    return (batch.used = writeTextFrame(batch.bytes, batch.used, FIN | Opcode.Text, text));
  }

  addBinary(payload: Uint8Array): number {
    if (!this.hasRoom(payload.length + 4)) return -1;
    const { batch } = this;
    return (batch.used = writeFrame(batch.bytes, batch.used, FIN | Opcode.Binary, payload));
  }

  /** A frame in one piece or two. */
  append(first: Uint8Array, second?: Uint8Array): void {
    if (this.isClosed) return;
    if (this.batch.owner === this) this.flush();
    const pieces = (this.pieces ??= new Pieces());
    pieces.add(first);
    if (second !== undefined) pieces.add(second);
    if (this.blocked) this.owner.onHeld(first.length + (second?.length ?? 0));
    this.schedule();
  }

  /** What comes from here on leaves with `uncork`. */
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
      if (this.batch.used > 0 && !this.isClosed) this.writeBatch();
      else this.batch.used = 0;
    }
    const { pieces } = this;
    if (pieces !== undefined && pieces.bytes > 0 && !this.blocked && !this.isClosed) this.writePieces(pieces);
  }

  /** True where some of what the transport holds has left since the last call. */
  takeProgress(): boolean {
    if (!this.blocked) return false;
    const leaving = this.transport.pending;
    const hasMoved = leaving !== this.lastLeaving;
    this.lastLeaving = leaving;
    return hasMoved;
  }

  /** The transport has sent all it had. */
  unblock(): void {
    this.blocked = false;
  }

  /** Forgets what the transport was not given. */
  drop(): void {
    this.pieces = undefined;
  }

  /** Writes all that waits, and then says to the peer that no more will come. */
  end(): void {
    this.blocked = false;
    this.flush();
    if (!this.isClosed) this.transport.end();
    this.close();
  }

  close(): void {
    this.isClosed = true;
    this.drop();
  }

  private writeBatch(): void {
    const bytes = this.batch.take();
    const isCopied = this.transport.holds && bytes.length <= MAX_COPIED;
    this.blocked = !this.transport.write(isCopied ? Buffer.from(bytes) : bytes);
    if (this.blocked && !isCopied) this.batch.renew();
    this.reportWritten(bytes.length);
  }

  private writePieces(pieces: Pieces): void {
    const { bytes } = pieces;
    const isWritten =
      pieces.length === 1 ? this.transport.write(pieces.takeOnly()) : this.transport.writeAll(pieces.take());
    this.blocked = !isWritten;
    this.reportWritten(bytes);
  }

  private reportWritten(bytes: number): void {
    this.owner.onWritten(bytes, this.blocked);
    if (this.blocked) this.owner.onHeld(this.transport.pending);
  }

  /** Whether the batch is, or can become, this gatherer's, with so many bytes free. */
  private hasRoom(room: number): boolean {
    const { batch } = this;
    if (batch.owner !== this) {
      if (batch.owner !== undefined || this.blocked || this.isClosed) return false;
      if (this.pieces !== undefined && this.pieces.bytes > 0) return false;
      batch.owner = this;
      this.schedule();
    }
    if (batch.used + room <= batch.bytes.length) return true;
    if (room > batch.bytes.length) return false;
    this.flush();
    return !this.blocked && this.hasRoom(room);
  }

  private schedule(): void {
    if (this.corked || this.scheduled || this.blocked) return;
    this.scheduled = true;
    this.flusher.add(this);
  }
}
