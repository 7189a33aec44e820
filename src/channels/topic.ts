import type { SharedMessage, Subscriber } from '../connection';
import type { HistoryOptions } from './backplane';
import { Backlog, forgotten } from './backlog';
import { isAfter } from './offset';
import type { HistoryEntry } from './history-entry';

/** One subscriber of a topic. */
export interface Subscription {
  data: unknown;
  /** Messages that come while the subscriber is sent those that it missed. */
  waiting?: Backlog | undefined;
  /** The subscriber has had all messages up to this offset. */
  floor?: string | undefined;
  /** The subscriber had no room for all that the topic missed, and is to be sent the messages after its floor. */
  isBehind?: boolean;
}

/** One channel, or pattern of channels, that has a subscriber on this process. */
export class Topic {
  readonly subscriptions = new Map<Subscriber, Subscription>();
  /** Resolves when messages of other processes come; `undefined` from then on. */
  ready: Promise<void> | undefined;
  /** The offset of the latest message that was delivered. */
  delivered: string | undefined;
  /** The messages after this offset are to be delivered. */
  base: string | undefined;
  /** Messages that come while the topic catches up. */
  private paused: Backlog | undefined;
  /** `true` while missed messages are taken: subscribers without room for them get them later. */
  private catchesUp = false;

  constructor(
    readonly name: string,
    /** Defined for a channel with history. */
    readonly retention: HistoryOptions | undefined,
    readonly isPattern = false,
  ) {}

  /** All messages up to this offset have been delivered; `undefined` where it is not known. */
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

  /** Messages wait from now on. */
  pause(): void {
    this.paused ??= new Backlog();
  }

  /** Delivers some missed messages, while new ones still wait. */
  deliverMissed(missed: Iterable<HistoryEntry>, deliver: (entry: HistoryEntry) => void): void {
    const { paused } = this;
    this.paused = undefined;
    this.catchesUp = true;
    for (const entry of missed) deliver(entry);
    this.catchesUp = false;
    this.paused = paused;
  }

  /** Delivers the messages that have waited. Later ones are delivered at once. */
  resume(deliver: (entry: HistoryEntry) => void): void {
    const { paused } = this;
    this.deliverMissed(paused ?? [], deliver);
    this.paused = undefined;
  }

  /** Returns `true` where messages that came meanwhile are to be read from the history. Later ones wait anew. */
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
 * Sends a message that a subscriber may also get later. Returns `full` where it does not fit, and leaves the subscription's floor where it
 * was; `last` where it was sent and there is no room for more.
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

/** `before` is the offset up to which subscribers with room have all messages. */
function handMissed(subscriber: Subscriber, subscription: Subscription, entry: HistoryEntry, before: string): void {
  if (subscription.floor === undefined || isAfter(before, subscription.floor)) subscription.floor = before;
  const handed = handIfItFits(subscriber, subscription, entry);
  if (handed !== 'sent') subscription.isBehind = true;
  if (handed === 'full') subscription.waiting = forgotten();
}

/** True where the subscriber has had the message, or published it. */
function isHad(subscriber: Subscriber, { floor }: Subscription, entry: HistoryEntry): boolean {
  return (floor !== undefined && !isAfter(entry.offset, floor)) || isSender(subscriber, entry);
}

/** True where the subscriber itself published the message. */
export function isSender({ connection }: Subscriber, { sender }: HistoryEntry): boolean {
  return sender !== undefined && connection.identified && connection.id === sender;
}
