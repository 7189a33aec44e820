import type { Bytes } from './bytes';
import type { ChannelMember } from './driver';
import type { SubscribeOptions, Subscribed } from './subscribe-options';
import type { Subscriber, Subscriptions } from './subscriptions';

/** Subscribes one connection to channels, and publishes in its name. */
export class Membership implements ChannelMember {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly subscriber: Subscriber,
  ) {}

  get channels(): readonly string[] {
    return this.subscriptions.channelsOf(this.subscriber);
  }

  subscribe(channel: string, options: SubscribeOptions): Promise<Subscribed | undefined> {
    return this.subscriptions.subscribe(this.subscriber, channel, options);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.subscriptions.unsubscribe(this.subscriber, channel);
  }

  subscribePattern(pattern: string): Promise<void> {
    return this.subscriptions.subscribePattern(this.subscriber, pattern);
  }

  unsubscribePattern(pattern: string): Promise<void> {
    return this.subscriptions.unsubscribePattern(this.subscriber, pattern);
  }

  publish(channel: string, message: string | Bytes): void {
    this.subscriptions.publish(this.subscriber, channel, message);
  }
}
