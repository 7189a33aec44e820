import { Socket } from 'node:net';

/** The request object that a handle's write takes; libuv keeps it while a write is under way. */
interface WriteRequest {
  /** Called as a method when a write that could not be done at once is done, or has failed with a negative status. */
  oncomplete: (this: WriteRequest, status: number) => void;
  writer?: DirectWriter;
  /** What must not be collected meanwhile. */
  held?: unknown;
}

/** Whoever writes directly. */
export interface WriteOwner {
  /** A write that had to wait is done; or one has failed. */
  onWritten(failed: boolean): void;
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

function onComplete(this: WriteRequest, status: number): void {
  this.held = undefined;
  this.writer!.owner.onWritten(status < 0);
}

/**
 * Writes to a TCP handle without the writable stream in front of it, which costs as much as all the rest of a short
 * answer. A write that the kernel takes whole, which is the rule, leaves nothing behind: no callback, no tick.
 */
export class DirectWriter {
  constructor(
    private readonly handle: WritableHandle,
    private readonly Request: new () => object,
    readonly owner: WriteOwner,
  ) {}

  /** Bytes that have not left. */
  get pending(): number {
    return this.handle.writeQueueSize;
  }

  /** True when the kernel has taken all of it. */
  write(bytes: Uint8Array): boolean {
    const request = this.newRequest();
    return this.finish(request, this.handle.writeBuffer(request, bytes), bytes);
  }

  writeAll(chunks: readonly Uint8Array[]): boolean {
    const request = this.newRequest();
    return this.finish(request, this.handle.writev(request, chunks, true), chunks);
  }

  /**
   * Each write has a request of its own: nothing tells for certain whether libuv has kept it, and a request that is used
   * again while it is kept ends the process.
   */
  private newRequest(): WriteRequest {
    const request = new this.Request() as WriteRequest;
    request.oncomplete = onComplete;
    request.writer = this;
    return request;
  }

  private finish(request: WriteRequest, error: number, held: unknown): boolean {
    if (error !== 0) {
      this.owner.onWritten(true);
      return true;
    }
    if (this.handle.writeQueueSize === 0) return true;
    request.held = held;
    return false;
  }
}

/** The major versions of Node on which this was tried, with all tests. */
const TRIED = new Set(['20', '22', '24']);

/**
 * The class of write requests, which Node does not export: it is looked at when a socket hands one to a handle that is not
 * real. Undefined where that does not work, and on a Node on which it was not tried.
 */
export function writeRequestClass(): (new () => object) | undefined {
  if (!TRIED.has(process.versions.node.split('.')[0]!)) return undefined;
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
