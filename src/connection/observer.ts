import type { CloseInfo, Violation } from '../protocol';
import type { Refusal } from '../handshake';
import type { Connection } from './connection';
import type { Handshake } from '../handshake';
import type { LimitName } from './limits';

/** A time in which this process and the others did not get each other's messages, or may not have. */
export interface Gap {
  /** Begin of the gap: up to two seconds before it was noticed, since messages under way then may be lost too. */
  readonly since: Date;
  /** Milliseconds until all subscriptions held again. */
  readonly ms: number;
  /**
   * Messages of this process that did not reach the others, or may not have. Messages that were kept and sent later do
   * not count.
   */
  readonly lost: number;
  /** Channels with history whose subscribers here missed messages that are not kept any more. */
  readonly unrecovered: readonly string[];
}

/**
 * The fate of a published message beyond this process: `none`: no other process is there; `sent`: it is on its way;
 * `kept`: it waits until the backplane is back; `lost`; `too_large`: the broker does not take it, so it stays in this
 * process.
 */
export type Others = 'none' | 'sent' | 'kept' | 'lost' | 'too_large';

/** A method that was called. All of its calls share one object. */
export interface HandledCall {
  /** The pattern of the path. */
  readonly path: string;
  /** Name of the class. */
  readonly controller: string;
  /** Name of the method; '' where only guards of the class were called. */
  readonly method: string;
  /** `upgrade`, `open`, `message`, `subscribe`, `close`, `ping`, `pong` or `drain`. */
  readonly kind: string;
  /** The event that the method handles, if any. */
  readonly event?: string;
}

interface Reports {
  /** A client asks for an upgrade. `opened`, `handshakeRefused` or `abandoned` follows. */
  arrived(handshake: Handshake): void;
  /**
   * An upgrade request was refused with this HTTP answer. `url` is empty for a request that could not be read, which
   * had not `arrived`. `path`: the pattern of the path, where there is such a path.
   */
  handshakeRefused(refusal: Refusal, handshake: Handshake, path?: string): void;
  /** The client left while its upgrade was pending, or `connection.terminate()` cut it. */
  abandoned(handshake: Handshake, path: string, connection?: Connection): void;
  opened(connection: Connection): void;
  closed(connection: Connection, close: CloseInfo): void;
  /**
   * A message has arrived. `size`: bytes, or UTF-16 units of text; 0 for a message that is handed over while it
   * arrives.
   */
  received(connection: Connection, size: number): void;
  /**
   * A message was sent. `size`: as in `received`, before compression. The message may still be dropped where the peer
   * does not read.
   */
  sent(connection: Connection, size: number): void;
  /** Bytes of frames were read, as they came, compressed or not. */
  bytesRead(connection: Connection, bytes: number): void;
  /** Bytes of frames were given to the transport. */
  bytesWritten(connection: Connection, bytes: number): void;
  /** A connection was ended, or one of its messages dropped or refused, because of this limit. */
  limited(connection: Connection, limit: LimitName): void;
  /** The peer broke a rule of the protocol or a limit. */
  violated(connection: Connection, violation: Violation): void;
  /** The application ended a connection without a closing handshake. */
  terminated(connection: Connection): void;
  /**
   * A method of a controller has settled, with its guards and interceptors. An async iterable that it returned is still
   * to be sent. `error`: what the method threw. Only applications with controllers report this.
   */
  handled(call: HandledCall, ms: number, error?: unknown): void;
  /** `slowConsumer: 'drop'` dropped a message, since the peer does not read. */
  dropped(connection: Connection): void;
  /** A message was published, by a connection or by the application. */
  published(others: Others): void;
  /**
   * The backplane cannot be reached. `backplaneGap` follows when it is back, else `backplaneStopped`. `node`: this
   * process and application, among all on the backplane.
   */
  backplaneDown(error: Error, node?: string): void;
  /** The backplane is back, and all subscriptions with it. */
  backplaneGap(gap: Gap, node?: string): void;
  /** Messages did not reach other processes, or may not have, besides those that a gap counts. */
  backplaneLost(messages: number): void;
  /** The application has stopped, whether or not the backplane was there. */
  backplaneStopped(node?: string): void;
  /** A handler threw, and no error handler took the error. `what`: the place, such as `ChatController.join`. */
  failed(error: unknown, what: string, connection?: Connection): void;
}

/** Hears reports of the engine, for logs, metrics and traces. Nothing waits for an observer. */
export type Observer = { [Report in keyof Reports]?: Reports[Report] | undefined };
