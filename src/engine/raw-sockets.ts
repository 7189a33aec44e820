import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DirectWriter, writeRequestClass, type WritableHandle, type WriteOwner } from './direct-write';
import type { TransportReceiver } from './transport';

/** As much as libuv reads at once. */
const READ_BYTES = 64 * 1024;

/** What of a `net.Socket` is not documented: the handle in which libuv keeps the connection. */
interface HandleOwner {
  _handle: (WritableHandle & { useUserBuffer?: unknown }) | null;
}

/**
 * Plain TCP sockets without the streams around them. All of one engine read into one buffer, in place of a fresh one for
 * each read: Node offers that to sockets it creates (`onread`), so an accepted one is re-created around its handle. And
 * they write to that handle. Neither is documented; where it does not work, sockets are used as streams.
 */
export class RawSockets {
  private readonly Request = writeRequestClass();
  private readonly bytes = Buffer.allocUnsafeSlow(READ_BYTES);

  /** `PORTAL_STREAM_SOCKETS` in the environment turns this off, should some Node ever need it. */
  constructor(private readonly enabled = process.env.PORTAL_STREAM_SOCKETS === undefined) {}

  /** A socket in place of the given one that reads into this buffer; undefined where that cannot be. */
  adopt(stream: Duplex, receiver: TransportReceiver): Socket | undefined {
    if (!this.enabled || !canAdopt(stream)) return undefined;
    const { bytes } = this;
    const owner = stream as unknown as HandleOwner;
    const handle = owner._handle;
    // `handle` is an option of the constructor that the types do not know
    const options = { handle, allowHalfOpen: true, onread: { buffer: bytes, callback: onRead } };
    const socket = new Socket(options as ConstructorParameters<typeof Socket>[0]) as ReadingSocket;
    socket[RECEIVER] = receiver;
    if ((socket as unknown as HandleOwner)._handle !== handle) return undefined;
    socket.on('error', ignore);
    owner._handle = null;
    // the old socket has nothing left but its place in the server's count
    stream.destroy();
    return socket;
  }

  /** Writes to an adopted socket past its stream. Undefined where that cannot be. */
  writerFor(socket: Socket, owner: WriteOwner): DirectWriter | undefined {
    const handle = (socket as unknown as HandleOwner)._handle;
    if (this.Request === undefined || handle === null || !canWriteDirectly(handle)) return undefined;
    return new DirectWriter(handle, this.Request, owner);
  }
}

const RECEIVER = Symbol('receiver');

interface ReadingSocket extends Socket {
  [RECEIVER]: TransportReceiver;
}

/** Node calls it as a method of the socket; one function serves them all. */
function onRead(this: ReadingSocket, count: number, bytes: Uint8Array): boolean {
  this[RECEIVER].onBytes(bytes as Buffer, count);
  return true;
}

/** A broken connection is told by its 'close' event. */
function ignore(): void {}

function canWriteDirectly(handle: Partial<WritableHandle>): boolean {
  const { writeBuffer, writev, writeQueueSize } = handle;
  return typeof writeBuffer === 'function' && typeof writev === 'function' && typeof writeQueueSize === 'number';
}

/** A TCP or Unix socket as accepted, with nothing read that was not handed over, or written that has not left. */
function canAdopt(stream: Duplex): stream is Socket {
  if (Object.getPrototypeOf(stream) !== Socket.prototype || stream.destroyed) return false;
  if (stream.readableLength > 0 || stream.writableLength > 0) return false;
  return typeof (stream as unknown as HandleOwner)._handle?.useUserBuffer === 'function';
}
