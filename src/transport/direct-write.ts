import { Socket } from 'node:net';
import { Fifo } from './fifo';
import { FilledChunks } from './filled-chunks';
import { LargePayload } from './large-payload';
import type { Piece } from './pieces';

/** The request object that a write on a handle takes. libuv keeps it while the write is under way. */
export interface WriteRequest {
  /** Negative while libuv does not keep it. */
  getAsyncId(): number;
  /** Called as a method when a write that had to wait is done, or has failed (negative status). */
  oncomplete?: (this: WriteRequest, status: number) => void;
  /** The status of a write that was done before its handle returned the request; `null` otherwise. */
  writeStatus?: number | null;
  writer?: DirectWriter;
  /** Memory that must not be collected during the write. */
  held?: unknown;
}

/** Hears of the writes of a DirectWriter. */
export interface WriteOwner {
  /** A write that had to wait is done, or a write has failed. */
  onWritten(failed: boolean): void;
}

/** The undocumented methods of a socket's handle. */
export interface WritableHandle {
  /**
   * Returns zero or a negative error number. A handle that takes `null` for the request makes one where the write has to
   * wait, and returns that.
   */
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): number | WriteRequest;
  /** Writes several buffers. `true` says that the chunks are buffers, not strings. */
  writev(request: WriteRequest | null, chunks: readonly Uint8Array[], allBuffers: true): number | WriteRequest;
  /** Bytes that libuv holds because the kernel did not take them. */
  readonly writeQueueSize: number;
}

function onComplete(this: WriteRequest, status: number): void {
  const { held } = this;
  this.held = undefined;
  this.writer!.onComplete(held, status < 0);
}

/** The request objects of the writes on all sockets. */
export interface WriteRequests {
  /** The request for the next write. */
  get(): WriteRequest | null;
  /** The request of the last write, if libuv keeps it; `undefined` too where its handle returns it. */
  taken(): WriteRequest | undefined;
}

/** For handles that make requests themselves, from Node 24.22 on. */
const MADE_BY_HANDLES: WriteRequests = { get: () => null, taken: () => undefined };

/**
 * The request object for the next write on any socket. Nearly every write is done at once and leaves its request
 * untouched, so the next write uses it again; a new object for each write cost 4 % of a short echo.
 */
export class SpareRequest implements WriteRequests {
  private spare: WriteRequest;

  constructor(private readonly Request: new () => WriteRequest) {
    this.spare = new Request();
  }

  get(): WriteRequest {
    return this.spare;
  }

  /**
   * Returns the request if libuv keeps it, and makes another for the next write. A request that is reused while libuv
   * keeps it ends the process.
   */
  taken(): WriteRequest | undefined {
    const { spare } = this;
    if (spare.getAsyncId() < 0) return undefined;
    this.spare = new this.Request();
    return spare;
  }
}

/**
 * Writes to a TCP handle without the writable stream in front of it, which costs as much as the rest of a short answer.
 * A write that the kernel takes whole, as nearly every write is, makes no callback and no tick.
 */
export class DirectWriter {
  private failed = false;
  /** Copies that the handle was not given yet. Made with the first of them. */
  private rest: Fifo<FilledChunks> | undefined;
  private restBytes = 0;

  constructor(
    private readonly handle: WritableHandle,
    private readonly requests: WriteRequests,
    private readonly owner: WriteOwner,
  ) {}

  /** Bytes that have not left. */
  get pending(): number {
    return this.handle.writeQueueSize + this.restBytes;
  }

  /** True when the kernel has taken all of it. */
  write(bytes: Uint8Array): boolean {
    if (this.restBytes > 0) this.giveRest();
    return this.finish(this.handle.writeBuffer(this.requests.get(), bytes), bytes);
  }

  /** The same for pieces, whose list is the writer's from now on. */
  writeAll(pieces: Piece[]): boolean {
    if (this.restBytes > 0) this.giveRest();
    if (pieces.some(isLargePayload)) return this.writeCopies(pieces);
    const chunks = pieces as Uint8Array[];
    const isWritten = this.finish(this.handle.writev(this.requests.get(), chunks, true), chunks);
    if (isWritten) forget(chunks);
    return isWritten;
  }

  /** Gives the handle all that waits, whatever it has to hold. */
  giveRest(): void {
    while (this.restBytes > 0) this.giveNext();
  }

  /** @internal */
  onComplete(held: unknown, failed: boolean): void {
    if (Array.isArray(held)) forget(held);
    else if (held instanceof FilledChunks) held.release();
    if (failed) this.fail();
    else while (this.restBytes > 0 && this.giveNext());
    this.owner.onWritten(failed);
  }

  /** Copies the pieces to chunks. Those that the kernel takes are filled again, and the others wait. */
  private writeCopies(pieces: Piece[]): boolean {
    let isWritten = true;
    let filled = new FilledChunks();
    for (const piece of pieces) {
      const payload = piece instanceof LargePayload ? piece : new LargePayload(piece);
      while (!payload.isCopied) {
        filled.fill(payload);
        if (!filled.isFull) continue;
        isWritten = this.giveOrKeep(filled, isWritten);
        filled = new FilledChunks();
      }
    }
    if (filled.bytes > 0) isWritten = this.giveOrKeep(filled, isWritten);
    forget(pieces);
    return isWritten;
  }

  /** Gives copies to the handle, unless it has not written those before. True when these are written. */
  private giveOrKeep(filled: FilledChunks, isIdle: boolean): boolean {
    if (isIdle) return this.give(filled);
    (this.rest ??= new Fifo()).push(filled);
    this.restBytes += filled.bytes;
    return false;
  }

  private giveNext(): boolean {
    const filled = this.rest!.shift()!;
    this.restBytes -= filled.bytes;
    return this.give(filled);
  }

  /** After a failure nothing more is given: the handle is being closed. */
  private give(filled: FilledChunks): boolean {
    const isWritten = this.failed || this.finish(this.handle.writev(this.requests.get(), filled.parts, true), filled);
    if (isWritten) filled.release();
    return isWritten;
  }

  private finish(result: number | WriteRequest, held: unknown): boolean {
    const request = typeof result === 'number' ? this.requests.taken() : result;
    const status = request?.writeStatus ?? undefined;
    if (request !== undefined && status === undefined) {
      request.oncomplete = onComplete;
      request.writer = this;
      request.held = held;
      return false;
    }
    if ((status ?? result) !== 0) {
      this.fail();
      this.owner.onWritten(true);
    }
    return true;
  }

  private fail(): void {
    this.failed = true;
    this.giveRest();
  }
}

function isLargePayload(piece: Piece): boolean {
  return piece instanceof LargePayload;
}

/**
 * Empties a list of what was written. A list that has lived long would keep it from the collection of young objects,
 * even when nothing refers to the list any more.
 */
function forget(list: unknown[]): void {
  list.fill(undefined);
}

/** The major versions of Node on which all tests pass with direct writes. */
const TRIED = new Set(['20', '22', '24']);

/**
 * Finds the requests that handles take, whose class Node does not export, by writing to a socket with a fake handle.
 * Undefined where that fails, and on a Node that is not in `TRIED`.
 */
export function writeRequests(): WriteRequests | undefined {
  if (!TRIED.has(process.versions.node.split('.')[0]!)) return undefined;
  let found: WriteRequest | null | undefined;
  try {
    const handle = {
      writeBuffer(request: WriteRequest | null) {
        found = request;
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
  if (found === null) return MADE_BY_HANDLES;
  const Request = found?.constructor as (new () => WriteRequest) | undefined;
  return Request?.name === 'WriteWrap' && knowsWhetherKept(Request) ? new SpareRequest(Request) : undefined;
}

function knowsWhetherKept(Request: new () => Partial<WriteRequest>): boolean {
  return new Request().getAsyncId?.() === -1;
}
