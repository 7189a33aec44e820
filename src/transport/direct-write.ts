import { Socket } from 'node:net';
import { Fifo } from './fifo';
import { CopiedFrame } from './copied-frame';
import { FilledChunks } from './filled-chunks';
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
  private closed = false;
  /** Batches that the handle has not been given. Made with the first of them. */
  private rest: Fifo<Batch> | undefined;
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
    if (!pieces.some(isCopied)) return this.give(pieces as Uint8Array[]);
    let isWritten = true;
    for (const batch of batchesOf(pieces)) isWritten = isWritten ? this.give(batch) : this.keep(batch);
    return isWritten;
  }

  /** Gives the handle all that waits, whatever it has to hold. */
  giveRest(): void {
    while (this.restBytes > 0) this.giveNext();
  }

  /** The handle is being closed and takes nothing more: forgets all that waits, and all that is still written. */
  close(): void {
    this.closed = true;
    this.giveRest();
  }

  /** @internal */
  onComplete(held: unknown, failed: boolean): void {
    finishWith(held);
    if (failed) this.close();
    else while (this.restBytes > 0 && this.giveNext());
    this.owner.onWritten(this.closed);
  }

  private give(batch: Batch): boolean {
    const isWritten = this.closed || this.finish(this.handle.writev(this.requests.get(), partsOf(batch), true), batch);
    if (isWritten) finishWith(batch);
    return isWritten;
  }

  private keep(batch: Batch): false {
    (this.rest ??= new Fifo()).push(batch);
    this.restBytes += bytesOf(batch);
    return false;
  }

  private giveNext(): boolean {
    const batch = this.rest!.shift()!;
    this.restBytes -= bytesOf(batch);
    return this.give(batch);
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
      this.close();
      this.owner.onWritten(true);
    }
    return true;
  }
}

/** Bytes that are written in one system call. */
type Batch = FilledChunks | Uint8Array[];

/** The pieces in the order in which they are written: each copied frame by itself. */
function batchesOf(pieces: readonly Piece[]): Batch[] {
  const batches: Batch[] = [];
  for (const piece of pieces) {
    const last = batches[batches.length - 1];
    if (piece instanceof CopiedFrame) batches.push(...piece.batches);
    else if (Array.isArray(last)) last.push(piece);
    else batches.push([piece]);
  }
  return batches;
}

function isCopied(piece: Piece): boolean {
  return piece instanceof CopiedFrame;
}

function partsOf(batch: Batch): Uint8Array[] {
  return Array.isArray(batch) ? batch : batch.parts;
}

function bytesOf(batch: Batch): number {
  return Array.isArray(batch) ? batch.reduce((sum, { length }) => sum + length, 0) : batch.bytes;
}

/**
 * Lets go of what was written. A list that has lived long would keep its pieces from the collection of young objects,
 * even when nothing refers to the list any more.
 */
function finishWith(written: unknown): void {
  if (Array.isArray(written)) written.fill(undefined);
  else if (written instanceof FilledChunks) written.release();
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
