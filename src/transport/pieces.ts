/** So many pieces in a row that are shorter than a kilobyte become one. */
const JOINED = 64;
const SHORT = 1024;

/** Bytes that wait, in order. Many short pieces become one now and then: an object for each takes more memory than they do. */
export class Pieces {
  bytes = 0;
  private list: Uint8Array[] = [];
  /** At the end of the list, and not joined yet. */
  private short = 0;

  get length(): number {
    return this.list.length;
  }

  add(piece: Uint8Array): void {
    const { list } = this;
    list.push(piece);
    this.bytes += piece.length;
    this.short = piece.length < SHORT ? this.short + 1 : 0;
    if (this.short < JOINED) return;
    this.short = 0;
    list.push(Buffer.concat(list.splice(-JOINED)));
  }

  /** All of them; none are left. */
  take(): readonly Uint8Array[] {
    const { list } = this;
    this.list = [];
    this.bytes = 0;
    this.short = 0;
    return list;
  }

  /** The only one that there is; none is left. */
  takeOnly(): Uint8Array {
    this.bytes = 0;
    this.short = 0;
    return this.list.pop()!;
  }
}
