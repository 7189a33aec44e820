import type { SharedMessage, Subscriber } from '../connection';
import type { HistoryOptions } from './backplane';
import { Backlog, forgotten } from './backlog';
import { isAfter } from './offset';
import type { HistoryEntry } from './history-entry';

/** The place of a subscriber in a topic. */
export interface Subscription {
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
  readonly subscriptions = new Map<Subscriber, Subscription>();
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
    readonly retention: HistoryOptions | undefined,
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
    const { subscriptions } = this;
    if (except === undefined || !subscriptions.has(except)) {
      for (const subscriber of subscriptions.keys()) subscriber.sender.sendShared(message);
      return subscriptions.size;
    }
    for (const subscriber of subscriptions.keys()) if (subscriber !== except) subscriber.sender.sendShared(message);
    return subscriptions.size - 1;
  }

  /** False for a message that had been delivered, or is not to be delivered yet. */
  take(entry: HistoryEntry): boolean {
    // where nobody knows what was missed, there is nothing to wait for
    if (this.paused !== undefined && this.position !== undefined) {
      this.paused.add(entry);
      return false;
    }
    if (this.delivered !== undefined && !isAfter(entry.offset, this.delivered)) return false;
    const before = this.position;
    this.delivered = entry.offset;
    for (const [subscriber, subscription] of this.subscriptions) {
      if (subscription.waiting !== undefined) subscription.waiting.add(entry);
      else if (this.catchesUp && before !== undefined) handMissed(subscriber, subscription, entry, before);
      else hand(subscriber, subscription, entry);
    }
    return true;
  }

  /** What comes from now on waits. */
  pause(): void {
    this.paused ??= new Backlog();
  }

  /** Some of what was missed is delivered, while what comes waits on. */
  deliverMissed(missed: Iterable<HistoryEntry>, deliver: (entry: HistoryEntry) => void): void {
    const { paused } = this;
    this.paused = undefined;
    this.catchesUp = true;
    for (const entry of missed) deliver(entry);
    this.catchesUp = false;
    this.paused = paused;
  }

  /** Goes on: what came meanwhile is delivered. */
  resume(deliver: (entry: HistoryEntry) => void): void {
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

export function hand(subscriber: Subscriber, subscription: Subscription, entry: HistoryEntry): void {
  if (!isHad(subscriber, subscription, entry)) subscriber.sender.sendShared(entry.message);
}

/**
 * Sends what a subscriber is to get later where it does not fit: `full` then, and the subscription's floor is where it was. `last`: there is no
 * room for more.
 */
export function handIfItFits(
  subscriber: Subscriber,
  subscription: Subscription,
  entry: HistoryEntry,
): 'sent' | 'last' | 'full' {
  if (isHad(subscriber, subscription, entry)) return 'sent';
  const { sender } = subscriber;
  if (!sender.hasRoomFor(entry.message)) return 'full';
  subscription.floor = entry.offset;
  return sender.sendShared(entry.message) ? 'sent' : 'last';
}

/** `before`: all up to there was handed to those who had room. */
function handMissed(subscriber: Subscriber, subscription: Subscription, entry: HistoryEntry, before: string): void {
  if (subscription.floor === undefined || isAfter(before, subscription.floor)) subscription.floor = before;
  const handed = handIfItFits(subscriber, subscription, entry);
  if (handed !== 'sent') subscription.isBehind = true;
  if (handed === 'full') subscription.waiting = forgotten();
}

/** Whether it had it before, or made it. */
function isHad(subscriber: Subscriber, { floor }: Subscription, entry: HistoryEntry): boolean {
  return (floor !== undefined && !isAfter(entry.offset, floor)) || isSender(subscriber, entry);
}

/** Whether the subscriber itself published it. */
export function isSender({ connection }: Subscriber, { sender }: HistoryEntry): boolean {
  return sender !== undefined && connection.identified && connection.id === sender;
}
