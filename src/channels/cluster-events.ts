import type { Gap, Others, SharedMessage } from '../connection';
import type { ClusterHost } from './cluster';
import type { Hub } from './hub';
import type { Answer, PresenceMessage, Question } from './node-message';
import type { Presence } from './presence';
import { catchUp } from './recovery';
import type { HistoryEntry } from './history-entry';

/** Receives reports for logs and observers. */
export interface Reports {
  failed(error: unknown, where: string): void;
  onDown(error: Error, node: string): void;
  onGap(gap: Gap, node: string): void;
  /** So many messages did not reach other processes, or may not have. A gap counts its own. */
  onLost?(messages: number): void;
  onStopped?(node: string): void;
  onPublished?: ((others: Others) => void) | undefined;
}

/** Passes what comes from the cluster on to subscribers, presence and reports. */
export class ClusterEvents implements ClusterHost {
  /** Channels with messages that cannot be recovered, until the gap is reported. */
  private readonly lost = new Set<string>();

  constructor(
    private readonly hub: Hub,
    private readonly presence: Presence,
    private readonly reports: Reports,
    private readonly node: string,
  ) {}

  onMessage(channel: string, message: SharedMessage): void {
    this.hub.registry.topics.deliver(channel, message);
  }

  onEntry(channel: string, entry: HistoryEntry): void {
    this.hub.registry.topics.deliverEntry(channel, entry);
  }

  onClose(subject: string, code: number | undefined, reason: string | undefined): void {
    this.hub.closeHere(subject, code, reason);
  }

  onPresence(node: string, message: PresenceMessage): void {
    this.presence.takeMessage(node, message);
  }

  answer({ about, channel }: Question): Answer {
    if (about === 'nothing') return null;
    const { registry } = this.hub;
    return about === 'count' ? registry.countOf(channel) : registry.membersOf(channel);
  }

  onNode(node: string): void {
    this.presence.onNode(node);
  }

  onNodeGone(node: string): void {
    this.presence.onNodeGone(node);
  }

  /** Messages with an offset wait from now on: those that are missed come before them. */
  onDown(error: Error): void {
    this.pause();
    this.reports.onDown(error, this.node);
  }

  onUp(): void {
    // a catch-up from before may have ended after the backplane went away again
    this.pause();
    this.presence.onUp();
  }

  async catchUp(): Promise<void> {
    const { history, registry } = this.hub;
    if (history === undefined) return;
    await catchUp(registry.topics, history, this.lost, (topic, entry) => {
      // those who had missed something may have left, and others come
      if (registry.topics.get(topic.name) === topic) this.onEntry(topic.name, entry);
    });
  }

  onGap(gap: Omit<Gap, 'unrecovered'>): void {
    const unrecovered = [...this.lost];
    this.lost.clear();
    this.reports.onGap({ ...gap, unrecovered }, this.node);
  }

  failed(error: unknown, lost = 0): void {
    if (lost > 0) this.reports.onLost?.(lost);
    this.reports.failed(error, 'the backplane');
  }

  private pause(): void {
    for (const topic of this.hub.registry.topics) if (topic.retention !== undefined) topic.pause();
  }
}
