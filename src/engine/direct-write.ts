import { Socket } from 'node:net';

/** The request object that a handle's write takes; libuv keeps it while the write is under way. */
interface WriteRequest {
  /** Called when a write that could not be done at once is done, or has failed with a negative status. */
  oncomplete: (status: number) => void;
  /** What must not be collected meanwhile. */
  held?: unknown;
}

/** What of a socket's handle is not documented. */
export interface WritableHandle {
  /** Zero, or a negative error number. */
  writeBuffer(request: object, bytes: Uint8Array): number;
  /** The same for several buffers; `true`: they are all buffers. */
  writev(request: object, chunks: readonly Uint8Array[], allBuffers: true): number;
  /** Bytes that libuv holds since the kernel did not take them. */
  readonly writeQueueSize: number;
}

/**
 * Writes to a TCP handle without the writable stream in front of it, which costs as much as all the rest of a short
 * answer. A write that the kernel takes whole, which is the rule, leaves nothing behind: no request, no callback, no tick.
 */
export class DirectWriter {
  private request: WriteRequest;

  constructor(
    private readonly handle: WritableHandle,
    private readonly Request: new () => object,
    private readonly onDone: (failed: boolean) => void,
  ) {
    this.request = this.newRequest();
  }

  /** Bytes that have not left. */
  get pending(): number {
    return this.handle.writeQueueSize;
  }

  /** True when the kernel has taken all of it. */
  write(bytes: Uint8Array): boolean {
    return this.finish(this.handle.writeBuffer(this.request, bytes), bytes);
  }

  writeAll(chunks: readonly Uint8Array[]): boolean {
    return this.finish(this.handle.writev(this.request, chunks, true), chunks);
  }

  private finish(error: number, held: unknown): boolean {
    if (error !== 0) {
      this.onDone(true);
      return true;
    }
    if (this.handle.writeQueueSize === 0) return true;
    // libuv holds the request, and through it the bytes
    this.request.held = held;
    this.request = this.newRequest();
    return false;
  }

  private newRequest(): WriteRequest {
    const request = new this.Request() as WriteRequest;
    request.oncomplete = (status) => this.onDone(status < 0);
    return request;
  }
}

/**
 * The class of write requests, which Node does not export: it is looked at when a socket hands one to a handle that is not
 * real. Undefined where that does not work, or where handles are not what they were.
 */
export function writeRequestClass(): (new () => object) | undefined {
  let found: (new () => object) | undefined;
  try {
    const handle = {
      writeBuffer(request: object) {
        found = request.constructor as new () => object;
        return 0;
      },
      readStop: () => 0,
      readStart: () => 0,
      close() {},
      getAsyncId: () => 0,
    };
    const options = { handle, manualStart: true };
    const socket = new Socket(options as ConstructorParameters<typeof Socket>[0]);
    socket.on('error', () => {});
    socket.write(Buffer.from('x'));
    socket.destroy();
  } catch {
    return undefined;
  }
  return found !== undefined && found.name === 'WriteWrap' ? found : undefined;
}
