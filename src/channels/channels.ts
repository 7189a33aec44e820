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
  /** What connects the processes of the application. Default: none, there is one process. */
  backplane?: Backplane | undefined;
  /** Channels that keep their messages, by name or pattern. Default: none. */
  history?: Readonly<Record<string, HistoryOptions>> | undefined;
}

export interface PublishOptions {
  /** Only to the subscribers of this process: for what every process tells its own. Nothing of it is kept. Default false. */
  local?: boolean | undefined;
}

/** All connections of one user, on all processes: those whose `connection.user` has the id. */
export interface UserConnections {
  /** @throws TypeError when the message is neither a string nor bytes */
  publish(message: string | Bytes): Publication;
  /** Closes all of them. @throws RangeError when code or reason may not be sent */
  disconnect(code?: number, reason?: string): void;
  /** How many there are. */
  count(): Promise<number>;
}

/** Publish and subscribe: `connection.subscribe(channel)`, and what the application does with channels. Injectable. */
export class Channels {
  /** @internal */
  readonly hub: Hub;
  private readonly presenceOfAll: Presence;
  private readonly cluster: Cluster | undefined;
  private readonly events: ClusterEvents;

  /** @internal @throws TypeError or RangeError for options that are wrong */
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
   * Sends a message to all subscribers of a channel, on all processes: a string as text, bytes as binary. Bytes must not be changed
   * until they have left.
   * @throws TypeError when the message is neither a string nor bytes, or the channel is no name of one
   */
  publish(channel: string, message: string | Bytes, { local = false }: PublishOptions = {}): Publication {
    return this.hub.send(channel, message, undefined, local);
  }

  /**
   * How many connections subscribe to this channel by its name, on all processes. A process that does not answer within a second is
   * left out. Rejects with a TypeError for what is no name.
   */
  async subscribers(channel: string): Promise<number> {
    checkName(channel);
    return this.count(channel);
  }

  /** Who they are, with the data that each subscribed with. Rejects with a TypeError for what is no name. */
  async presence(channel: string): Promise<Member[]> {
    checkName(channel);
    const others = (await this.cluster?.ask({ about: 'members', channel })) ?? [];
    const membersOfOthers = others.flatMap((answer) => (typeof answer === 'object' ? (answer ?? []) : []));
    return [...this.hub.registry.membersOf(channel), ...membersOfOthers];
  }

  /**
   * Tells who comes to a channel and who leaves it, on all processes, from now on. A process that dies has left within five seconds.
   * Resolves when those who are there already are known: they are its `members`.
   * Rejects with a TypeError for what is no name.
   */
  async watch(channel: string, handlers: PresenceHandlers): Promise<PresenceWatch> {
    checkName(channel);
    return this.presenceOfAll.watch(channel, handlers);
  }

  /** @throws TypeError when the id is not a string; no string has a meaning of its own */
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
