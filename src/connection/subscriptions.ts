import type { Bytes } from './bytes';
import type { Connection } from './connection';
import type { Endpoint } from './endpoint';
import type { SharedMessage } from './shared-message';
import type { SubscribeOptions, Subscribed } from './subscribe-options';

/** A connection as channels see it. */
export interface Subscriber {
  readonly connection: Connection;
  readonly state: 'open' | 'closing' | 'closed';
  readonly sender: SharedSender;
  readonly route: { readonly endpoint: Endpoint };
}

/** Sends messages that many connections get. */
export interface SharedSender {
  /** True while no more than `highWaterMarkBytes` wait. */
  sendShared(message: SharedMessage): boolean;
  /** True where the message would be let in now; if not, `connection.drained()` waits until it would. */
  hasRoomFor(message: SharedMessage): boolean;
}

/** The channels that connections can subscribe to; `src/channels/` has them. */
export interface Subscriptions {
  subscribe(subscriber: Subscriber, channel: string, options: SubscribeOptions): Promise<Subscribed | undefined>;
  unsubscribe(subscriber: Subscriber, channel: string): Promise<void>;
  subscribePattern(subscriber: Subscriber, pattern: string): Promise<void>;
  unsubscribePattern(subscriber: Subscriber, pattern: string): Promise<void>;
  /** Names of the channels of a subscriber, in the order of its subscriptions; no patterns. */
  channelsOf(subscriber: Subscriber): string[];
  /** Publishes to all subscribers but this one. */
  publish(subscriber: Subscriber, channel: string, message: string | Bytes): void;
  /** Nothing can be sent to this subscriber any more. May be called again. */
  left(subscriber: Subscriber): void;
  /** The connection is open now, or the application has set another user, maybe before it is open. */
  identified(subscriber: Subscriber): void;
}

function none(): Error {
  return new Error('this engine has no channels: give it the option `subscriptions`');
}

export const NO_CHANNELS: Subscriptions = {
  subscribe: () => Promise.reject(none()),
  unsubscribe: () => Promise.reject(none()),
  subscribePattern: () => Promise.reject(none()),
  unsubscribePattern: () => Promise.reject(none()),
  channelsOf: () => [],
  publish: () => {
    throw none();
  },
  left: () => undefined,
  identified: () => undefined,
};
