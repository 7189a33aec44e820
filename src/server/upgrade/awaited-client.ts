import type { Duplex } from 'node:stream';
import { setImmediate } from '../../transport';

/** Reading stops beyond this: no client has a reason to send more before its handshake is answered. */
const MAX_EARLY_BYTES = 64 * 1024;

const NO_BYTES = Buffer.alloc(0);

/** Watches a client while its upgrade is undecided: notices when the client leaves, and keeps the bytes that it sends. */
export class AwaitedClient {
  private early: Buffer = NO_BYTES;

  /** Calls `left` when the client has ended its side or is gone. */
  constructor(
    private readonly stream: Duplex,
    private readonly left: () => void,
  ) {
    stream.on('data', this.onData).on('end', this.onEnd).on('close', left);
  }

  /** Resolves when all bytes that have reached this machine by now are read. */
  async look(): Promise<void> {
    // sockets are read between two turns
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
  }

  /** Ends the watch. Returns the bytes that were read; the rest is left to the next listener. */
  release(): Buffer {
    const { stream } = this;
    stream.off('data', this.onData).off('end', this.onEnd).off('close', this.left);
    if (stream.isPaused()) stream.resume();
    return this.early;
  }

  private readonly onData = (bytes: Buffer): void => {
    this.early = this.early.length === 0 ? bytes : Buffer.concat([this.early, bytes]);
    if (this.early.length >= MAX_EARLY_BYTES) this.stream.pause();
  };

  private readonly onEnd = (): void => {
    this.stream.destroy();
    this.left();
  };
}
