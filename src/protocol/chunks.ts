/** Bytes of a chunk. */
export const CHUNK_BYTES = 128 * 1024;

/** Chunks that are kept in any case. */
const KEPT_CHUNKS = 32;

/** Milliseconds after which memory is freed that was not in use meanwhile. */
const REVIEW_MS = 1000;

const NO_BYTES = Buffer.alloc(0);

/**
 * The memory through which large payloads pass. It is used again and again, since new memory for each message costs
 * page faults, and makes V8 collect its whole heap. Memory that a program is handed is never part of it.
 */
class ChunkPool {
  private readonly free: Buffer[] = [];
  private used = 0;
  /** Most chunks in use since the last review, and between the two before it. */
  private peak = 0;
  private lastPeak = 0;
  private whole: Buffer = NO_BYTES;
  private isWholeUsed = false;
  private isPlanned = false;

  take(): Buffer {
    this.used++;
    if (this.used > this.peak) this.peak = this.used;
    if (!this.isPlanned && this.used > KEPT_CHUNKS) this.planReview();
    return this.free.pop() ?? allocate(CHUNK_BYTES);
  }

  /** Takes a chunk back. The giver must not use it any more. */
  give(chunk: Buffer): void {
    this.used--;
    this.free.push(chunk);
  }

  /** Memory in one piece, at least `length` bytes, which are valid until the next call. */
  inOnePiece(length: number): Buffer {
    if (length > this.whole.length) {
      release(this.whole);
      this.whole = allocate(length);
    }
    this.isWholeUsed = true;
    if (!this.isPlanned) this.planReview();
    return this.whole;
  }

  private planReview(): void {
    this.isPlanned = true;
    // a number where a test environment imitates a browser
    const timer: { unref?(): unknown } = setTimeout(() => this.review(), REVIEW_MS);
    timer.unref?.();
  }

  private review(): void {
    const needed = Math.max(this.peak, this.lastPeak, KEPT_CHUNKS);
    while (this.free.length > 0 && this.free.length + this.used > needed) release(this.free.pop()!);
    this.lastPeak = this.peak;
    this.peak = this.used;
    if (!this.isWholeUsed) {
      release(this.whole);
      this.whole = NO_BYTES;
    }
    this.isWholeUsed = false;
    this.isPlanned = false;
    if (needed > KEPT_CHUNKS || this.whole.length > 0) this.planReview();
  }
}

export const chunks = new ChunkPool();

/** An ArrayBuffer as Node 20 and later have it; the types of ES2023 do not. */
type ResizableBuffer = ArrayBuffer & { resize(length: number): void };

/** Memory that is given back to the system as soon as it is released. */
function allocate(length: number): Buffer {
  const memory = Reflect.construct(ArrayBuffer, [length, { maxByteLength: length }]) as ArrayBuffer;
  return Buffer.from(memory, 0, length);
}

function release({ buffer, length }: Buffer): void {
  if (length > 0) (buffer as ResizableBuffer).resize(0);
}
