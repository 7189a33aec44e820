import { recognise } from '../copies';
import type { Bytes } from '../connection';
import type { Clock } from '../messages';
import { ClusterEvents, type Reports } from './cluster-events';
import type { Backplane, HistoryOptions } from './backplane';
import { ChannelError, checkName, userChannel } from './channel-name';
import { Cluster } from './cluster';
import { HistoryRules } from './history';
import { Hub, type Publication } from './hub';
import type { Member } from './member';
import { Presence, type PresenceHandlers, type PresenceWatch } from './presence';

export interface ChannelsOptions {
  /** The backplane that connects the processes of the application. Default: none, for an application of one process. */
  backplane?: Backplane | undefined;
  /** The channels that keep messages, by name or pattern. Default: none. */
  history?: Readonly<Record<string, HistoryOptions>> | undefined;
}

export interface PublishOptions {
  /** `true` sends only to the subscribers of this process, and keeps no history of the message. Default `false`. */
  local?: boolean | undefined;
}

/** All connections of one user on all processes: those whose `connection.user` has the id. */
export interface UserConnections {
  /** @throws TypeError when the message is neither a string nor bytes */
  publish(message: string | Bytes): Publication;
  /**
   * Closes all connections of the user.
   * @throws RangeError when the code may not be sent
   * @throws RangeError when the reason may not be sent
   */
  disconnect(code?: number, reason?: string): void;
  /** Counts the connections of the user. A process that does not answer within a second is left out. */
  count(): Promise<number>;
}

/** Publishes to channels, and tells who subscribes to them. Injectable. Connections subscribe with `connection.subscribe(channel)`. */
export class Channels {
  /** @internal */
  readonly hub: Hub;
  private readonly presenceOfAll: Presence;
  private readonly cluster: Cluster | undefined;
  private readonly events: ClusterEvents;

  /**
   * @internal
   * @throws TypeError when an option has the wrong type
   * @throws RangeError when an option is out of range
   */
  constructor(
    { backplane, history }: ChannelsOptions,
    clock: Clock,
    private readonly reports: Reports,
  ) {
    const rules = history && new HistoryRules(history);
    if (backplane !== undefined && typeof (backplane as Partial<Backplane>).publish !== 'function') {
      throw new TypeError('the option backplane must be a backplane, such as new RedisBackplane({ url })');
    }
    if (rules !== undefined && backplane !== undefined && backplane.history === undefined) {
      throw new TypeError('the option history needs a backplane that can keep messages');
    }
    this.cluster = backplane && new Cluster(backplane, clock);
    this.hub = new Hub(clock, rules, this.cluster, reports.onPublished);
    const { registry } = this.hub;
    this.presenceOfAll = new Presence(
      this.cluster,
      (channel) => registry.membersOf(channel),
      (error) => reports.failed(error, 'a watch of presence'),
    );
    registry.presence = this.presenceOfAll;
    this.events = new ClusterEvents(this.hub, this.presenceOfAll, reports, this.cluster?.node ?? '');
  }

  /**
   * Sends a message to all subscribers of a channel, on all processes: a string as text, bytes as binary. Do not change the bytes
   * until they have left.
   * @throws TypeError when the message is neither a string nor bytes
   * @throws TypeError when `channel` is not the name of a channel
   */
  publish(channel: string, message: string | Bytes, { local = false }: PublishOptions = {}): Publication {
    return this.hub.send(channel, message, undefined, local);
  }

  /**
   * Counts the connections that subscribe to a channel by its name, on all processes. A process that does not answer within a second is
   * left out. Rejects with a TypeError when `channel` is not the name of a channel.
   */
  async subscribers(channel: string): Promise<number> {
    checkName(channel);
    return this.count(channel);
  }

  /** Lists the connections that `subscribers` counts, each with the data that it subscribed with. Rejects as `subscribers` does. */
  async presence(channel: string): Promise<Member[]> {
    checkName(channel);
    const others = (await this.cluster?.ask({ about: 'members', channel })) ?? [];
    const membersOfOthers = others.flatMap((answer) => (typeof answer === 'object' ? (answer ?? []) : []));
    return [...this.hub.registry.membersOf(channel), ...membersOfOthers];
  }

  /**
   * Calls the handlers for each connection that comes to a channel or leaves it, on all processes. Connections of a process that dies leave
   * within five seconds. Resolves when the connections that are there already are known: the watch has them as `members`.
   * Rejects with a TypeError when `channel` is not the name of a channel.
   */
  async watch(channel: string, handlers: PresenceHandlers): Promise<PresenceWatch> {
    checkName(channel);
    return this.presenceOfAll.watch(channel, handlers);
  }

  /**
   * Reaches all connections of a user.
   * @param id any string
   * @throws TypeError when the id is not a string
   */
  toUser(id: string): UserConnections {
    if (typeof id !== 'string') throw new ChannelError(`a user's id is a string, not ${typeof id}`);
    const { hub } = this;
    return {
      publish: (message) => hub.sendToUser(id, message),
      disconnect: (code, reason) => hub.closeUser(id, code, reason),
      count: () => this.count(userChannel(id)),
    };
  }

  /** @internal */
  async start(): Promise<void> {
    await this.cluster?.start(this.events);
  }

  /** @internal */
  async stop(): Promise<void> {
    this.hub.stop();
    if (this.cluster === undefined) return;
    await this.cluster.stop();
    this.reports.onStopped?.(this.cluster.node);
  }

  private async count(channel: string): Promise<number> {
    const others = (await this.cluster?.ask({ about: 'count', channel })) ?? [];
    const here = this.hub.registry.countOf(channel);
    return others.reduce<number>((sum, answer) => sum + (typeof answer === 'number' ? answer : 0), here);
  }
}

recognise(Channels, 'Channels');
