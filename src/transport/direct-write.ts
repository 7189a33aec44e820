import { Socket } from 'node:net';

/** The request object that a handle's write takes; libuv keeps it while a write is under way. */
export interface WriteRequest {
  /** Negative while libuv does not keep it. */
  getAsyncId(): number;
  /** Called as a method when a write that could not be done at once is done, or has failed with a negative status. */
  oncomplete?: (this: WriteRequest, status: number) => void;
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
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  /** The same for several buffers; `true`: they are all buffers. */
  writev(request: WriteRequest, chunks: readonly Uint8Array[], allBuffers: true): number;
  /** Bytes that libuv holds since the kernel did not take them. */
  readonly writeQueueSize: number;
}

function onComplete(this: WriteRequest, status: number): void {
  this.held = undefined;
  this.writer!.owner.onWritten(status < 0);
}

/**
 * A request for the next write, whoever writes. Nearly every write is done at once and leaves its request untouched, so
 * that it serves the next one too; making one for each write cost 4 % of a short echo.
 */
export class SpareRequest {
  private spare: WriteRequest;

  constructor(private readonly Request: new () => WriteRequest) {
    this.spare = new Request();
  }

  get(): WriteRequest {
    return this.spare;
  }

  /** Whether libuv keeps it, in which case the next write gets another: one that is used again while kept ends the process. */
  taken(): WriteRequest | undefined {
    const { spare } = this;
    if (spare.getAsyncId() < 0) return undefined;
    this.spare = new this.Request();
    return spare;
  }
}

/**
 * Writes to a TCP handle without the writable stream in front of it, which costs as much as all the rest of a short
 * answer. A write that the kernel takes whole, which is the rule, leaves nothing behind: no callback, no tick.
 */
export class DirectWriter {
  constructor(
    private readonly handle: WritableHandle,
    private readonly requests: SpareRequest,
    readonly owner: WriteOwner,
  ) {}

  /** Bytes that have not left. */
  get pending(): number {
    return this.handle.writeQueueSize;
  }

  /** True when the kernel has taken all of it. */
  write(bytes: Uint8Array): boolean {
    return this.finish(this.handle.writeBuffer(this.requests.get(), bytes), bytes);
  }

  writeAll(chunks: readonly Uint8Array[]): boolean {
    return this.finish(this.handle.writev(this.requests.get(), chunks, true), chunks);
  }

  private finish(error: number, held: unknown): boolean {
    const request = this.requests.taken();
    if (request !== undefined) {
      request.oncomplete = onComplete;
      request.writer = this;
      request.held = held;
      return false;
    }
    if (error !== 0) this.owner.onWritten(true);
    return true;
  }
}

/** The major versions of Node on which this was tried, with all tests. */
const TRIED = new Set(['20', '22', '24']);

/**
 * The class of write requests, which Node does not export: it is looked at when a socket hands one to a handle that is not
 * real. Undefined where that does not work, and on a Node on which it was not tried.
 */
export function writeRequestClass(): (new () => WriteRequest) | undefined {
  if (!TRIED.has(process.versions.node.split('.')[0]!)) return undefined;
  let found: (new () => WriteRequest) | undefined;
  try {
    const handle = {
      writeBuffer(request: object) {
        found = request.constructor as new () => WriteRequest;
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
  return found?.name === 'WriteWrap' && knowsWhetherKept(found) ? found : undefined;
}

function knowsWhetherKept(Request: new () => Partial<WriteRequest>): boolean {
  return new Request().getAsyncId?.() === -1;
}
