import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { readBuffer } from '../protocol';
import { DirectWriter, writeRequests, type WritableHandle, type WriteOwner } from './direct-write';
import { deliver, type TransportReceiver } from './transport-receiver';

/** The undocumented part of a `net.Socket`: the handle in which libuv keeps the connection. */
interface HandleOwner {
  _handle: (WritableHandle & { useUserBuffer?: (bytes: Uint8Array) => void }) | null;
}

/**
 * Plain TCP sockets without the streams around them. All sockets read into one buffer, where Node makes a
 * new one for each read: Node offers `onread` to sockets that it creates, and accepted sockets are set up in the same
 * way here. They write to their handle. Neither is documented; where it does not work, sockets are used as streams.
 */
export class RawSockets {
  private readonly requests = writeRequests();
  private readonly keys = onReadKeys();

  /** `PORTAL_STREAM_SOCKETS` in the environment turns raw sockets off. */
  constructor(private readonly enabled = process.env.PORTAL_STREAM_SOCKETS === undefined) {}

  /** Makes a socket read into the shared buffer. False where that is impossible; nothing has changed then. */
  adopt(stream: Duplex, receiver: TransportReceiver): stream is Socket {
    const { keys } = this;
    if (!this.enabled || keys === undefined || !canAdopt(stream)) return false;
    const socket = stream as unknown as Record<symbol, unknown>;
    socket[RECEIVER] = receiver;
    socket[keys.buffer] = readBuffer;
    socket[keys.callback] = onRead;
    (stream as unknown as HandleOwner)._handle!.useUserBuffer!(readBuffer);
    stream.resume();
    return true;
  }

  /** Makes a writer for an adopted socket that goes past its stream. Undefined where that is impossible. */
  writerFor(socket: Socket, owner: WriteOwner): DirectWriter | undefined {
    const handle = (socket as unknown as HandleOwner)._handle;
    if (this.requests === undefined || handle === null || !canWriteDirectly(handle)) return undefined;
    return new DirectWriter(handle, this.requests, owner);
  }
}

/** Finds the keys under which a socket with `onread` keeps its buffer and its callback. */
function onReadKeys(): { buffer: symbol; callback: symbol } | undefined {
  const buffer = Buffer.alloc(1);
  const callback = (): boolean => true;
  const socket = new Socket({ onread: { buffer, callback } } as ConstructorParameters<typeof Socket>[0]);
  const values = socket as unknown as Record<symbol, unknown>;
  const keyOf = (value: unknown): symbol | undefined =>
    Object.getOwnPropertySymbols(socket).find((key) => values[key] === value);
  const keys = { buffer: keyOf(buffer), callback: keyOf(callback) };
  socket.destroy();
  if (keys.buffer === undefined || keys.callback === undefined) return undefined;
  return { buffer: keys.buffer, callback: keys.callback };
}

const RECEIVER = Symbol('receiver');

interface ReadingSocket extends Socket {
  [RECEIVER]: TransportReceiver;
}

/** Node calls this function as a method of each socket. */
function onRead(this: ReadingSocket, count: number, bytes: Uint8Array): boolean {
  deliver(this[RECEIVER], bytes as Buffer, count);
  return true;
}

function canWriteDirectly(handle: Partial<WritableHandle>): boolean {
  const { writeBuffer, writev, writeQueueSize } = handle;
  return typeof writeBuffer === 'function' && typeof writev === 'function' && typeof writeQueueSize === 'number';
}

/** True for an accepted TCP or Unix socket that holds nothing, neither read nor written. */
function canAdopt(stream: Duplex): stream is Socket {
  if (Object.getPrototypeOf(stream) !== Socket.prototype || stream.destroyed) return false;
  if (stream.readableLength > 0 || stream.writableLength > 0) return false;
  return typeof (stream as unknown as HandleOwner)._handle?.useUserBuffer === 'function';
}
