import type { Duplex } from 'node:stream';
import { setImmediate } from '../../transport';

/** Beyond that nothing more is read: no client has a reason to send so much before its handshake is answered. */
const MAX_EARLY_BYTES = 64 * 1024;

const NO_BYTES = Buffer.alloc(0);

/** Watches a client while its upgrade is decided: notices when it leaves, and keeps what it sends. */
export class AwaitedClient {
  private early: Buffer = NO_BYTES;

  /** `left`: called when the client has ended its side, or is gone. */
  constructor(
    private readonly stream: Duplex,
    private readonly left: () => void,
  ) {
    stream.on('data', this.onData).on('end', this.onEnd).on('close', left);
  }

  /** Resolves when all that has reached this machine by now was read. */
  async look(): Promise<void> {
    // sockets are read between the two
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
  }

  /** Ends the watch. What the client has sent is in the result, or still to be read, by whoever listens next. */
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
