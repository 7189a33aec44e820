import type { Duplex } from 'node:stream';
import type { ReadBuffer } from './read-buffer';

/** What a transport tells the session that it carries. */
export interface TransportReceiver {
  /** Bytes of the peer, up to `length`. They are valid during the call only; the receiver may overwrite them. */
  onBytes(bytes: Buffer, length: number): void;
  /** All that was written has left. */
  onFlushed(): void;
  /** The peer will send no more. */
  onEnd(): void;
  /** Nothing more will happen. Called once. */
  onClosed(): void;
}

/**
 * A session's way to its peer over any duplex stream of Node: a TCP or TLS socket, a pair in memory. It keeps the
 * stream's own buffer down to one write at a time, so that what waits is the session's to count, order and drop.
 */
export class Transport {
  private stream: Duplex;
  private receiver: TransportReceiver | undefined;
  private readonly written = (): void => {
    if (this.stream.writableLength === 0) this.receiver?.onFlushed();
  };

  constructor(
    stream: Duplex,
    private readonly readBuffer: ReadBuffer,
  ) {
    this.stream = stream;
  }

  /** Bytes written that have not left yet. */
  get pending(): number {
    return this.stream.writableLength;
  }

  start(receiver: TransportReceiver): void {
    this.receiver = receiver;
    const adopted = this.readBuffer.adopt(this.stream, receiver);
    if (adopted === undefined) this.stream.on('data', (bytes: Buffer) => receiver.onBytes(bytes, bytes.length));
    else this.stream = adopted;
    this.stream.on('end', () => receiver.onEnd());
    this.stream.on('close', () => receiver.onClosed());
  }

  /** True when the bytes have left and their memory may be used again. */
  write(bytes: Uint8Array): boolean {
    this.stream.write(bytes, this.written);
    return this.stream.writableLength === 0;
  }

  writeAll(chunks: readonly Uint8Array[]): boolean {
    this.stream.cork();
    for (const chunk of chunks) this.stream.write(chunk, this.written);
    this.stream.uncork();
    return this.stream.writableLength === 0;
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** Sends what is written, then says that no more will come. */
  end(): void {
    this.stream.end();
  }

  destroy(): void {
    this.stream.destroy();
  }
}
