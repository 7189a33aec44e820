import type { SharedMessage, Subscriber } from '../connection';
import type { HistoryOptions } from './backplane';
import { Backlog, forgotten } from './backlog';
import { isAfter } from './offset';
import type { Kept } from './kept';

/** The place of a subscriber in a topic. */
export interface Seat {
  data: unknown;
  /** What comes while it is sent what it missed. */
  waiting?: Backlog | undefined;
  /** It has had all up to this offset. */
  floor?: string | undefined;
  /** It had no room for all that the topic missed: it is to be sent what came after its floor. */
  isBehind?: boolean;
}

/** One channel, or pattern of channels, that somebody on this process subscribes to. */
export class Topic {
  readonly seats = new Map<Subscriber, Seat>();
  /** Resolves when messages of other processes come; undefined when they do. */
  ready: Promise<void> | undefined;
  /** The offset of the latest message that was delivered. */
  delivered: string | undefined;
  /** All that comes after this offset is to be delivered. */
  base: string | undefined;
  /** What comes while the topic catches up with what it missed. */
  private paused: Backlog | undefined;
  /** What is taken now came earlier: who has no room for it gets it later. */
  private catchesUp = false;

  constructor(
    readonly name: string,
    /** Of a channel with history. */
    readonly keep: HistoryOptions | undefined,
    readonly isPattern = false,
  ) {}

  /** All up to here has been delivered; undefined where nothing is known. */
  get position(): string | undefined {
    return this.delivered ?? this.base;
  }

  get isPaused(): boolean {
    return this.paused !== undefined;
  }

  deliver(message: SharedMessage, except: Subscriber | undefined): number {
    const { seats } = this;
    if (except === undefined || !seats.has(except)) {
      for (const subscriber of seats.keys()) subscriber.outbox.sendShared(message);
      return seats.size;
    }
    for (const subscriber of seats.keys()) if (subscriber !== except) subscriber.outbox.sendShared(message);
    return seats.size - 1;
  }

  /** False for a message that had been delivered, or is not to be delivered yet. */
  take(kept: Kept): boolean {
    // where nobody knows what was missed, there is nothing to wait for
    if (this.paused !== undefined && this.position !== undefined) {
      this.paused.add(kept);
      return false;
    }
    if (this.delivered !== undefined && !isAfter(kept.offset, this.delivered)) return false;
    const before = this.position;
    this.delivered = kept.offset;
    for (const [subscriber, seat] of this.seats) {
      if (seat.waiting !== undefined) seat.waiting.add(kept);
      else if (this.catchesUp && before !== undefined) handMissed(subscriber, seat, kept, before);
      else hand(subscriber, seat, kept);
    }
    return true;
  }

  /** What comes from now on waits. */
  pause(): void {
    this.paused ??= new Backlog();
  }

  /** Some of what was missed is delivered, while what comes waits on. */
  deliverMissed(missed: Iterable<Kept>, deliver: (kept: Kept) => void): void {
    const { paused } = this;
    this.paused = undefined;
    this.catchesUp = true;
    for (const kept of missed) deliver(kept);
    this.catchesUp = false;
    this.paused = paused;
  }

  /** Goes on: what came meanwhile is delivered. */
  resume(deliver: (kept: Kept) => void): void {
    const { paused } = this;
    this.deliverMissed(paused ?? [], deliver);
    this.paused = undefined;
  }

  /** Whether something that came meanwhile is to be read; what comes from now on waits anew. */
  takeForgotten(): boolean {
    if (this.paused?.isWhole !== false) return false;
    this.paused = new Backlog();
    return true;
  }
}

export function hand(subscriber: Subscriber, seat: Seat, kept: Kept): void {
  if (!isHad(subscriber, seat, kept)) subscriber.outbox.sendShared(kept.message);
}

/**
 * Sends what a subscriber is to get later where it does not fit: `full` then, and the seat's floor is where it was. `last`: there is no
 * room for more.
 */
export function handIfItFits(subscriber: Subscriber, seat: Seat, kept: Kept): 'sent' | 'last' | 'full' {
  if (isHad(subscriber, seat, kept)) return 'sent';
  const { outbox } = subscriber;
  if (!outbox.hasRoomFor(kept.message)) return 'full';
  seat.floor = kept.offset;
  return outbox.sendShared(kept.message) ? 'sent' : 'last';
}

/** `before`: all up to there was handed to those who had room. */
function handMissed(subscriber: Subscriber, seat: Seat, kept: Kept, before: string): void {
  if (seat.floor === undefined || isAfter(before, seat.floor)) seat.floor = before;
  const handed = handIfItFits(subscriber, seat, kept);
  if (handed !== 'sent') seat.isBehind = true;
  if (handed === 'full') seat.waiting = forgotten();
}

/** Whether it had it before, or made it. */
function isHad(subscriber: Subscriber, { floor }: Seat, kept: Kept): boolean {
  return (floor !== undefined && !isAfter(kept.offset, floor)) || isSender(subscriber, kept);
}

/** Whether the subscriber itself published it. */
export function isSender({ connection }: Subscriber, { sender }: Kept): boolean {
  return sender !== undefined && connection.identified && connection.id === sender;
}
