import type { Duplex } from 'node:stream';

/** What a transport tells the session that it carries. */
export interface TransportReceiver {
  /** Bytes of the peer, which the receiver may overwrite. */
  onBytes(bytes: Buffer): void;
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
  private readonly written = (): void => {
    if (this.stream.writableLength === 0) this.receiver?.onFlushed();
  };
  private receiver: TransportReceiver | undefined;

  constructor(private readonly stream: Duplex) {}

  /** Bytes written that have not left yet. */
  get pending(): number {
    return this.stream.writableLength;
  }

  start(receiver: TransportReceiver): void {
    this.receiver = receiver;
    this.stream.on('data', (bytes: Buffer) => receiver.onBytes(bytes));
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
