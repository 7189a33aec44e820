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
  /** Channels of which something was missed for good, until the gap is reported. */
  private readonly lost = new Set<string>();

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
    if (is === 'close') this.hub.closeHere(subject, code as number | undefined, reason as string | undefined);
    else this.presence.take(node, what);
  }

  answer({ about, channel }: Record<string, unknown>): unknown {
    if (typeof channel !== 'string') return null;
    if (about === 'count') return this.hub.roster.countOf(channel);
    return about === 'members' ? this.hub.roster.membersOf(channel) : null;
  }

  onNode(node: string): void {
    this.presence.onNode(node);
  }

  onNodeGone(node: string): void {
    this.presence.onNodeGone(node);
  }

  /** Messages with an offset that come before those that are missed wait for them. */
  onDown(error: Error): void {
    this.pause();
    this.reports.onDown(error);
  }

  onUp(): void {
    // a catch-up from before may have ended after the backplane went away again
    this.pause();
    this.presence.onUp();
  }

  async catchUp(): Promise<void> {
    const { history, roster } = this.hub;
    if (history === undefined) return;
    await catchUp(roster.topics, history, this.lost, (topic, kept) => {
      // those who had missed something may have left, and others come
      if (roster.topics.get(topic.name) === topic) this.onKept(topic.name, kept);
    });
  }

  onGap(gap: Omit<Gap, 'unrecovered'>): void {
    const unrecovered = [...this.lost];
    this.lost.clear();
    this.reports.onGap({ ...gap, unrecovered });
  }

  failed(error: unknown): void {
    this.reports.failed(error, 'the backplane');
  }

  private pause(): void {
    for (const topic of this.hub.roster.topics) if (topic.keep !== undefined) topic.pause();
  }
}
