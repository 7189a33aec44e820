import type { Gap, SharedMessage } from '../engine';
import type { ClusterHost } from './cluster';
import type { Hub } from './hub';
import type { Presence } from './presence';
import { catchUp } from './recovery';
import type { Kept } from './topic';

/** Whom to tell of what the cluster reports. */
export interface Reports {
  failed(error: unknown, where: string): void;
  onDown(error: Error): void;
  onGap(gap: Gap): void;
}

/** What comes from the cluster: to subscribers, to presence, to whoever asked. */
export class Arrivals implements ClusterHost {
  constructor(
    private readonly hub: Hub,
    private readonly presence: Presence,
    private readonly reports: Reports,
  ) {}

  onMessage(channel: string, message: SharedMessage): void {
    this.hub.roster.topics.deliver(channel, message);
  }

  onKept(channel: string, kept: Kept): void {
    this.hub.roster.topics.deliverKept(channel, kept);
  }

  onControl(node: string, subject: string, what: Record<string, unknown>): void {
    const { is, code, reason } = what;
    try {
      if (is === 'close') this.hub.closeHere(subject, code as number | undefined, reason as string | undefined);
      else this.presence.take(node, what);
    } catch (error) {
      this.failed(error);
    }
  }

  answer({ about, channel }: Record<string, unknown>): unknown {
    if (about === 'count') return this.hub.roster.countOf(String(channel));
    return about === 'members' ? this.hub.roster.membersOf(String(channel)) : null;
  }

  onNode(node: string): void {
    this.presence.onNode(node);
  }

  onNodeGone(node: string): void {
    this.presence.onNodeGone(node);
  }

  /** Messages with an offset that come before those that are missed wait for them. */
  onDown(error: Error): void {
    for (const topic of this.hub.roster.topics) if (topic.keep !== undefined) topic.pause();
    this.reports.onDown(error);
  }

  onUp(): void {
    this.presence.onUp();
  }

  async catchUp(): Promise<string[]> {
    const { history, roster } = this.hub;
    return history === undefined ? [] : catchUp(roster.topics, history, (channel, kept) => this.onKept(channel, kept));
  }

  onGap(gap: Gap): void {
    this.reports.onGap(gap);
  }

  failed(error: unknown): void {
    this.reports.failed(error, 'the backplane');
  }
}
