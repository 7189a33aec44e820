import { isPattern } from '../../channels';
import type { Names } from './names';
import type { RedisLine } from './redis-line';

type Listener = (payload: Buffer, channel: Buffer) => void;

/** Dependencies of `RedisSubscriptions`. */
export interface SubscriptionsHost {
  readonly names: Names;
  readonly isCluster: boolean;
  /** `false` when the link has ended. */
  isOpen(): boolean;
  /** The line for subscriptions to a channel of Redis. */
  lineOf(channel: string): RedisLine;
  received(subject: string, payload: Buffer): void;
  /** The server did not confirm a request. */
  failed(error: Error): void;
}

/** The subscriptions of one link, and whether the server has confirmed them. */
export class RedisSubscriptions {
  /** One listener for each subject that is subscribed, or may be: the client of Redis would lose count of several. */
  private readonly listeners = new Map<string, Listener>();
  private readonly unconfirmed = new Map<string, Promise<void>>();

  constructor(private readonly host: SubscriptionsHost) {}

  /** Resolves when the server has confirmed the subscription, or the link has ended. Rejects when the server refuses it. */
  subscribe(subject: string): Promise<void> {
    if (!this.host.isOpen()) return Promise.resolve();
    const { channel, line } = this.at(subject);
    let listener = this.listeners.get(subject);
    if (listener === undefined) this.listeners.set(subject, (listener = this.listener(subject, line)));
    let reply: Promise<void>;
    if (this.host.isCluster) reply = line.client.sSubscribe(channel, listener, true);
    else if (isPattern(subject)) reply = line.client.pSubscribe(this.host.names.glob(subject), listener, true);
    else reply = line.client.subscribe(channel, listener, true);
    return this.confirmation(subject, reply, true);
  }

  /** Resolves and rejects as `subscribe` does. */
  unsubscribe(subject: string): Promise<void> {
    const listener = this.listeners.get(subject);
    if (!this.host.isOpen() || listener === undefined) return Promise.resolve();
    const { channel, line } = this.at(subject);
    let reply: Promise<void>;
    if (this.host.isCluster) reply = line.client.sUnsubscribe(channel, listener, true);
    else if (isPattern(subject)) reply = line.client.pUnsubscribe(this.host.names.glob(subject), listener, true);
    else reply = line.client.unsubscribe(channel, listener, true);
    return this.confirmation(subject, reply, false);
  }

  /** Resolves when all requests are confirmed or refused, also those that came meanwhile. */
  async settled(): Promise<void> {
    while (this.unconfirmed.size > 0) await Promise.allSettled(this.unconfirmed.values());
  }

  private at(subject: string): { channel: string; line: RedisLine } {
    const channel = this.host.names.channel(subject);
    return { channel, line: this.host.lineOf(channel) };
  }

  private listener(subject: string, line: RedisLine): Listener {
    const { host } = this;
    const isOne = !isPattern(subject);
    return (payload, channel) => {
      line.heard();
      host.received(isOne ? subject : host.names.subject(channel.toString()), payload);
    };
  }

  private confirmation(subject: string, reply: Promise<void>, isSubscribed: boolean): Promise<void> {
    let isHeld = isSubscribed;
    const confirmed = reply
      .catch((error: Error) => {
        isHeld = false;
        this.host.failed(error);
        // the next link asks for it again
        if (this.host.isOpen()) throw error;
      })
      .finally(() => {
        if (this.unconfirmed.get(subject) !== confirmed) return;
        this.unconfirmed.delete(subject);
        if (!isHeld) this.listeners.delete(subject);
      });
    this.unconfirmed.set(subject, confirmed);
    return confirmed;
  }
}
