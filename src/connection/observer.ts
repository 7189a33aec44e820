import type { CloseInfo, Violation } from '../protocol';
import type { Refusal } from '../handshake';
import type { Connection } from './connection';
import type { Handshake } from '../handshake';
import type { LimitName } from './limits';

/** For some time this process and the others did not hear of each other's messages, or may not have. */
export interface Gap {
  /** From when on: up to two seconds before it was noticed, since what was under way then may be lost too. */
  readonly since: Date;
  /** Until all subscriptions held again. */
  readonly ms: number;
  /** Messages of this process that did not reach the others, or may not have; those that were kept and sent later do not count. */
  readonly lost: number;
  /** Channels with history whose subscribers here missed messages that are not kept any more. */
  readonly unrecovered: readonly string[];
}

/**
 * What became of a published message beyond this process: nobody else is there, it is on its way, it waits until the backplane is back, it
 * is lost, or it is larger than the broker takes, so that it stays in this process.
 */
export type Others = 'none' | 'sent' | 'kept' | 'lost' | 'too_large';

/** A method that was called; the same object for all of its calls. */
export interface HandledCall {
  /** The pattern of the path. */
  readonly path: string;
  /** Names of the class and the method; '' for the method where only guards of the class were asked. */
  readonly controller: string;
  readonly method: string;
  /** `upgrade`, `open`, `message`, `subscribe`, `close`, `ping`, `pong` or `drain`. */
  readonly kind: string;
  /** The event that the method takes, where it takes one. */
  readonly event?: string;
}

interface Reports {
  /** An upgrade was asked for: `opened`, `handshakeRefused` or `abandoned` follows. */
  arrived(handshake: Handshake): void;
  /**
   * An upgrade request got this HTTP answer; for one that could not be read, `url` is empty, and nothing had `arrived`.
   * `path`: the pattern of what was asked for, where there is such a path.
   */
  handshakeRefused(refusal: Refusal, handshake: Handshake, path?: string): void;
  /** The client left while its upgrade was still to be decided, or was cut by `connection.terminate()`. */
  abandoned(handshake: Handshake, path: string, connection?: Connection): void;
  opened(connection: Connection): void;
  closed(connection: Connection, close: CloseInfo): void;
  /** A message has arrived: bytes, or UTF-16 units of text; 0 for one that is streamed. */
  received(connection: Connection, size: number): void;
  /** A message was sent, as `received`, before it is compressed. It may be dropped where the peer does not read. */
  sent(connection: Connection, size: number): void;
  /** So many bytes were read: frames as they came, compressed or not. */
  bytesRead(connection: Connection, bytes: number): void;
  /** So many bytes were given to the transport. */
  bytesWritten(connection: Connection, bytes: number): void;
  /** Something was done to a connection because of this limit. */
  limited(connection: Connection, limit: LimitName): void;
  /** The peer broke a rule of the protocol or a limit. */
  violated(connection: Connection, violation: Violation): void;
  /** The application ended a connection without a closing handshake. */
  terminated(connection: Connection): void;
  /**
   * A method of a controller has settled, guards and interceptors with it; an async iterable that it returned is still to be sent.
   * `error`: what it threw. The engine itself, without controllers, does not report it.
   */
  handled(call: HandledCall, ms: number, error?: unknown): void;
  /** A message was sent that `slowConsumer: 'drop'` dropped, since the peer does not read. */
  dropped(connection: Connection): void;
  /** A message was published, by a connection or by the application. */
  published(others: Others): void;
  /**
   * The backplane cannot be reached; `backplaneGap` follows when it is back, or `backplaneStopped`. `node`: which process and application
   * this is, among all on the backplane.
   */
  backplaneDown(error: Error, node?: string): void;
  /** The backplane is back, and all subscriptions with it. */
  backplaneGap(gap: Gap, node?: string): void;
  /** So many messages did not reach other processes, or may not have, beside those that a gap counts. */
  backplaneLost(messages: number): void;
  /** The application has stopped, whether or not the backplane was there. */
  backplaneStopped(node?: string): void;
  /** A handler threw, and nothing of the user's took care of it. `what`: where, such as `ChatController.join`. */
  failed(error: unknown, what: string, connection?: Connection): void;
}

/** What the engine reports to whoever watches: logs, metrics, traces. Nothing waits for an observer. */
export type Observer = { [Report in keyof Reports]?: Reports[Report] | undefined };
