import type { Subscriber } from '../connection';
import type { Cluster } from './cluster';
import { ifAway, type History, type HistoryRules } from './history';
import type { Member, Presence } from './presence';
import { Topic, type Seat } from './topic';
import { Backlog } from './backlog';
import { Topics } from './topics';

/** What is known of a connection that has something to do with channels. */
interface Entry {
  readonly topics: Map<string, Topic>;
  /** Channels for which `@OnSubscribe` is asked. */
  readonly asking: Map<string, object>;
  /** The channel of its user. */
  user: string | undefined;
}

/** Who sits where: the topics of this process and their subscribers, until each leaves. */
export class Roster {
  readonly topics = new Topics();
  private readonly entries = new Map<Subscriber, Entry>();
  presence: Presence | undefined;

  constructor(
    private readonly cluster: Cluster | undefined,
    private readonly rules: HistoryRules | undefined,
    private readonly history: History | undefined,
  ) {}

  /** For connections that are open; what leaves has no entry. */
  of(subscriber: Subscriber): Entry {
    let entry = this.entries.get(subscriber);
    if (entry === undefined)
      this.entries.set(subscriber, (entry = { topics: new Map(), asking: new Map(), user: undefined }));
    return entry;
  }

  find(subscriber: Subscriber): Entry | undefined {
    return this.entries.get(subscriber);
  }

  membersOf(channel: string): Member[] {
    const seats = this.topics.get(channel)?.seats ?? [];
    return Array.from(seats, ([{ connection }, { data }]) => ({ connectionId: connection.id, data }));
  }

  countOf(channel: string): number {
    return this.topics.get(channel)?.seats.size ?? 0;
  }

  /** `catchesUp`: it is to be sent what it missed before anything else. */
  sit(subscriber: Subscriber, topic: Topic, data: unknown, catchesUp: boolean): Seat {
    let seat = topic.seats.get(subscriber);
    if (seat === undefined || catchesUp) {
      seat = { data, floor: seat?.floor, ...(catchesUp && { waiting: new Backlog() }) };
      topic.seats.set(subscriber, seat);
    }
    seat.data = data;
    this.of(subscriber).topics.set(topic.name, topic);
    const { presence } = this;
    if (presence?.interests(topic.name) === true) {
      presence.joined(topic.name, { connectionId: subscriber.connection.id, data });
    }
    return seat;
  }

  leave(subscriber: Subscriber, topic: Topic): void {
    if (this.entries.get(subscriber)?.topics.delete(topic.name) === true) this.vacate(subscriber, topic);
  }

  leaveAll(subscriber: Subscriber): void {
    const entry = this.entries.get(subscriber);
    if (entry === undefined) return;
    this.entries.delete(subscriber);
    for (const topic of entry.topics.values()) this.vacate(subscriber, topic);
  }

  /** The topic of a channel or pattern, in which somebody is about to sit. */
  topicOf(channel: string, isPattern: boolean): Topic {
    const known = this.topics.get(channel);
    if (known !== undefined) return known;
    const topic = new Topic(channel, isPattern ? undefined : this.rules?.of(channel), isPattern);
    this.topics.add(topic);
    if (this.cluster !== undefined || topic.keep !== undefined) {
      topic.ready = this.open(topic);
      // those who are about to sit in it hear of it
      topic.ready.catch(() => undefined);
    }
    return topic;
  }

  private async open(topic: Topic): Promise<void> {
    // before the subscription: what comes after this offset is delivered, or found to be missing later
    if (topic.keep !== undefined) topic.base = await this.history?.last(topic.name, topic.keep).catch(ifAway);
    await this.cluster?.subscribe(topic.name);
    topic.ready = undefined;
  }

  private vacate(subscriber: Subscriber, topic: Topic): void {
    const { name, seats } = topic;
    seats.delete(subscriber);
    if (this.presence?.interests(name) === true) this.presence.left(name, subscriber.connection.id);
    if (seats.size > 0) return;
    this.topics.delete(topic);
    this.cluster?.unsubscribe(name);
  }
}
