import { CHUNK_BYTES, chunks } from '../protocol';

/** Chunks that are written in one system call. Each call wakes the peer. */
const WRITTEN_TOGETHER = 8;

/** Bytes that one character takes at most. */
const LONGEST_CHARACTER = 4;

const encoder = new TextEncoder();

/** Bytes in chunks of the pool that are written together. */
export class FilledChunks {
  private readonly taken: Buffer[] = [];
  private readonly ends: number[] = [];

  /** The first `start` bytes stay free. */
  constructor(private start = 0) {
    this.add(start);
  }

  get bytes(): number {
    return this.ends.reduce((sum, end) => sum + end, -this.start);
  }

  /** The filled part of each chunk. */
  get parts(): Buffer[] {
    return this.taken.map((chunk, index) => {
      const start = index === 0 ? this.start : 0;
      const end = this.ends[index]!;
      return start === 0 && end === CHUNK_BYTES ? chunk : chunk.subarray(start, end);
    });
  }

  /** Puts bytes in front. There must be room for them. */
  prepend(bytes: Uint8Array): void {
    this.start -= bytes.length;
    this.taken[0]!.set(bytes, this.start);
  }

  /** Copies bytes from `at` on, as many as there is room for. Returns their number, 0 when all chunks are full. */
  copy(source: Uint8Array, at: number): number {
    const last = this.lastWithRoom(1);
    if (last < 0) return 0;
    const end = this.ends[last]!;
    const bytes = source.subarray(at, at + CHUNK_BYTES - end);
    this.taken[last]!.set(bytes, end);
    this.ends[last] = end + bytes.length;
    return bytes.length;
  }

  /** Encodes text from `at` on. Returns the number of UTF-16 units, 0 when all chunks are full. */
  encode(text: string, at: number): number {
    const last = this.lastWithRoom(LONGEST_CHARACTER);
    if (last < 0) return 0;
    const end = this.ends[last]!;
    // a surrogate pair that is cut here has no room either: each unit before it takes a byte at least
    const units = text.substring(at, at + CHUNK_BYTES - end);
    const { read, written } = encoder.encodeInto(units, this.taken[last]!.subarray(end));
    this.ends[last] = end + written;
    return read;
  }

  /** Gives the chunks back. */
  release(): void {
    for (const chunk of this.taken) chunks.give(chunk);
  }

  /** The index of the chunk to fill; -1 when there is none. */
  private lastWithRoom(bytes: number): number {
    const last = this.taken.length - 1;
    if (CHUNK_BYTES - this.ends[last]! >= bytes) return last;
    return this.taken.length < WRITTEN_TOGETHER ? this.add(0) : -1;
  }

  private add(end: number): number {
    this.ends.push(end);
    return this.taken.push(chunks.take()) - 1;
  }
}
