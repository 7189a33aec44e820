import type { Codec } from '../messages';
import type { AnswerHeaders, Origins, Refusal } from '../handshake';
import type { CloseInfo } from '../protocol';
import type { Connection } from './connection';
import type { Handshake } from '../handshake';
import type { PathLimits } from './limits';
import type { Compression } from './compression';
import type { MessageStream } from './message-stream';

/** How the messages of a path are read as events: by a codec, or not at all. */
export type CodecChoice = Codec | 'raw';

/** What an upgrade is accepted with. */
export interface Acceptance {
  /** One of the subprotocols that the client offers. Default: the first that the path speaks. */
  protocol?: string | undefined;
  /** More headers of the answer. An array is sent as several: `{ 'Set-Cookie': ['a=1', 'b=2'] }`. */
  headers?: AnswerHeaders | undefined;
}

/** What is decided about an upgrade. */
export type Verdict = Refusal | Acceptance | undefined;

/**
 * What is served at one path. Hooks may return a promise: the connection's next message waits for it. A hook that
 * throws or rejects is reported to the observer and closes the connection with 1011.
 */
export interface Endpoint {
  /** A pattern such as `/rooms/:room`. */
  readonly path: string;
  /** Names what failed in reports, such as `ChatController`; the path when absent. */
  readonly name?: string | undefined;
  /** Subprotocols that it speaks. */
  readonly protocols?: readonly string[] | undefined;
  /** Which pages may connect; the application's rule when absent. */
  readonly origins?: Origins<Handshake> | undefined;
  /** The application's hold for those that are absent. */
  readonly limits?: PathLimits | undefined;
  /** permessage-deflate; the application's setting when absent. */
  readonly compression?: boolean | Compression | undefined;
  /** Messages of one connection that may be handled at once; 1 when absent. */
  readonly concurrency?: number | undefined;
  /** For `emit` and `request`; by subprotocol where it is several. Default: JSON. */
  readonly codec?: CodecChoice | Readonly<Record<string, CodecChoice>> | undefined;
  /** Before the handshake is answered. What it throws is answered with 500. */
  readonly upgrade?: ((connection: Connection) => Promise<Verdict> | Verdict) | undefined;
  /** After the handshake; no message is handed over before it settles. */
  readonly open?: ((connection: Connection) => Promise<void> | void) | undefined;
  /** A text message. Absent: such a message is answered with 1003. */
  readonly text?: ((connection: Connection, message: string) => Promise<void> | void) | undefined;
  /** A binary message; the buffer belongs to the hook. Absent: such a message is answered with 1003. */
  readonly binary?: ((connection: Connection, message: Buffer) => Promise<void> | void) | undefined;
  /** Instead of `text`: the message while it arrives. */
  readonly textStream?: ((connection: Connection, message: MessageStream) => Promise<void> | void) | undefined;
  /** Instead of `binary`: the message while it arrives. */
  readonly binaryStream?: ((connection: Connection, message: MessageStream) => Promise<void> | void) | undefined;
  /** A message that comes faster than the limits allow, and is not handled. Absent: the connection is closed with 1008. */
  readonly tooFast?: ((connection: Connection, message: string | Buffer) => Promise<void> | void) | undefined;
  /** Whether a connection may subscribe to a channel: it rejects or throws where not. */
  readonly subscribe?: ((connection: Connection, channel: string) => Promise<void> | void) | undefined;
  readonly ping?: ((connection: Connection, payload: Buffer) => Promise<void> | void) | undefined;
  readonly pong?: ((connection: Connection, payload: Buffer) => Promise<void> | void) | undefined;
  /** What waits for the peer fell below the high-water mark again. */
  readonly drain?: ((connection: Connection) => Promise<void> | void) | undefined;
  /** Once for each connection, after its last message was handled. */
  readonly close?: ((connection: Connection, close: CloseInfo) => Promise<void> | void) | undefined;
  /** The last call for each connection, also for one whose upgrade was refused. Sources that it still sends come to their end first. */
  readonly release?: ((connection: Connection) => Promise<void> | void) | undefined;
}

export type Hook<Argument> = ((connection: Connection, argument: Argument) => Promise<void> | void) | undefined;
