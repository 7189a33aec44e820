import { Duplex } from 'node:stream';
import { setImmediate } from '../transport';

/** One end of a pair of streams in memory. Bytes written to one end are read from the other, with backpressure. */
export class MemorySocket extends Duplex {
  /** The address of the peer, for the engine. */
  readonly remoteAddress = '127.0.0.1';
  private peer: MemorySocket | undefined;
  /** Ends the peer's write, once its bytes are read. */
  private onRead: (() => void) | undefined;

  static pair(): [MemorySocket, MemorySocket] {
    const [a, b] = [new MemorySocket(), new MemorySocket()];
    a.peer = b;
    b.peer = a;
    return [a, b];
  }

  override _read(): void {
    const callback = this.onRead;
    this.onRead = undefined;
    callback?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const { peer } = this;
    if (peer === undefined || peer.destroyed) {
      callback();
      return;
    }
    // copied, since the writer may use its memory again
    if (peer.push(Buffer.from(chunk))) callback();
    else peer.onRead = callback;
  }

  override _final(callback: () => void): void {
    this.peer?.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const { peer } = this;
    this.peer = undefined;
    // as after a reset of a network connection, the other end is gone too
    setImmediate(() => peer?.destroy());
    this._read();
    callback(error);
  }
}
