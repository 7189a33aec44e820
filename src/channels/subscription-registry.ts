import type { Subscriber } from '../connection';
import type { Cluster } from './cluster';
import { ifAway, type History, type HistoryRules } from './history';
import type { Member } from './member';
import type { Presence } from './presence';
import { Topic, type Subscription } from './topic';
import { Backlog } from './backlog';
import { Topics } from './topics';

/** The channels of one connection. */
interface Entry {
  readonly topics: Map<string, Topic>;
  /** A ticket for each channel about which `@OnSubscribe` is being asked. */
  readonly pendingChecks: Map<string, object>;
  /** The channel of its user. */
  user: string | undefined;
}

/** The topics of this process and their subscribers. */
export class SubscriptionRegistry {
  readonly topics = new Topics();
  private readonly entries = new Map<Subscriber, Entry>();
  presence: Presence | undefined;

  constructor(
    private readonly cluster: Cluster | undefined,
    private readonly rules: HistoryRules | undefined,
    private readonly history: History | undefined,
  ) {}

  /** Makes an entry where there is none. Only for connections that are open: `removeAll` removes entries. */
  entryOf(subscriber: Subscriber): Entry {
    let entry = this.entries.get(subscriber);
    if (entry === undefined)
      this.entries.set(subscriber, (entry = { topics: new Map(), pendingChecks: new Map(), user: undefined }));
    return entry;
  }

  find(subscriber: Subscriber): Entry | undefined {
    return this.entries.get(subscriber);
  }

  membersOf(channel: string): Member[] {
    const subscriptions = this.topics.get(channel)?.subscriptions ?? [];
    return Array.from(subscriptions, ([{ connection }, { data }]) => ({ connectionId: connection.id, data }));
  }

  countOf(channel: string): number {
    return this.topics.get(channel)?.subscriptions.size ?? 0;
  }

  /** `catchesUp` means that messages wait until the subscriber has been sent those that it missed. */
  add(subscriber: Subscriber, topic: Topic, data: unknown, catchesUp: boolean): Subscription {
    let subscription = topic.subscriptions.get(subscriber);
    if (subscription === undefined || catchesUp) {
      subscription = { data, floor: subscription?.floor, ...(catchesUp && { waiting: new Backlog() }) };
      topic.subscriptions.set(subscriber, subscription);
    }
    subscription.data = data;
    this.entryOf(subscriber).topics.set(topic.name, topic);
    const { presence } = this;
    if (presence?.interests(topic.name) === true) {
      presence.joined(topic.name, { connectionId: subscriber.connection.id, data });
    }
    return subscription;
  }

  remove(subscriber: Subscriber, topic: Topic): void {
    if (this.entries.get(subscriber)?.topics.delete(topic.name) === true) this.removeFrom(topic, subscriber);
  }

  removeAll(subscriber: Subscriber): void {
    const entry = this.entries.get(subscriber);
    if (entry === undefined) return;
    this.entries.delete(subscriber);
    for (const topic of entry.topics.values()) this.removeFrom(topic, subscriber);
  }

  /** Returns the topic of a channel or pattern, and opens it for a first subscriber. */
  topicOf(channel: string, isPattern: boolean): Topic {
    const known = this.topics.get(channel);
    if (known !== undefined) return known;
    const topic = new Topic(channel, isPattern ? undefined : this.rules?.retentionOf(channel), isPattern);
    this.topics.add(topic);
    if (this.cluster !== undefined || topic.retention !== undefined) {
      topic.ready = this.open(topic);
      // the subscribers wait for it, and hear of the failure
      topic.ready.catch(() => undefined);
    }
    return topic;
  }

  private async open(topic: Topic): Promise<void> {
    // before the subscription: what comes after this offset is delivered, or found to be missing later
    if (topic.retention !== undefined) topic.base = await this.history?.last(topic.name, topic.retention).catch(ifAway);
    await this.cluster?.subscribe(topic.name);
    topic.ready = undefined;
  }

  private removeFrom(topic: Topic, subscriber: Subscriber): void {
    const { name, subscriptions } = topic;
    subscriptions.delete(subscriber);
    if (this.presence?.interests(name) === true) this.presence.left(name, subscriber.connection.id);
    if (subscriptions.size > 0) return;
    this.topics.delete(topic);
    this.cluster?.unsubscribe(name);
  }
}
