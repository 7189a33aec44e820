/**
 * What carries messages between the processes of one application: a broker, and a client for it. A subject is the name of a channel, such
 * as `room:7`; a pattern of names, in which a part between colons that is `*` stands for any one part and a last part that is `**` for
 * one or more; or a name of Portal's own, which has a space in it.
 */
export interface Backplane {
  /** What keeps messages for those who come back; absent where the broker can keep none. */
  readonly history?: BackplaneHistory | undefined;

  /**
   * The longest packet that the broker takes, in bytes, as it was last known; undefined or absent where that is not known, or nothing is
   * too long. Longer ones are not given to `publish`.
   */
  readonly maxPacketBytes?: number | undefined;

  /**
   * Connects, and stays connected until `stop`: what breaks is made anew, with all subscriptions. Resolves when the first attempt
   * has succeeded or failed, with `onUp` or `onDown` called before.
   */
  start(events: BackplaneEvents): Promise<void>;

  /** What was published has left when it resolves, unless the broker is away. Not to be told of by `onDown`. */
  stop(): Promise<void>;

  /** Resolves when the broker has confirmed it; while the broker is away at once, and is done before `onUp`. Rejects when the broker refuses. */
  subscribe(subject: string): Promise<void>;

  unsubscribe(subject: string): Promise<void>;

  /**
   * Sends a packet to all subscribers of the subject, ourselves too, once to each subscription that matches, in order. False: it was
   * not sent, since the broker is away, or too much is on its way to it. Never throws; the packet is not changed afterwards.
   */
  publish(subject: string, packet: Uint8Array): boolean;
}

/** What a backplane reports. */
export interface BackplaneEvents {
  /**
   * A packet came. `subject`: the one that it was published to, not the pattern that it matched. `offset`: where the history has it,
   * for those that were appended.
   */
  onPacket(subject: string, packet: Buffer, offset?: string): void;
  /** Connected, and all subscriptions hold. */
  onUp(): void;
  /** Not connected any more, or not at the first attempt; once until the next `onUp`. */
  onDown(error: Error): void;
  /** So many packets that `publish` took may not have arrived. `reason`: what the broker said to it, if it did. */
  onLost(packets: number, reason?: Error): void;
  /**
   * The broker refuses a subscription that it was asked for while it was away, or that it had allowed before; `onUp` comes all the same.
   * It is asked for again each time that the broker comes back.
   */
  onRefused?(subject: string, error: Error): void;
}

/** How long messages of a channel are kept. */
export interface HistoryOptions {
  /** The latest so many messages. */
  readonly size: number;
  readonly ttlSeconds: number;
}

/** Who appended a packet, so that one which is appended again, since nobody knows whether it had arrived, is there once. */
export interface PacketId {
  readonly node: string;
  /** Grows with each packet of the node. */
  readonly number: number;
}

export interface KeptPacket {
  readonly offset: string;
  readonly packet: Buffer;
}

/**
 * The latest packets of subjects. An offset is `epoch-n`: two decimal numbers; n grows with each packet of a subject while the epoch
 * is the same, and another epoch means that what was kept before is gone.
 */
export interface BackplaneHistory {
  /** The longest packet that the broker keeps, in bytes, as `maxPacketBytes` of the backplane. */
  readonly maxPacketBytes?: number | undefined;

  /**
   * Keeps a packet and publishes it to all subscribers, with its offset. Packets are kept in the order of the calls. Resolves
   * when it is kept, or was before, by its id. Rejects with an error whose `retry` is true when the broker was away, so that it may
   * not have been kept; any other error means that it never will be.
   */
  append(subject: string, packet: Uint8Array, id: PacketId, retention: HistoryOptions): Promise<void>;

  /** The offset of the latest; of the beginning, where there was none. Rejects while the broker is away. */
  last(subject: string, retention: HistoryOptions): Promise<string>;

  /**
   * Packets right after an offset that `last`, `after` or `onPacket` gave, the oldest first: about `maxBytes` of them (all, where that is
   * absent), at least one where there is one, and none where there is none. Undefined when one of them is gone, or may be. Rejects while the broker is away.
   * What this reads must hold up nothing else. Portal asks for a few channels at once.
   */
  after(
    subject: string,
    since: string,
    retention: HistoryOptions,
    maxBytes?: number,
  ): Promise<KeptPacket[] | undefined>;
}
