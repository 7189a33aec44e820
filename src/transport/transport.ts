import { constants, type Http2Stream } from 'node:http2';
import { addAbortSignal, type Duplex } from 'node:stream';
import type { DirectWriter, WriteOwner } from './direct-write';
import { Fifo } from './fifo';
import type { Piece } from './pieces';
import type { RawSockets } from './raw-sockets';
import { setImmediate } from './turns';
import { deliver, type TransportReceiver } from './transport-receiver';

/** Bytes that a stream is given at once. The stream reports when all of them have left, not when some have. */
const PART_BYTES = 256 * 1024;

/**
 * Carries the bytes of one connection over any duplex stream of Node: a TCP or TLS socket, an HTTP/2 stream, a pair in
 * memory. The stream's own buffer never has more than one write, so the caller can count, order and drop what waits.
 */
export class Transport implements WriteOwner {
  private receiver: TransportReceiver | undefined;
  private direct: DirectWriter | undefined;
  private closed = false;
  /** The callback of writes through the stream; undefined for direct writes. */
  private written: (() => void) | undefined;
  /** The rest of a large write, which the stream was not given yet. */
  private rest: Fifo<Uint8Array> | undefined;
  private restBytes = 0;

  constructor(
    private readonly stream: Duplex,
    private readonly rawSockets: RawSockets,
  ) {}

  /** True where nearly every write is held until a later turn, as over TLS and HTTP/2. */
  get holds(): boolean {
    return this.direct === undefined;
  }

  /** Written bytes that have not left yet. */
  get pending(): number {
    // a destroyed stream keeps its length until the next tick
    if (this.closed) return 0;
    return this.direct === undefined ? this.stream.writableLength + this.restBytes : this.direct.pending;
  }

  /** True once the stream is destroyed or closed. */
  get gone(): boolean {
    return this.closed;
  }

  start(receiver: TransportReceiver): void {
    this.receiver = receiver;
    const { stream } = this;
    if (this.rawSockets.adopt(stream, receiver)) this.direct = this.rawSockets.writerFor(stream, this);
    else stream.on('data', (bytes: Buffer) => deliver(receiver, bytes, bytes.length));
    if (this.direct === undefined) this.written = () => this.onWritten(false);
    (stream as CarryingStream)[CARRIED] = this;
    dropIdleListener(stream);
    stream.on('end', onEnd);
    stream.on('close', onClose);
  }

  /** True when the bytes have left and their memory may be used again. */
  write(bytes: Uint8Array): boolean {
    if (this.direct !== undefined) return this.closed || this.direct.write(bytes);
    if (bytes.length > PART_BYTES || this.restBytes > 0) return this.writeParts([bytes]);
    this.stream.write(bytes, this.written);
    return this.stream.writableLength === 0;
  }

  /** The same for a piece. Only transports that do not hold writes are given copied frames. */
  writePiece(piece: Piece): boolean {
    return piece instanceof Uint8Array ? this.write(piece) : this.writeAll([piece]);
  }

  /** The same for pieces, whose list is the transport's from now on. */
  writeAll(pieces: Piece[]): boolean {
    if (this.direct !== undefined) return this.direct.writeAll(pieces);
    return this.writeParts(pieces as Uint8Array[]);
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** Sends what is written, then ends the stream. */
  end(): void {
    const { stream } = this;
    this.give(Infinity);
    if (!this.closed) this.direct?.giveRest();
    if (isHttp2(stream)) stream.end(() => void setImmediate(closeEnded, stream));
    else stream.end();
  }

  destroy(): void {
    // no handle takes a write once it is being closed
    this.closed = true;
    this.dropRest();
    if (isHttp2(this.stream)) addAbortSignal(ABORTED, this.stream);
    else this.stream.destroy();
  }

  onWritten(failed: boolean): void {
    if (failed) this.destroy();
    else if (this.restBytes > 0 && this.stream.writableLength === 0) this.give(PART_BYTES);
    else if (this.pending === 0) this.tell('onFlushed');
  }

  /** @internal */
  onEnd(): void {
    this.tell('onEnd');
  }

  /** @internal */
  onClose(): void {
    this.closed = true;
    this.dropRest();
    this.tell('onClosed');
  }

  private writeParts(chunks: readonly Uint8Array[]): boolean {
    const rest = (this.rest ??= new Fifo());
    const isIdle = this.restBytes === 0;
    for (const chunk of chunks) {
      if (chunk.length <= PART_BYTES) rest.push(chunk);
      else for (let at = 0; at < chunk.length; at += PART_BYTES) rest.push(chunk.subarray(at, at + PART_BYTES));
      this.restBytes += chunk.length;
    }
    if (isIdle) this.give(PART_BYTES);
    return this.pending === 0;
  }

  /** Gives the stream at least so many bytes of the rest, if there are as many. */
  private give(bytes: number): void {
    const { rest, stream } = this;
    if (rest === undefined || this.restBytes === 0) return;
    stream.cork();
    for (let given = 0; given < bytes && rest.length > 0;) {
      const part = rest.shift()!;
      given += part.length;
      this.restBytes -= part.length;
      stream.write(part, this.written);
    }
    stream.uncork();
  }

  private dropRest(): void {
    this.direct?.close();
    this.rest = undefined;
    this.restBytes = 0;
  }

  private tell(what: 'onFlushed' | 'onEnd' | 'onClosed'): void {
    try {
      this.receiver?.[what]();
    } catch (error) {
      this.receiver!.onFault(error);
    }
  }
}

/**
 * Closes an HTTP/2 stream once END_STREAM is sent (RFC 9113 8.1). Some clients, such as undici, leave their side open.
 */
export function closeEnded(stream: Http2Stream): void {
  if (!stream.destroyed && stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
}

/**
 * RFC 8441 section 5: RST_STREAM with CANCEL stands for a TCP reset. Node sends it for a stream that an AbortSignal
 * ends.
 */
const ABORTED = AbortSignal.abort();

function isHttp2(stream: Duplex): stream is Http2Stream {
  return 'rstCode' in stream;
}

/**
 * Removes Node's own listener of `end`, which does nothing on sockets of an HTTP server: two listeners take an array.
 */
function dropIdleListener(stream: Duplex): void {
  if (!stream.allowHalfOpen) return;
  const listener = stream.listeners('end').find(({ name }) => name === 'onReadableStreamEnd');
  if (listener !== undefined) stream.off('end', listener as () => void);
}

/** The Transport of a stream. With it all streams share two listeners, which saves memory. */
const CARRIED = Symbol('carried');

interface CarryingStream extends Duplex {
  [CARRIED]: Transport;
}

function onEnd(this: CarryingStream): void {
  this[CARRIED].onEnd();
}

function onClose(this: CarryingStream): void {
  this[CARRIED].onClose();
}
