/** Bytes that are gathered before they are written at once. */
const BATCH_BYTES = 64 * 1024;

/** Up to this length the views that are handed out are kept: making one costs as much as writing a short frame. */
const MAX_KEPT_VIEW = 1024;

/**
 * The memory in which frames for one connection are gathered until they are written. One serves a whole engine: it is
 * lent to one write queue at a time, for one read or one turn of the microtask queue.
 */
export class Batch {
  bytes: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
  used = 0;
  owner: object | undefined;
  private views: Buffer[] = [];

  /** What was gathered; the batch is empty after it. The bytes stay until the batch is used again. */
  take(): Buffer {
    const { used } = this;
    this.used = 0;
    if (used > MAX_KEPT_VIEW) return this.bytes.subarray(0, used);
    return (this.views[used] ??= this.bytes.subarray(0, used));
  }

  /** Somebody holds on to what was taken: the next bytes go elsewhere. */
  renew(): void {
    this.bytes = Buffer.allocUnsafeSlow(BATCH_BYTES);
    this.views = [];
  }
}
