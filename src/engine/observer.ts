import type { CloseInfo, Violation } from '../protocol';
import type { Refusal } from '../handshake';
import type { Connection } from './connection';

/** What the engine reports to whoever watches: logs, metrics, traces. Nothing waits for an observer. */
export interface Observer {
  /** An upgrade request got this HTTP answer. `remoteAddress` and `url` as the request had them. */
  handshakeRefused?(
    refusal: Refusal,
    request: { url: string; remoteAddress: string; origin?: string | undefined },
  ): void;
  opened?(connection: Connection): void;
  closed?(connection: Connection, close: CloseInfo): void;
  /** The peer broke a rule of the protocol or a limit. */
  violated?(connection: Connection, violation: Violation): void;
  /** A handler threw, and nothing of the user's took care of it. `what`: where, such as `ChatController.join`. */
  failed?(error: unknown, what: string, connection?: Connection): void;
}
