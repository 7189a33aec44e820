/** A subscriber of a channel, on any process. */
export interface Member {
  readonly connectionId: string;
  /** The data that it subscribed with. */
  readonly data: unknown;
}
