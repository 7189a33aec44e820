export interface SubscribeOptions {
  /** What presence tells others about this subscriber; between processes it travels as JSON. */
  data?: unknown;
  /** The offset of the last message that was had, of a channel with history: all that came after it is sent first. */
  since?: string | undefined;
}

/** Where a subscriber stands in a channel with history. */
export interface Subscribed {
  /** Of its latest message: what comes after it can be asked for later. */
  readonly offset: string;
}
