import type { Deadlines } from '../messages';
import { setImmediate } from './turns';

/** A peer that has taken nothing of what it was offered for so long does not read. A second packet lost in a row takes less. */
export const STALL_MS = 1000;

/** So many large messages may wait at once, whatever their size. */
const MOST_LARGE = 2;

/** How many bytes may wait for one peer, and what becomes of one that does not read. */
export interface WriteLimits {
  readonly highWaterMarkBytes: number;
  readonly maxBufferedBytes: number;
  readonly slowConsumer: 'close' | 'drop';
}

/** Whether a message takes more than half of what may wait. */
export function isLarge(size: number, { maxBufferedBytes }: Pick<WriteLimits, 'maxBufferedBytes'>): boolean {
  return size * 2 > maxBufferedBytes;
}

/** What waits for one peer, in bytes. */
export interface Backlog {
  /** Given to the transport, which holds it. */
  readonly leavingBytes: number;
  /** Not given to the transport yet. */
  readonly waitingBytes: number;
  /** Behind a message of ours that is still being made. */
  readonly heldBytes: number;
  /** Gives the transport what it takes. */
  flush(): void;
}

/**
 * Knows how much may wait for one peer, and who waits for less. What counts against `maxBufferedBytes` is what the peer leaves
 * lying, and not what we were quick to send: not two large messages, nor parts of one in fragments, which we send as the peer
 * reads, nor what waits behind those, unless the peer has stopped reading. So two messages of any size may always be sent at once.
 */
export class Backpressure {
  /** What of the waiting bytes, and of the leaving ones, does not count. */
  private freeWaiting = 0;
  private freeLeaving = 0;
  /** Large messages that do not count. */
  private largeWaiting = 0;
  private largeLeaving = 0;
  /** What the peer had left lying for a second; -1 where it takes what it is offered. */
  private stalledAt = -1;
  private cancelWatch: (() => void) | undefined;
  /** Somebody was told that more waits than the mark. */
  private isAwaited = false;
  /** Bytes of the message that was dropped last. */
  private dropped = 0;

  constructor(
    private readonly backlog: Backlog,
    private readonly limits: Pick<WriteLimits, 'highWaterMarkBytes' | 'maxBufferedBytes'>,
    private readonly deadlines: Deadlines,
  ) {}

  /** Whether a message of so many bytes may wait too; without consequences when not. */
  fits(size: number): boolean {
    const { maxBufferedBytes } = this.limits;
    return this.isWithin(this.isFree(size) ? maxBufferedBytes : maxBufferedBytes - size);
  }

  /** A message was let in. */
  letIn(size: number): void {
    if (!this.isFree(size)) return;
    this.largeWaiting++;
    this.freeWaiting += size;
  }

  /** So many of the bytes that wait do not count. */
  free(bytes: number): void {
    this.freeWaiting += bytes;
  }

  /** All that waited was given to the transport. */
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

  /** True where a message of so many bytes may wait too; else there is relief when it may. */
  hasRoomFor(size: number): boolean {
    if (this.fits(size)) return true;
    // what is gathered may not have been tried yet; only what the peer leaves lying counts against it
    this.backlog.flush();
    if (this.fits(size)) return true;
    this.dropped = size;
    this.isAwaited = true;
    return false;
  }

  /** True where no more waits than the mark; else there is relief when that is so. */
  checkMark(): boolean {
    this.backlog.flush();
    if (this.bufferedBytes <= this.limits.highWaterMarkBytes) return true;
    this.isAwaited = true;
    return false;
  }

  /** True where no more waits than the mark, and what was dropped would fit; else there is relief when that is so. */
  checkRelief(): boolean {
    this.backlog.flush();
    if (this.hasRoom) return true;
    this.isAwaited = true;
    return false;
  }

  /** Whether there is room again, for those who were told that there was none. */
  takeRelief(): boolean {
    if (!this.isAwaited || !this.hasRoom) return false;
    this.isAwaited = false;
    this.dropped = 0;
    return true;
  }

  /** Nothing waits any more, and nobody. */
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

  /** Looks whether the peer takes anything of what it is offered. */
  private watch(): void {
    const before = this.backlog.leavingBytes;
    if (this.cancelWatch !== undefined || before === 0) return;
    const look = (): void => {
      if (this.cancelWatch !== cancel) return;
      this.cancelWatch = undefined;
      if (this.backlog.leavingBytes === before) this.stalledAt = before;
    };
    // what the process had no time to hear of comes first
    const cancel = this.deadlines.set(STALL_MS, () => void setImmediate(look));
    this.cancelWatch = cancel;
  }

  private endWatch(): void {
    this.cancelWatch?.();
    this.cancelWatch = undefined;
    this.stalledAt = -1;
  }
}
