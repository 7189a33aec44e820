export interface SubscribeOptions {
  /** Data that presence shows to others. It travels as JSON between processes. */
  data?: unknown;
  /**
   * Offset of the last message that the subscriber has, in a channel with history: all later messages are sent first.
   */
  since?: string | undefined;
}

/** The position of a subscriber in a channel with history. */
export interface Subscribed {
  /** Offset of the channel's latest message. Messages after it can be asked for later, as `since`. */
  readonly offset: string;
}
