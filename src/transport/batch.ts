/** Bytes that one batch holds. */
const BATCH_BYTES = 64 * 1024;

/** Longest view that is kept for reuse. Making a view costs as much as writing a short frame. */
const MAX_KEPT_VIEW = 1024;

/**
 * The memory in which frames of one connection are gathered until they are written. All connections of an engine share
 * one batch: each write queue has it for one read, or one turn of the microtask queue.
 */
export class Batch {
  bytes: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
  used = 0;
  owner: object | undefined;
  private views: Buffer[] = [];

  /** Empties the batch and returns its bytes. They stay valid until the batch is used again. */
  take(): Buffer {
    const { used } = this;
    this.used = 0;
    if (used > MAX_KEPT_VIEW) return this.bytes.subarray(0, used);
    return (this.views[used] ??= this.bytes.subarray(0, used));
  }

  /** Takes new memory, since the transport still holds the bytes that were taken. */
  renew(): void {
    this.bytes = Buffer.allocUnsafeSlow(BATCH_BYTES);
    this.views = [];
  }
}
