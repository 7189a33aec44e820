import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TransportReceiver } from './transport';

/** As much as libuv reads at once. */
const READ_BYTES = 64 * 1024;

/** What of a `net.Socket` is not documented: the handle in which libuv keeps the connection. */
interface HandleOwner {
  _handle: { useUserBuffer?: unknown } | null;
}

/**
 * One buffer into which all plain TCP sockets of an engine read, in place of a fresh one for each read and the passage
 * through a readable stream. Node offers that to sockets it creates (`onread`); an accepted one is re-created around its
 * handle, which is not documented. Where that does not work, sockets are read as streams.
 */
export class ReadBuffer {
  private readonly bytes = Buffer.allocUnsafeSlow(READ_BYTES);

  constructor(private readonly enabled = true) {}

  /** A socket in place of the given one that reads into this buffer; undefined where that cannot be. */
  adopt(stream: Duplex, receiver: TransportReceiver): Socket | undefined {
    if (!this.enabled || !canAdopt(stream)) return undefined;
    const { bytes } = this;
    const owner = stream as unknown as HandleOwner;
    const handle = owner._handle;
    const callback = (count: number): boolean => {
      receiver.onBytes(bytes, count);
      return true;
    };
    // `handle` is an option of the constructor that the types do not know
    const options = { handle, allowHalfOpen: true, onread: { buffer: bytes, callback } };
    const socket = new Socket(options as ConstructorParameters<typeof Socket>[0]);
    if ((socket as unknown as HandleOwner)._handle !== handle) return undefined;
    socket.on('error', () => {});
    owner._handle = null;
    // the old socket has nothing left but its place in the server's count
    stream.destroy();
    return socket;
  }
}

/** A TCP or Unix socket as accepted, with nothing read that was not handed over, or written that has not left. */
function canAdopt(stream: Duplex): stream is Socket {
  if (Object.getPrototypeOf(stream) !== Socket.prototype || stream.destroyed) return false;
  if (stream.readableLength > 0 || stream.writableLength > 0) return false;
  return typeof (stream as unknown as HandleOwner)._handle?.useUserBuffer === 'function';
}
