import type { Deadlines } from '../messages';
import { setImmediate } from './turns';

/**
 * Milliseconds after which a peer that has taken nothing of what it was offered counts as not reading. Two lost packets
 * in a row take less.
 */
export const STALL_MS = 1000;

/** Large messages that may wait at once, whatever their size. */
const MOST_LARGE = 2;

/** Limits of what waits for one peer, and the policy for a peer that does not read. */
export interface WriteLimits {
  readonly highWaterMarkBytes: number;
  readonly maxBufferedBytes: number;
  readonly slowConsumer: 'close' | 'drop';
}

/** True for a message that takes more than half of what may wait. */
export function isLarge(size: number, { maxBufferedBytes }: Pick<WriteLimits, 'maxBufferedBytes'>): boolean {
  return size * 2 > maxBufferedBytes;
}

/** Bytes that wait for one peer. */
export interface Backlog {
  /** Bytes that the transport was given, and holds. */
  readonly leavingBytes: number;
  /** Bytes that the transport was not given yet. */
  readonly waitingBytes: number;
  /** Bytes behind a message of ours that is still being made. */
  readonly heldBytes: number;
  /** Writes what waits, unless the transport is busy. */
  flush(): void;
}

/**
 * Decides whether one more message may wait for one peer, and who is told when there is room again. Only bytes that the
 * peer leaves lying count against `maxBufferedBytes`. Bytes that we were quick to send do not: two large messages,
 * fragments of one message (they are sent as the peer reads), and what waits behind those, unless the peer has stopped
 * reading. So two messages of any size may always be sent at once.
 */
export class Backpressure {
  /** Waiting bytes, and leaving bytes, that do not count. */
  private freeWaiting = 0;
  private freeLeaving = 0;
  /** Large messages that do not count. */
  private largeWaiting = 0;
  private largeLeaving = 0;
  /** Bytes that the peer has left lying for `STALL_MS`; -1 while the peer takes what it is offered. */
  private stalledAt = -1;
  private cancelWatch: (() => void) | undefined;
  /** A caller was told that there was no room. */
  private isAwaited = false;
  /** Bytes of the message that was dropped last. */
  private dropped = 0;

  constructor(
    private readonly backlog: Backlog,
    private readonly limits: Pick<WriteLimits, 'highWaterMarkBytes' | 'maxBufferedBytes'>,
    private readonly deadlines: Deadlines,
  ) {}

  /** True where a message of `size` bytes may wait too. Changes nothing. */
  fits(size: number): boolean {
    const { maxBufferedBytes } = this.limits;
    return this.isWithin(this.isFree(size) ? maxBufferedBytes : maxBufferedBytes - size);
  }

  /** A message of `size` bytes waits now. */
  letIn(size: number): void {
    if (!this.isFree(size)) return;
    this.largeWaiting++;
    this.freeWaiting += size;
  }

  /** Excludes so many of the waiting bytes from the count. */
  free(bytes: number): void {
    this.freeWaiting += bytes;
  }

  /** All waiting bytes were given to the transport. `holds`: the transport still has some of them. */
  onWritten(holds: boolean): void {
    this.freeLeaving = holds ? this.freeLeaving + this.freeWaiting : 0;
    this.largeLeaving = holds ? this.largeLeaving + this.largeWaiting : 0;
    this.freeWaiting = 0;
    this.largeWaiting = 0;
  }

  /** The transport has sent all it had. */
  onFlushed(): void {
    this.freeLeaving = 0;
    this.largeLeaving = 0;
    this.endWatch();
  }

  /** True where a message of `size` bytes may wait too. If not, there is relief once it may. */
  hasRoomFor(size: number): boolean {
    if (this.fits(size)) return true;
    // gathered bytes may not have been offered yet; only bytes that the peer leaves lying count
    this.backlog.flush();
    if (this.fits(size)) return true;
    this.dropped = size;
    this.isAwaited = true;
    return false;
  }

  /** True where no more than `highWaterMarkBytes` wait. If not, there is relief once that is so. */
  checkMark(): boolean {
    this.backlog.flush();
    if (this.bufferedBytes <= this.limits.highWaterMarkBytes) return true;
    this.isAwaited = true;
    return false;
  }

  /**
   * True where no more than `highWaterMarkBytes` wait and the dropped message would fit. If not, there is relief once
   * that is so.
   */
  checkRelief(): boolean {
    this.backlog.flush();
    if (this.hasRoom) return true;
    this.isAwaited = true;
    return false;
  }

  /** True, once, when there is room again for callers that were told there was none. */
  takeRelief(): boolean {
    if (!this.isAwaited || !this.hasRoom) return false;
    this.isAwaited = false;
    this.dropped = 0;
    return true;
  }

  /** Nothing waits any more. */
  close(): void {
    this.endWatch();
    this.freeWaiting = 0;
    this.largeWaiting = 0;
  }

  private isFree(size: number): boolean {
    return this.largeWaiting + this.largeLeaving < MOST_LARGE && isLarge(size, this.limits);
  }

  private get hasRoom(): boolean {
    if (this.bufferedBytes > this.limits.highWaterMarkBytes) return false;
    return this.dropped === 0 || this.fits(this.dropped);
  }

  private get bufferedBytes(): number {
    const { leavingBytes, waitingBytes, heldBytes } = this.backlog;
    return leavingBytes + waitingBytes + heldBytes;
  }

  private isWithin(bytes: number): boolean {
    const { leavingBytes, waitingBytes, heldBytes } = this.backlog;
    const lying = Math.max(0, leavingBytes - this.freeLeaving) + waitingBytes - this.freeWaiting;
    if (lying > bytes) return false;
    if (lying + heldBytes <= bytes) return true;
    if (leavingBytes === this.stalledAt) return false;
    this.watch();
    return true;
  }

  /** Notices, after `STALL_MS`, that the peer has taken nothing of what it was offered. */
  private watch(): void {
    const before = this.backlog.leavingBytes;
    if (this.cancelWatch !== undefined || before === 0) return;
    const look = (): void => {
      if (this.cancelWatch !== cancel) return;
      this.cancelWatch = undefined;
      if (this.backlog.leavingBytes === before) this.stalledAt = before;
    };
    // events that the process has not handled yet come first
    const cancel = this.deadlines.set(STALL_MS, () => void setImmediate(look));
    this.cancelWatch = cancel;
  }

  private endWatch(): void {
    this.cancelWatch?.();
    this.cancelWatch = undefined;
    this.stalledAt = -1;
  }
}
