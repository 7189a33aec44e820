import { randomBytes } from 'node:crypto';
import type { Clock } from '../messages';
import type { Gap, Others, SharedMessage } from '../connection';
import type { Backplane } from './backplane';
import { ClusterHistory } from './cluster-history';
import { ContainedBackplane } from './contained-backplane';
import { Nodes } from './nodes';
import type { Answer, NodeMessage, PresenceMessage, Question } from './node-message';
import {
  hasNodeMessage,
  historyEntryIn,
  messageIn,
  nodeMessageIn,
  Packer,
  unpack,
  VERSION,
  type Packet,
} from './packet';
import { Recent } from './recent';
import { Relay } from './relay';
import type { HistoryEntry } from './history-entry';

/** The subject to which all nodes subscribe. The names of channels have no space. */
const ALL = 'all nodes';

/** The pause before a catch-up that failed is tried again, and before lost packets are reported. */
const RETRY_MS = 250;

const directTo = (node: string): string => `node ${node}`;

/** Receives what the cluster brings to this process. */
export interface ClusterHost {
  onMessage(channel: string, message: SharedMessage): void;
  onEntry(channel: string, entry: HistoryEntry): void;
  /** The connections that subscribe to the channel are to be closed. */
  onClose(channel: string, code: number | undefined, reason: string | undefined): void;
  onPresence(node: string, message: PresenceMessage): void;
  answer(question: Question): Answer;
  onNode(node: string): void;
  onNodeGone(node: string): void;
  onDown(error: Error): void;
  onUp(): void;
  /** Delivers the messages with history that were missed. Rejects when the backplane is away again. */
  catchUp(): Promise<void>;
  onGap(gap: Omit<Gap, 'unrecovered'>): void;
  /** `lost` is the number of messages that are lost with it and that no gap counts. */
  failed(error: unknown, lost?: number): void;
}

/** This process among the others on a backplane. */
export class Cluster {
  private readonly packer = new Packer(randomBytes(8).toString('hex'));
  private readonly relay: Relay;
  private readonly nodes: Nodes;
  private readonly recent = new Recent();
  readonly history: ClusterHistory | undefined;
  private host!: ClusterHost;
  private ups = 0;
  /** Both are reported once, until the backplane comes back. */
  private hasToldSize = false;
  private hasToldLost = false;
  private hasToldForeign = false;
  private lostBecause: Error | undefined;
  private readonly backplane: Backplane;

  constructor(
    own: Backplane,
    private readonly clock: Clock,
  ) {
    const backplane = new ContainedBackplane(own);
    this.backplane = backplane;
    this.relay = new Relay(backplane, clock);
    this.nodes = new Nodes(
      {
        tellAll: (message) => this.tellAll(message),
        tell: (node, message) => this.tell(node, message),
        answer: (question) => this.host.answer(question),
        appeared: (node) => this.host.onNode(node),
        vanished: (node) => {
          this.recent.forget(node);
          this.host.onNodeGone(node);
        },
      },
      clock,
    );
    if (backplane.history !== undefined) {
      this.history = new ClusterHistory(
        backplane.history,
        this.packer,
        clock,
        (error, lost) => this.host.failed(error, lost),
        (channel) => this.ignore(channel),
      );
    }
  }

  get node(): string {
    return this.packer.node;
  }

  async start(host: ClusterHost): Promise<void> {
    this.host = host;
    for (const subject of [ALL, directTo(this.node)]) this.report(this.subscribe(subject));
    await this.backplane.start({
      onPacket: (subject, bytes, offset) => this.onPacket(subject, bytes, offset),
      onUp: () => this.onUp(),
      onDown: (error) => this.onDown(error),
      onLost: (packets, reason) => this.onLost(packets, reason),
      onRefused: (subject, cause) =>
        this.host.failed(new Error(`the broker refuses the subscription to ${subject}`, { cause })),
    });
  }

  async stop(): Promise<void> {
    this.nodes.stop();
    const lost = this.relay.stop() + ((await this.history?.stop()) ?? 0);
    if (lost > 0)
      this.host.failed(new Error(`${lost} messages waited for the backplane at the end, and are lost`), lost);
    await this.backplane.stop();
  }

  /** Rejects where the broker refuses. */
  subscribe(subject: string): Promise<void> {
    return this.backplane.subscribe(subject);
  }

  unsubscribe(subject: string): void {
    this.report(this.backplane.unsubscribe(subject));
  }

  /** Reports the failure of work that nobody waits for. */
  report(work: Promise<void> | undefined): void {
    work?.catch((error: unknown) => this.host.failed(error));
  }

  publish(channel: string, message: SharedMessage): Others {
    return this.toldIfLost(channel, this.relay.publish(channel, this.packer.message(message)));
  }

  tellAll(message: NodeMessage): void {
    this.tellAt(ALL, message);
  }

  tell(node: string, message: NodeMessage): void {
    this.tellAt(directTo(node), message);
  }

  tellAt(subject: string, message: NodeMessage): Others {
    return this.toldIfLost(subject, this.relay.publish(subject, this.packer.nodeMessage(message)));
  }

  /**
   * The publisher learns that its message is too large from the result. The log tells it to those who set the limits of the broker, once
   * until the backplane comes back, since clients may cause it.
   */
  told(subject: string, others: Others): Others {
    if (others === 'too_large' && !this.hasToldSize) {
      this.hasToldSize = true;
      this.host.failed(new Error(`a message to ${subject} is larger than the broker takes: it stays in this process`));
    }
    return others;
  }

  private toldIfLost(subject: string, others: Others): Others {
    if (others === 'lost' && !this.hasToldLost) {
      this.hasToldLost = true;
      this.host.failed(new Error(`messages to other processes are lost, since too many wait for the backplane`));
    }
    return this.told(subject, others);
  }

  ask(question: Question): Promise<Answer[]> {
    return this.nodes.ask(question);
  }

  /** Packets of other programs must do no harm. */
  private onPacket(subject: string, bytes: Buffer, offset: string | undefined): void {
    const packet = unpack(bytes);
    if (packet === undefined) return this.ignore(subject);
    try {
      this.take(subject, packet, offset);
    } catch (error) {
      this.host.failed(error);
    }
  }

  private take(subject: string, packet: Packet, offset: string | undefined): void {
    const { node, number } = packet;
    if (offset === undefined && node === this.node) this.takeOwn(packet);
    else if (!this.recent.isNew(node, number)) return;
    else if (offset !== undefined) this.host.onEntry(subject, historyEntryIn(packet, offset));
    else if (hasNodeMessage(packet)) this.takeNodeMessage(subject, packet);
    else this.host.onMessage(subject, messageIn(packet));
  }

  private takeOwn(packet: Packet): void {
    const message = hasNodeMessage(packet) ? nodeMessageIn(packet) : undefined;
    if (message?.is === 'beat' && message.at !== undefined) this.relay.confirm(message.at);
  }

  private takeNodeMessage(subject: string, packet: Packet): void {
    const message = nodeMessageIn(packet);
    if (message === undefined) return this.ignore(subject);
    this.nodes.takeMessage(packet.node, message);
    switch (message.is) {
      case 'close':
        return this.host.onClose(subject, message.code, message.reason);
      case 'watch':
      case 'unwatch':
      case 'members':
      case 'joined':
      case 'left':
        return this.host.onPresence(packet.node, message);
      default:
    }
  }

  /** Reports once that packets come which this version of Portal cannot read. */
  private ignore(subject: string): void {
    if (this.hasToldForeign) return;
    this.hasToldForeign = true;
    this.host.failed(
      new Error(
        `packets on ${subject} are ignored, as all others like them: another program sends them, or another version ` +
          `of Portal (this one reads version ${VERSION} of packets)`,
      ),
    );
  }

  private onLost(packets: number, reason?: Error): void {
    this.relay.onLost(packets);
    this.lostBecause = reason;
    // most often the connection breaks, and a gap counts them
    this.clock.after(RETRY_MS, () => {
      const lost = this.relay.takeLost();
      if (lost === 0) return;
      const message = `the broker did not take ${lost} messages to other processes`;
      this.host.failed(new Error(message, { cause: this.lostBecause }), lost);
    });
  }

  private onUp(): void {
    this.ups++;
    this.hasToldSize = false;
    this.hasToldLost = false;
    this.relay.onUp();
    this.nodes.onUp();
    this.history?.onUp();
    this.host.onUp();
    void this.catchUp(this.ups);
  }

  private async catchUp(up: number): Promise<void> {
    try {
      await this.host.catchUp();
      const gap = up === this.ups ? this.relay.takeGap() : undefined;
      if (gap !== undefined) this.host.onGap(gap);
    } catch {
      // away again; where that is not noticed, it is tried again
      this.clock.after(RETRY_MS, () => {
        if (up === this.ups && this.relay.up) void this.catchUp(up);
      });
    }
  }

  private onDown(error: Error): void {
    this.relay.onDown();
    this.nodes.onDown();
    this.history?.onDown();
    this.host.onDown(error);
  }
}
