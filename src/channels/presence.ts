import { isDeepStrictEqual } from 'node:util';
import { callUser } from '../messages';
import type { Cluster } from './cluster';
import type { Member } from './member';
import type { PresenceMessage } from './node-message';

export interface PresenceHandlers {
  /** A connection subscribed, or subscribed again with other data. */
  join?: ((member: Member) => unknown) | undefined;
  /** A connection unsubscribed or closed, or its process died. */
  leave?: ((member: Member) => unknown) | undefined;
}

/** A watched channel. */
export interface PresenceWatch {
  /** The members at present, always up to date. */
  readonly members: readonly Member[];
  /** Ends the watch: its handlers are not called any more. */
  stop(): void;
}

/** A channel that this node watches. */
class Watched {
  readonly handlers = new Set<PresenceHandlers>();
  /** The number of watches that wait for the members of other nodes. */
  beginning = 0;
  /** Members by node, and by connection. */
  readonly nodes = new Map<string, Map<string, Member>>();

  *members(): Iterable<Member> {
    for (const members of this.nodes.values()) yield* members.values();
  }

  membersOn(node: string): Map<string, Member> {
    let members = this.nodes.get(node);
    if (members === undefined) this.nodes.set(node, (members = new Map<string, Member>()));
    return members;
  }
}

/** Tells who comes to a channel and who leaves it, on any node. Nodes send presence messages only to nodes that watch the channel. */
export class Presence {
  private readonly watched = new Map<string, Watched>();
  /** The nodes that watch a channel. */
  private readonly watchers = new Map<string, Set<string>>();

  constructor(
    private readonly cluster: Cluster | undefined,
    /** Lists the members on this node. */
    private readonly membersHere: (channel: string) => Member[],
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Resolves when the members of all nodes are known. */
  async watch(channel: string, handlers: PresenceHandlers): Promise<PresenceWatch> {
    let watched = this.watched.get(channel);
    if (watched === undefined) {
      this.watched.set(channel, (watched = new Watched()));
      const here = watched.membersOn('');
      for (const member of this.membersHere(channel)) here.set(member.connectionId, member);
      this.cluster?.tellAll({ is: 'watch', channel });
    }
    watched.beginning++;
    // nodes send their members before they answer
    await this.cluster?.ask({ about: 'nothing', channel });
    watched.beginning--;
    const { handlers: all } = watched;
    // an object of its own, so that the same handlers can watch twice
    const own = {
      join: (member: Member) => handlers.join?.(member),
      leave: (member: Member) => handlers.leave?.(member),
    };
    all.add(own);
    return {
      get members() {
        return [...watched.members()];
      },
      stop: () => {
        if (!all.delete(own) || all.size > 0 || watched.beginning > 0) return;
        this.watched.delete(channel);
        this.cluster?.tellAll({ is: 'unwatch', channel });
      },
    };
  }

  joined(channel: string, member: Member): void {
    this.apply('', channel, [member], false);
    this.tellWatchers(channel, { is: 'joined', channel, member });
  }

  /** True where this node or another one watches the channel. */
  interests(channel: string): boolean {
    return this.watched.has(channel) || this.watchers.has(channel);
  }

  left(channel: string, connectionId: string): void {
    this.remove('', channel, connectionId);
    this.tellWatchers(channel, { is: 'left', channel, connectionId });
  }

  /** Takes a message of another node. */
  takeMessage(node: string, message: PresenceMessage): void {
    const { is, channel } = message;
    if (is === 'watch') this.addWatcher(node, channel);
    else if (is === 'unwatch') this.removeWatcher(node, channel);
    else if (!this.watched.has(channel)) this.cluster?.tell(node, { is: 'unwatch', channel });
    else if (is === 'left') this.remove(node, channel, message.connectionId);
    else if (is === 'joined') this.apply(node, channel, [message.member], false);
    else this.apply(node, channel, message.members, true);
  }

  onNode(node: string): void {
    for (const channel of this.watched.keys()) this.cluster?.tell(node, { is: 'watch', channel });
  }

  onNodeGone(node: string): void {
    for (const channel of this.watchers.keys()) this.removeWatcher(node, channel);
    for (const channel of this.watched.keys()) {
      this.apply(node, channel, [], true);
      this.watched.get(channel)?.nodes.delete(node);
    }
  }

  /** After an outage, messages of other nodes may have been lost. */
  onUp(): void {
    for (const channel of this.watched.keys()) this.cluster?.tellAll({ is: 'watch', channel });
    for (const [channel, nodes] of this.watchers) for (const node of nodes) this.tellMembers(node, channel);
  }

  private addWatcher(node: string, channel: string): void {
    let nodes = this.watchers.get(channel);
    if (nodes === undefined) this.watchers.set(channel, (nodes = new Set()));
    nodes.add(node);
    this.tellMembers(node, channel);
  }

  private removeWatcher(node: string, channel: string): void {
    const nodes = this.watchers.get(channel);
    if (nodes?.delete(node) === true && nodes.size === 0) this.watchers.delete(channel);
  }

  private tellMembers(node: string, channel: string): void {
    this.cluster?.tell(node, { is: 'members', channel, members: this.membersHere(channel) });
  }

  private tellWatchers(channel: string, message: PresenceMessage): void {
    for (const node of this.watchers.get(channel) ?? []) this.cluster?.tell(node, message);
  }

  /** `all` means that the node has no other members. */
  private apply(node: string, channel: string, members: readonly Member[], all: boolean): void {
    const watched = this.watched.get(channel);
    if (watched === undefined) return;
    const known = watched.membersOn(node);
    if (all) {
      const there = new Set(members.map(({ connectionId }) => connectionId));
      for (const id of [...known.keys()]) if (!there.has(id)) this.remove(node, channel, id);
    }
    for (const member of members) {
      const before = known.get(member.connectionId);
      known.set(member.connectionId, member);
      if (before === undefined || !isDeepStrictEqual(before.data, member.data)) this.tell(watched, 'join', member);
    }
  }

  private remove(node: string, channel: string, connectionId: string): void {
    const watched = this.watched.get(channel);
    const members = watched?.nodes.get(node);
    const member = members?.get(connectionId);
    if (member === undefined) return;
    members!.delete(connectionId);
    this.tell(watched!, 'leave', member);
  }

  private tell({ handlers }: Watched, what: 'join' | 'leave', member: Member): void {
    for (const handler of [...handlers]) {
      callUser(() => handler[what]?.(member), this.failed);
    }
  }
}
