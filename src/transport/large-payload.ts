const encoder = new TextEncoder();

/**
 * A large payload for one connection alone. It is copied, or encoded, while it is written, so that nothing of ours refers
 * to it while a peer is slow to read: what lives through two collections of young objects stays until a full one.
 */
export class LargePayload {
  /** Bytes. */
  readonly length: number;
  /** Bytes that were copied, or UTF-16 units of text. */
  private at = 0;

  constructor(private readonly payload: Uint8Array | string) {
    this.length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  }

  /** Copies the next bytes to `target` from `start` on, as many as there is room for. Returns their end. */
  copyNext(target: Buffer, start: number): number {
    const { payload, at } = this;
    const room = target.length - start;
    if (typeof payload === 'string') return this.encodeNext(payload, target, start, room);
    const bytes = payload.subarray(at, at + room);
    target.set(bytes, start);
    this.at += bytes.length;
    return start + bytes.length;
  }

  get isCopied(): boolean {
    return this.at === this.payload.length;
  }

  toBytes(): Uint8Array {
    return typeof this.payload === 'string' ? Buffer.from(this.payload) : this.payload;
  }

  private encodeNext(text: string, target: Buffer, start: number, room: number): number {
    const units = text.substring(this.at, this.endOfUnits(text, this.at + room));
    if (this.length === text.length) {
      this.at += units.length;
      return start + target.write(units, start, 'latin1');
    }
    const { read, written } = encoder.encodeInto(units, target.subarray(start));
    this.at += read;
    return start + written;
  }

  /** The end, which does not cut a surrogate pair. */
  private endOfUnits(text: string, end: number): number {
    const isCut = end < text.length && isHighSurrogate(text.charCodeAt(end - 1));
    return isCut ? end - 1 : end;
  }
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}
