import type { CloseInfo, Violation } from '../protocol';
import type { Refusal } from '../handshake';
import type { Connection, Handshake } from './connection';

/** Why the engine ended a connection, or dropped or refused a message: the limit, and `heartbeat` for silence. */
export type LimitName =
  | 'heartbeat'
  | 'closeTimeoutMs'
  | 'maxBufferedBytes'
  | 'maxTotalBufferedBytes'
  | 'messagesPerSecond'
  | 'bytesPerSecond'
  | 'shutdown.deadlineMs';

/** What the engine reports to whoever watches: logs, metrics, traces. Nothing waits for an observer. */
export interface Observer {
  /** An upgrade was asked for: `opened` or `handshakeRefused` follows, or nothing where the client leaves before. */
  arrived?(handshake: Handshake): void;
  /** An upgrade request got this HTTP answer; for one that could not be read, `url` is empty. */
  handshakeRefused?(refusal: Refusal, handshake: Handshake): void;
  opened?(connection: Connection): void;
  closed?(connection: Connection, close: CloseInfo): void;
  /** A message has arrived: bytes, or UTF-16 units of text; 0 for one that is streamed. */
  received?(connection: Connection, size: number): void;
  /** A message was sent, as `received`, before it is compressed. It may be dropped where the peer does not read. */
  sent?(connection: Connection, size: number): void;
  /** Something was done to a connection because of this limit. */
  limited?(connection: Connection, limit: LimitName): void;
  /** The peer broke a rule of the protocol or a limit. */
  violated?(connection: Connection, violation: Violation): void;
  /** A handler threw, and nothing of the user's took care of it. `what`: where, such as `ChatController.join`. */
  failed?(error: unknown, what: string, connection?: Connection): void;
}
