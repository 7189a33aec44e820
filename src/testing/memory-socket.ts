import { Duplex } from 'node:stream';
import { setImmediate } from '../transport';

/** One end of a pair of streams in memory: what is written to one is read from the other, no faster than it is read. */
export class MemorySocket extends Duplex {
  /** What the engine takes for the address of the peer. */
  readonly remoteAddress = '127.0.0.1';
  private peer: MemorySocket | undefined;
  /** The peer's write that waits until what it brought is read. */
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
    // a copy: the writer may use its memory again
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
    // as when a network connection is reset: the other end is gone too
    setImmediate(() => peer?.destroy());
    this._read();
    callback(error);
  }
}
