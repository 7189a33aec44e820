/**
 * A backplane carries packets between the processes of one application, by way of a broker.
 *
 * Packets are published to subjects. A subject is the name of a channel, such as `room:7`, or a name of Portal's own, which has a space in
 * it and has at most 305 characters. One can also subscribe to a pattern of names: a part between colons that is `*` stands for any one
 * part, and a last part that is `**` for one or more.
 */
export interface Backplane {
  /** Keeps packets for clients that come back. Absent where the broker can keep none. */
  readonly history?: BackplaneHistory | undefined;

  /**
   * The longest packet that the broker takes, in bytes, as it was last known. `undefined` where it is not known, or where no packet is too
   * long. Portal does not give longer ones to `publish`.
   */
  readonly maxPacketBytes?: number | undefined;

  /**
   * Connects, and stays connected until `stop`: a connection that breaks is made anew, with all subscriptions. Calls `onUp` or `onDown`
   * for the first attempt, and resolves.
   */
  start(events: BackplaneEvents): Promise<void>;

  /** Resolves when all published packets have left, or the broker is away. Does not call `onDown`. */
  stop(): Promise<void>;

  /**
   * Resolves when the broker has confirmed the subscription, and rejects when the broker refuses it. While the broker is away it resolves
   * at once, and the subscription is made before `onUp`.
   */
  subscribe(subject: string): Promise<void>;

  unsubscribe(subject: string): Promise<void>;

  /**
   * Sends a packet to all subscribers of the subject, the own process too, in order, and once for each subscription that matches. Returns
   * `false` for a packet that was not sent, because the broker is away or too much is on its way to it. Never throws. The packet is not
   * changed afterwards.
   */
  publish(subject: string, packet: Uint8Array): boolean;
}

/** Receives what a backplane reports. */
export interface BackplaneEvents {
  /**
   * A packet came. `subject` is the name that it was published to, not the pattern that matched. `offset` is its place in the history, for
   * a packet that was appended.
   */
  onPacket(subject: string, packet: Buffer, offset?: string): void;
  /** The broker is connected, and all subscriptions hold. */
  onUp(): void;
  /** The connection broke, or the first attempt failed. Called once until the next `onUp`. */
  onDown(error: Error): void;
  /** So many packets that `publish` took may not have arrived. `reason` is the broker's answer, if there was one. */
  onLost(packets: number, reason?: Error): void;
  /**
   * The broker refuses a subscription that was asked for while it was away, or that it had allowed before. `onUp` comes all the same, and
   * the broker is asked again each time that it comes back.
   */
  onRefused?(subject: string, error: Error): void;
}

/** The messages of a channel that are kept. */
export interface HistoryOptions {
  /** The most messages that are kept: the latest. */
  readonly size: number;
  /** The age, in seconds, at which a message is dropped. */
  readonly ttlSeconds: number;
}

/** Identifies an appended packet. A packet that is appended again, because nobody knows whether it arrived, is kept once. */
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
 * The latest packets of subjects. An offset is `epoch-n`, two decimal numbers of at most 20 digits: n grows with each packet of a subject
 * while the epoch stays the same, and another epoch means that the packets of before are gone.
 */
export interface BackplaneHistory {
  /** The longest packet that the broker keeps, in bytes. Otherwise as `maxPacketBytes` of the backplane. */
  readonly maxPacketBytes?: number | undefined;

  /**
   * Keeps a packet and publishes it to all subscribers, with its offset. Packets are kept in the order of the calls. Resolves when the
   * packet is kept, or was kept before under this id. Rejects with an error whose `retry` is `true` when the broker was away, so that the
   * packet may not be kept. Any other error means that it never will be.
   */
  append(subject: string, packet: Uint8Array, id: PacketId, retention: HistoryOptions): Promise<void>;

  /** Resolves with the offset of the latest packet, or of the beginning where there is none. Rejects as `append` does. */
  last(subject: string, retention: HistoryOptions): Promise<string>;

  /**
   * Resolves with the packets right after an offset that `last`, `after` or `onPacket` gave, the oldest first: about `maxBytes` of them,
   * and at least one where there is one. Without `maxBytes` it is all of them. Resolves with `undefined` when one is gone, or may be.
   * Rejects as `append` does. Reading must hold up nothing else: Portal reads a few channels at once.
   */
  after(
    subject: string,
    since: string,
    retention: HistoryOptions,
    maxBytes?: number,
  ): Promise<KeptPacket[] | undefined>;
}
