import type { SharedMessage, Subscriber } from '../engine';
import type { HistoryOptions } from './backplane';
import { isAfter } from './offset';

/** A message of a channel with history. */
export interface Kept {
  readonly offset: string;
  readonly message: SharedMessage;
  /** The id of the connection that published it. */
  readonly sender: string | undefined;
}

/** The place of a subscriber in a topic. */
export interface Seat {
  data: unknown;
  /** What came while it is sent what it missed; no more of them than the history keeps. */
  waiting?: Kept[] | undefined;
  /** It has had all up to this offset. */
  floor?: string | undefined;
}

/** One channel, or pattern of channels, that somebody on this process subscribes to. */
export class Topic {
  readonly seats = new Map<Subscriber, Seat>();
  /** Resolves when messages of other processes come; undefined when they do. */
  ready: Promise<void> | undefined;
  /** The offset of the latest message that was delivered. */
  private delivered: string | undefined;
  /** All that comes after this offset is to be delivered. */
  base: string | undefined;
  /** What comes while the topic catches up with what it missed. */
  private paused: Kept[] | undefined;

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
    if (this.paused !== undefined) {
      this.paused.push(kept);
      return false;
    }
    if (this.delivered !== undefined && !isAfter(kept.offset, this.delivered)) return false;
    this.delivered = kept.offset;
    for (const [subscriber, seat] of this.seats) {
      if (seat.waiting === undefined) hand(subscriber, seat, kept);
      else if (seat.waiting.length <= this.keep!.size) seat.waiting.push(kept);
    }
    return true;
  }

  /** What comes from now on waits. */
  pause(): void {
    this.paused ??= [];
  }

  /** Goes on. What is to be delivered now: what was missed, and what came since. */
  resume(missed: readonly Kept[]): Kept[] {
    const { paused = [] } = this;
    this.paused = undefined;
    return [...missed, ...paused];
  }
}

export function hand(subscriber: Subscriber, { floor }: Seat, kept: Kept): void {
  if (floor !== undefined && !isAfter(kept.offset, floor)) return;
  if (!isSender(subscriber, kept)) subscriber.outbox.sendShared(kept.message);
}

/** Whether the subscriber itself published it. */
export function isSender({ connection }: Subscriber, { sender }: Kept): boolean {
  return sender !== undefined && connection.identified && connection.id === sender;
}
