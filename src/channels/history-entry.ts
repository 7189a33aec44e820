import type { SharedMessage } from '../connection';

/** A message of a channel with history. */
export interface HistoryEntry {
  readonly offset: string;
  readonly message: SharedMessage;
  /** The id of the connection that published the message. */
  readonly sender: string | undefined;
}
