import { CopiedFrame } from './copied-frame';

/** Bytes to write, where they lie or copied. */
export type Piece = Uint8Array | CopiedFrame;

/** Short pieces in a row that are joined into one. */
const JOINED = 64;
const SHORT = 1024;

/**
 * Bytes that wait, in order. Short pieces are joined now and then, since their objects take more memory than they do.
 */
export class Pieces {
  bytes = 0;
  private list: Piece[] = [];
  /** Short pieces at the end of the list that are not joined yet. */
  private short = 0;

  get length(): number {
    return this.list.length;
  }

  add(piece: Piece): void {
    const { list } = this;
    list.push(piece);
    this.bytes += piece.length;
    this.short = piece.length < SHORT ? this.short + 1 : 0;
    if (this.short < JOINED) return;
    this.short = 0;
    list.push(Buffer.concat(list.splice(-JOINED) as Uint8Array[]));
  }

  /** Takes out all pieces. */
  take(): Piece[] {
    const { list } = this;
    this.list = [];
    this.bytes = 0;
    this.short = 0;
    return list;
  }

  /** Takes out the only piece. */
  takeOnly(): Piece {
    this.bytes = 0;
    this.short = 0;
    return this.list.pop()!;
  }

  /** Forgets all pieces. */
  drop(): void {
    for (const piece of this.take()) if (piece instanceof CopiedFrame) piece.release();
  }
}
