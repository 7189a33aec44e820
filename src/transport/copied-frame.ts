import { frameHeader, MAX_SERVER_HEADER } from '../protocol';
import { FilledChunks } from './filled-chunks';

/**
 * A frame with a large payload for one connection alone, copied or encoded into chunks of the pool. So nothing of ours
 * refers to the message while the peer is slow to read: what lives through two collections of young objects stays until
 * a full one.
 */
export class CopiedFrame {
  readonly batches: readonly FilledChunks[];
  /** Bytes of header and payload. */
  readonly length: number;

  /** `first`: the first byte of the frame. */
  constructor(first: number, payload: Uint8Array | string) {
    const batches = [new FilledChunks(MAX_SERVER_HEADER)];
    for (let at = 0; at < payload.length;) {
      const last = batches[batches.length - 1]!;
      const taken = typeof payload === 'string' ? last.encode(payload, at) : last.copy(payload, at);
      if (taken === 0) batches.push(new FilledChunks());
      at += taken;
    }
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0);
    const header = frameHeader(first, bytes);
    batches[0]!.prepend(header);
    this.batches = batches;
    this.length = header.length + bytes;
  }

  /** Gives the memory back. */
  release(): void {
    for (const batch of this.batches) batch.release();
  }
}
