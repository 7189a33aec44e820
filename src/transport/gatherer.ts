import { FIN, Opcode, textFrameRoom, writeFrame, writeTextFrame } from '../protocol';
import type { Batch } from './batch';
import type { Flushable, Flusher } from './flusher';
import { type Piece, Pieces } from './pieces';
import type { Transport } from './transport';

/**
 * Longest batch that is copied for a transport that holds on to what it is given. Without the copy it would hold the
 * memory of the whole batch.
 */
const MAX_COPIED = 16 * 1024;

/** Hears from a Gatherer. */
export interface GathererOwner {
  /** `bytes` more bytes wait. */
  onHeld(bytes: number): void;
  /** The transport was given `bytes` bytes. `holds`: it still has some of them. */
  onWritten(bytes: number, holds: boolean): void;
}

/**
 * Gathers the frames of one connection, in order, and writes them together: at the end of the read that caused them, or
 * of the current turn where no read did. Frames are gathered in the shared batch while the transport takes what it is
 * given, and in pieces of their own while it does not.
 */
export class Gatherer implements Flushable {
  /** Made with the first frame that does not go into the batch. */
  private pieces: Pieces | undefined;
  /** The transport still holds bytes; nothing is written until they have left. */
  private blocked = false;
  private corked = false;
  private scheduled = false;
  private isClosed = false;
  /** Bytes that the transport held at the last `takeProgress`. */
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

  /** Bytes that the transport was given, and holds. */
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

  /**
   * Adds a text frame to the batch. Returns the number of bytes in the batch, or -1 where there is no room; nothing has
   * changed then.
   */
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

  /** Adds a frame in one piece or two. */
  append(first: Piece, second?: Piece): void {
    if (this.isClosed) return;
    if (this.batch.owner === this) this.flush();
    const pieces = (this.pieces ??= new Pieces());
    pieces.add(first);
    if (second !== undefined) pieces.add(second);
    if (this.blocked) this.owner.onHeld(first.length + (second?.length ?? 0));
    this.schedule();
  }

  /** Frames from here on leave with `uncork`. */
  cork(): void {
    this.corked = true;
  }

  uncork(): void {
    this.corked = false;
    this.flush();
  }

  /** Writes all gathered frames, unless the transport is busy. */
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

  /** The transport has sent all that it held. */
  unblock(): void {
    this.blocked = false;
  }

  /** Drops frames that the transport was not given. */
  drop(): void {
    this.pieces?.drop();
    this.pieces = undefined;
  }

  /** Writes all frames, then ends the transport. */
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
      pieces.length === 1 ? this.transport.writePiece(pieces.takeOnly()) : this.transport.writeAll(pieces.take());
    this.blocked = !isWritten;
    this.reportWritten(bytes);
  }

  private reportWritten(bytes: number): void {
    this.owner.onWritten(bytes, this.blocked);
    if (this.blocked) this.owner.onHeld(this.transport.pending);
  }

  /** True where this gatherer owns the batch, or now does, and `room` bytes are free in it. */
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
