import { CHUNK_BYTES, chunks } from './chunks';
import { decodeText } from './long-text';
import { advanceKey, unmask } from './mask';
import type { Utf8Validator } from './utf8';
import { countHanded } from './young-memory';

const NO_BYTES = Buffer.alloc(0);
const FIRST_CAPACITY = 4096;
const GROWTH = 4;

/**
 * The payload, unmasked, of a message that comes in parts. Its memory grows with what has arrived, never with what was
 * merely declared: first one buffer that grows to a chunk, then chunk by chunk. So many tiny fragments or a large
 * declared length cost no memory.
 */
export class PartialPayload {
  /** Chunks that are full, before `last`. */
  private readonly full: Buffer[] = [];
  private last: Buffer = NO_BYTES;
  /** Bytes used of `last`. */
  private used = 0;
  /** 0x80 or more when a byte is no ASCII. */
  private bits = 0;

  get length(): number {
    return this.full.length * CHUNK_BYTES + this.used;
  }

  /** Bytes of memory. */
  get heldBytes(): number {
    return this.full.length * CHUNK_BYTES + this.last.length;
  }

  /**
   * Adds masked bytes. `declared`: length of the message, as far as headers of its frames have come. Returns false when
   * a validator is given, and the bytes prove the text invalid.
   */
  push(source: Buffer, start: number, end: number, key: number, declared: number, utf8?: Utf8Validator): boolean {
    for (let from = start; from < end;) {
      const missing = end - from;
      if (this.used === this.last.length || this.last.length < CHUNK_BYTES) this.makeRoom(missing, declared);
      const count = Math.min(missing, this.last.length - this.used);
      const bits = unmask(source, from, from + count, advanceKey(key, from - start), this.last, this.used);
      this.bits |= bits;
      this.used += count;
      from += count;
      const isValid =
        utf8 === undefined || (bits < 0x80 && utf8.complete) || utf8.push(this.last, this.used - count, this.used);
      if (!isValid) return false;
    }
    return true;
  }

  /** Takes the payload out, with `tail` behind it, in memory of its own. */
  take(tail: Buffer = NO_BYTES): Buffer {
    const { length, full, last } = this;
    countHanded(length);
    if (last.length < CHUNK_BYTES && full.length === 0 && tail.length === 0) {
      this.forget();
      return last.subarray(0, length);
    }
    const payload = Buffer.allocUnsafe(length + tail.length);
    this.copyTo(payload);
    payload.set(tail, length);
    this.drop();
    return payload;
  }

  /** Takes the payload out as text. */
  takeText(): string {
    const { length, full } = this;
    countHanded(length);
    const bytes = full.length === 0 ? this.last : chunks.inOnePiece(length);
    if (full.length > 0) this.copyTo(bytes);
    const text = decodeText(bytes, length, this.bits < 0x80);
    this.drop();
    return text;
  }

  /** Forgets the payload. */
  drop(): void {
    const { last, full } = this;
    if (last.length === CHUNK_BYTES) chunks.give(last);
    for (const chunk of full) chunks.give(chunk);
    this.forget();
  }

  private forget(): void {
    this.full.length = 0;
    this.last = NO_BYTES;
    this.used = 0;
    this.bits = 0;
  }

  private copyTo(target: Buffer): void {
    let at = 0;
    for (const chunk of this.full) {
      target.set(chunk, at);
      at += CHUNK_BYTES;
    }
    target.set(this.last.subarray(0, this.used), at);
  }

  /**
   * Makes room for up to `count` bytes more. A buffer grows to four times what has arrived, or to the declared length
   * where that is less and at least twice the buffer. So the sum of all copies stays below the message, whatever its
   * fragments.
   */
  private makeRoom(count: number, declared: number): void {
    const { last, used } = this;
    if (last.length === CHUNK_BYTES) {
      this.full.push(last);
      this.last = chunks.take();
      this.used = 0;
      return;
    }
    const needed = used + count;
    if (needed <= last.length) return;
    const ample = Math.max(needed * GROWTH, FIRST_CAPACITY);
    const capacity = Math.max(needed, declared >= last.length * 2 ? Math.min(ample, declared) : ample);
    const grown = capacity >= CHUNK_BYTES ? chunks.take() : Buffer.allocUnsafeSlow(capacity);
    grown.set(last.subarray(0, used));
    this.last = grown;
  }
}
