import type { SharedMessage, Subscriber } from '../connection';
import { isOwn } from './channel-name';
import { PatternTree } from './pattern-tree';
import { isSender, type Topic } from './topic';
import type { HistoryEntry } from './history-entry';

/** The topics of this process, by name and by pattern. */
export class Topics {
  private readonly byName = new Map<string, Topic>();
  private readonly patterns = new Map<string, Topic>();
  private readonly tree = new PatternTree<Topic>();

  get(channel: string): Topic | undefined {
    return this.byName.get(channel) ?? this.patterns.get(channel);
  }

  [Symbol.iterator](): Iterator<Topic> {
    return this.byName.values();
  }

  add(topic: Topic): void {
    if (!topic.isPattern) {
      this.byName.set(topic.name, topic);
      return;
    }
    this.patterns.set(topic.name, topic);
    this.tree.set(topic.name, topic);
  }

  delete({ name }: Topic): void {
    if (!this.byName.delete(name) && this.patterns.delete(name)) this.tree.delete(name);
  }

  /** Sends a message to all subscribers of the channel, once to each. Returns their number. */
  deliver(channel: string, message: SharedMessage, except?: Subscriber): number {
    const topic = this.byName.get(channel);
    const receivers = this.matching(channel);
    if (receivers === undefined) return topic === undefined ? 0 : topic.deliver(message, except);
    if (topic !== undefined) for (const subscriber of topic.subscriptions.keys()) receivers.add(subscriber);
    if (except !== undefined) receivers.delete(except);
    for (const subscriber of receivers) subscriber.sender.sendShared(message);
    return receivers.size;
  }

  /** Sends a message of a channel with history. Subscribers that catch up get it in its turn. */
  deliverEntry(channel: string, entry: HistoryEntry): void {
    const topic = this.byName.get(channel);
    const fresh = topic === undefined || topic.take(entry);
    if (!fresh) return;
    const receivers = this.matching(channel);
    if (receivers === undefined) return;
    for (const subscriber of receivers) {
      if (topic?.subscriptions.has(subscriber) !== true && !isSender(subscriber, entry))
        subscriber.sender.sendShared(entry.message);
    }
  }

  /** Returns the subscribers of patterns that stand for the channel. */
  private matching(channel: string): Set<Subscriber> | undefined {
    let receivers: Set<Subscriber> | undefined;
    if (this.tree.size === 0 || isOwn(channel)) return undefined;
    this.tree.match(channel, ({ subscriptions }) => {
      receivers ??= new Set();
      for (const subscriber of subscriptions.keys()) receivers.add(subscriber);
    });
    return receivers;
  }
}
