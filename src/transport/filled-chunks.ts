import { CHUNK_BYTES, chunks } from '../protocol';
import type { LargePayload } from './large-payload';

/** Chunks that are written in one system call. Each call wakes the peer. */
const WRITTEN_TOGETHER = 8;

/** Bytes that one character takes at most. */
const LONGEST_CHARACTER = 4;

/** Copies of payloads, in chunks of the pool, that are written together. */
export class FilledChunks {
  bytes = 0;
  private readonly taken: Buffer[] = [];
  private readonly lengths: number[] = [];

  /** True where not even one more character has room. */
  get isFull(): boolean {
    return this.taken.length === WRITTEN_TOGETHER && !this.lastHasRoom;
  }

  /** Copies the next bytes of a payload behind what is there. */
  fill(payload: LargePayload): void {
    if (!this.lastHasRoom) {
      this.taken.push(chunks.take());
      this.lengths.push(0);
    }
    const last = this.taken.length - 1;
    const before = this.lengths[last]!;
    const after = payload.copyNext(this.taken[last]!, before);
    this.lengths[last] = after;
    this.bytes += after - before;
  }

  /** The filled part of each chunk. */
  get parts(): Buffer[] {
    return this.taken.map((chunk, index) => {
      const length = this.lengths[index]!;
      return length === CHUNK_BYTES ? chunk : chunk.subarray(0, length);
    });
  }

  /** Gives the chunks back, which are written. */
  release(): void {
    for (const chunk of this.taken) chunks.give(chunk);
  }

  private get lastHasRoom(): boolean {
    const { lengths } = this;
    return lengths.length > 0 && CHUNK_BYTES - lengths[lengths.length - 1]! >= LONGEST_CHARACTER;
  }
}
