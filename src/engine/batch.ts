/** Bytes that are gathered before they are written at once. */
const BATCH_BYTES = 64 * 1024;

/**
 * The memory in which frames for one connection are gathered until they are written. One serves a whole engine: it is
 * lent to one write queue at a time, for one read or one turn of the microtask queue.
 */
export class Batch {
  bytes = Buffer.allocUnsafeSlow(BATCH_BYTES);
  used = 0;
  owner: object | undefined;

  /** What was gathered; the batch is empty after it. `keep`: somebody holds on to it, so the memory is replaced. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.used);
    this.used = 0;
    return taken;
  }

  renew(): void {
    this.bytes = Buffer.allocUnsafeSlow(BATCH_BYTES);
  }
}
