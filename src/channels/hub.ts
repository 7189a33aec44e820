import { closePayload } from '../protocol';
import { ConnectionClosedError, PortalError, type Clock } from '../messages';
import {
  SharedMessage,
  unawaited,
  type Bytes,
  type Others,
  type Subscribed,
  type SubscribeOptions,
  type Subscriber,
  type Subscriptions,
} from '../connection';
import { ChannelError, checkName, checkPattern, isOwn, userChannel } from './channel-name';
import type { Cluster } from './cluster';
import { isAway, type History, type HistoryRules } from './history';
import { MemoryHistory } from './memory-history';
import { isOffset } from './offset';
import { sendMissed, stopWaiting } from './recovery';
import { SubscriptionRegistry } from './subscription-registry';
import type { Subscription, Topic } from './topic';

/** The result of publishing a message. */
export interface Publication {
  /**
   * The number of subscribers on this process that the message was sent to. 0 for a channel with history, whose messages are sent when they
   * are kept. A message that is too large to be kept is sent at once, without an offset, and counted.
   */
  readonly local: number;
  /**
   * The fate of the message on the other processes:
   * - `none`: there is no backplane, or `local` was asked for
   * - `sent`: it is on its way
   * - `kept`: it waits until the backplane is back
   * - `lost`: too many messages wait already
   * - `too_large`: the broker takes no message of this size
   */
  readonly others: Others;
}

/** Brings messages from publishers to subscribers, in this process and by way of the cluster. */
export class Hub implements Subscriptions {
  readonly registry: SubscriptionRegistry;
  readonly history: History | undefined;
  private readonly memory: MemoryHistory | undefined;

  constructor(
    clock: Clock,
    private readonly rules: HistoryRules | undefined,
    private readonly cluster: Cluster | undefined,
    private readonly onPublished: (others: Others) => void = () => undefined,
  ) {
    if (rules !== undefined && cluster === undefined) {
      this.memory = new MemoryHistory(clock, (channel, entry) => this.registry.topics.deliverEntry(channel, entry));
    }
    this.history = cluster === undefined ? this.memory : cluster.history;
    this.registry = new SubscriptionRegistry(cluster, rules, this.history);
  }

  stop(): void {
    this.memory?.stop();
  }

  // for connections

  subscribe(subscriber: Subscriber, channel: string, options: SubscribeOptions): Promise<Subscribed | undefined> {
    return unawaited(this.subscribeTo(subscriber, channel, options));
  }

  subscribePattern(subscriber: Subscriber, pattern: string): Promise<void> {
    return unawaited(this.subscribeToPattern(subscriber, pattern));
  }

  unsubscribe(subscriber: Subscriber, channel: string): Promise<void> {
    return unawaited(this.unsubscribeFrom(subscriber, channel, checkName));
  }

  unsubscribePattern(subscriber: Subscriber, pattern: string): Promise<void> {
    return unawaited(this.unsubscribeFrom(subscriber, pattern, checkPattern));
  }

  channelsOf(subscriber: Subscriber): string[] {
    const topics = this.registry.find(subscriber)?.topics.values() ?? [];
    return Array.from(topics).flatMap(({ name, isPattern }) => (isPattern || isOwn(name) ? [] : [name]));
  }

  publish(subscriber: Subscriber, channel: string, message: string | Bytes): void {
    this.send(channel, message, subscriber);
  }

  left(subscriber: Subscriber): void {
    this.registry.removeAll(subscriber);
  }

  identified(subscriber: Subscriber): void {
    const { registry } = this;
    if (subscriber.state !== 'open') return;
    const id: unknown = subscriber.connection.user?.id;
    const channel = typeof id === 'string' ? userChannel(id) : undefined;
    const known = registry.find(subscriber);
    if (known?.user === channel) return;
    const former = known?.user === undefined ? undefined : known.topics.get(known.user);
    if (former !== undefined) registry.remove(subscriber, former);
    registry.entryOf(subscriber).user = channel;
    if (channel === undefined) return;
    const topic = registry.topicOf(channel, false);
    registry.add(subscriber, topic, undefined, false);
    this.cluster?.report(topic.ready);
  }

  // for the application

  /** `here` sends to the subscribers of this process alone. */
  send(channel: string, message: string | Bytes, except?: Subscriber, here = false): Publication {
    checkName(channel);
    const shared = new SharedMessage(message);
    const retention = here ? undefined : this.rules?.retentionOf(channel);
    if (retention !== undefined) {
      const appended = this.history!.append(channel, shared, except?.connection.id, retention);
      const others = this.cluster?.told(channel, appended) ?? appended;
      const local = others === 'too_large' ? this.registry.topics.deliver(channel, shared, except) : 0;
      this.onPublished(others);
      return { local, others };
    }
    const local = this.registry.topics.deliver(channel, shared, except);
    const others = here || this.cluster === undefined ? 'none' : this.cluster.publish(channel, shared);
    this.onPublished(others);
    return { local, others };
  }

  sendToUser(id: string, message: string | Bytes): Publication {
    const channel = userChannel(id);
    const shared = new SharedMessage(message);
    const local = this.registry.topics.deliver(channel, shared);
    const others = this.cluster?.publish(channel, shared) ?? 'none';
    this.onPublished(others);
    return { local, others };
  }

  closeUser(id: string, code: number | undefined, reason: string | undefined): void {
    closePayload(code, reason);
    const channel = userChannel(id);
    this.closeHere(channel, code, reason);
    this.cluster?.tellAt(channel, { is: 'close', code, reason });
  }

  /** Closes the connections of this process that subscribe to a channel. */
  closeHere(channel: string, code: number | undefined, reason: string | undefined): void {
    const subscriptions = this.registry.topics.get(channel)?.subscriptions.keys() ?? [];
    for (const { connection } of [...subscriptions]) void connection.close(code, reason);
  }

  private async subscribeTo(subscriber: Subscriber, channel: string, options: SubscribeOptions) {
    const { data, since } = options;
    checkName(channel);
    if (since !== undefined) this.checkSince(channel, since);
    // throws for what no other process could be told
    JSON.stringify(data);
    return this.enter(subscriber, channel, { ...options, isPattern: false });
  }

  private async subscribeToPattern(subscriber: Subscriber, pattern: string): Promise<void> {
    checkPattern(pattern);
    await this.enter(subscriber, pattern, { isPattern: true });
  }

  private async enter(
    subscriber: Subscriber,
    channel: string,
    { isPattern, data, since }: SubscribeOptions & { isPattern: boolean },
  ): Promise<Subscribed | undefined> {
    const admitted = this.admit(subscriber, channel);
    if (admitted !== true && !(await admitted)) return undefined;
    const topic = this.registry.topicOf(channel, isPattern);
    const before = topic.subscriptions.get(subscriber);
    const subscription = this.registry.add(subscriber, topic, data, since !== undefined);
    try {
      return await this.catchUp(subscriber, topic, subscription, since);
    } catch (error) {
      if (topic.subscriptions.get(subscriber) === subscription) this.restore(subscriber, topic, subscription, before);
      throw error;
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown rejects
  private async unsubscribeFrom(
    subscriber: Subscriber,
    channel: string,
    check: (channel: string) => void,
  ): Promise<void> {
    check(channel);
    const entry = this.registry.find(subscriber);
    entry?.pendingChecks.delete(channel);
    const topic = entry?.topics.get(channel);
    if (topic !== undefined) this.registry.remove(subscriber, topic);
  }

  private checkSince(channel: string, since: unknown): void {
    if (typeof since !== 'string') throw new ChannelError('since must be the offset of a message, which is a string');
    if (this.rules?.retentionOf(channel) === undefined) {
      throw new PortalError('history_lost', `The channel ${channel} keeps no history.`);
    }
    if (!isOffset(since)) throw new PortalError('history_lost');
  }

  /**
   * Asks `@OnSubscribe`. Resolves with `false` when the subscription was given up meanwhile.
   * @throws ConnectionClosedError
   * @throws any error with which `@OnSubscribe` refuses
   */
  private admit(subscriber: Subscriber, channel: string): Promise<boolean> | boolean {
    if (subscriber.state !== 'open') throw new ConnectionClosedError('the connection is not open');
    const answer = subscriber.route.endpoint.subscribe?.(subscriber.connection, channel);
    return answer === undefined ? true : this.decided(subscriber, channel, answer);
  }

  private async decided(subscriber: Subscriber, channel: string, answer: Promise<void>): Promise<boolean> {
    const { pendingChecks } = this.registry.entryOf(subscriber);
    const ticket = {};
    pendingChecks.set(channel, ticket);
    const takeBack = (): boolean => pendingChecks.get(channel) === ticket && pendingChecks.delete(channel);
    try {
      await answer;
    } catch (error) {
      takeBack();
      throw error;
    }
    const isWanted = takeBack();
    if (subscriber.state !== 'open') throw new ConnectionClosedError('the connection closed meanwhile');
    return isWanted;
  }

  /** A subscription that fails leaves an earlier one as it was. */
  private restore(
    subscriber: Subscriber,
    topic: Topic,
    subscription: Subscription,
    before: Subscription | undefined,
  ): void {
    if (before === undefined) {
      this.registry.remove(subscriber, topic);
      return;
    }
    stopWaiting(topic, subscriber, subscription);
    this.registry.add(subscriber, topic, before.data, false);
  }

  private async catchUp(
    subscriber: Subscriber,
    topic: Topic,
    subscription: Subscription,
    since: string | undefined,
  ): Promise<Subscribed | undefined> {
    try {
      // most often there is nothing to wait for
      if (topic.ready !== undefined) await topic.ready;
      if (since !== undefined) await sendMissed(topic, subscriber, subscription, since, this.history!);
    } catch (error) {
      if (isAway(error)) throw new PortalError('unavailable', undefined, { cause: error });
      throw error;
    }
    if (subscriber.state !== 'open') throw new ConnectionClosedError('the connection closed meanwhile');
    const offset = subscription.floor ?? topic.position;
    return offset === undefined ? undefined : { offset };
  }
}
