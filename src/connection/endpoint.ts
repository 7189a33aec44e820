import type { Codec } from '../messages';
import type { AnswerHeaders, Origins, Refusal } from '../handshake';
import type { CloseInfo } from '../protocol';
import type { Connection } from './connection';
import type { Handshake } from '../handshake';
import type { PathLimits } from './limits';
import type { Compression } from './compression';
import type { MessageStream } from './message-stream';

/** The codec that reads messages as events; `raw`: messages are no events. */
export type CodecChoice = Codec | 'raw';

/** The acceptance of an upgrade. */
export interface Acceptance {
  /** One of the subprotocols that the client offers. Default: the first that the path speaks. */
  protocol?: string | undefined;
  /** Further headers of the answer. An array is sent as several headers: `{ 'Set-Cookie': ['a=1', 'b=2'] }`. */
  headers?: AnswerHeaders | undefined;
}

/** The decision about an upgrade. Undefined: accepted. */
export type Verdict = Refusal | Acceptance | undefined;

/**
 * Serves one path. Hooks may return a promise: the connection's next message waits for it. A hook that throws or
 * rejects is reported to the observer, and closes the connection with 1011.
 */
export interface Endpoint {
  /** A pattern such as `/rooms/:room`. */
  readonly path: string;
  /** Name in reports of failures, such as `ChatController`. Default: the path. */
  readonly name?: string | undefined;
  /** Subprotocols that the path speaks. */
  readonly protocols?: readonly string[] | undefined;
  /** Pages that may connect. Default: the application's rule. */
  readonly origins?: Origins<Handshake> | undefined;
  /** Limits of this path. Default: those of the application. */
  readonly limits?: PathLimits | undefined;
  /** permessage-deflate (RFC 7692). Default: the application's setting. */
  readonly compression?: boolean | Compression | undefined;
  /** Messages of one connection that may be handled at once. Default 1. */
  readonly concurrency?: number | undefined;
  /** Codec of `emit` and `request`, one for all subprotocols or one for each. Default: JSON. */
  readonly codec?: CodecChoice | Readonly<Record<string, CodecChoice>> | undefined;
  /** Called before the handshake is answered. An error is answered with 500. */
  readonly upgrade?: ((connection: Connection) => Promise<Verdict> | Verdict) | undefined;
  /** Called after the handshake. No message is handled before it settles. */
  readonly open?: ((connection: Connection) => Promise<void> | void) | undefined;
  /** Called for a text message. Absent: text messages close the connection with 1003. */
  readonly text?: ((connection: Connection, message: string) => Promise<void> | void) | undefined;
  /**
   * Called for a binary message; the buffer belongs to the hook. Absent: binary messages close the connection with
   * 1003.
   */
  readonly binary?: ((connection: Connection, message: Buffer) => Promise<void> | void) | undefined;
  /** Called instead of `text`, with the message while it arrives. */
  readonly textStream?: ((connection: Connection, message: MessageStream) => Promise<void> | void) | undefined;
  /** Called instead of `binary`, with the message while it arrives. */
  readonly binaryStream?: ((connection: Connection, message: MessageStream) => Promise<void> | void) | undefined;
  /** Called for a message beyond the rate limits, which is not handled. Absent: the connection is closed with 1008. */
  readonly tooFast?: ((connection: Connection, message: string | Buffer) => Promise<void> | void) | undefined;
  /** Called before a subscription to a channel. It throws or rejects to refuse it. */
  readonly subscribe?: ((connection: Connection, channel: string) => Promise<void> | void) | undefined;
  readonly ping?: ((connection: Connection, payload: Buffer) => Promise<void> | void) | undefined;
  readonly pong?: ((connection: Connection, payload: Buffer) => Promise<void> | void) | undefined;
  /** Called when no more than `highWaterMarkBytes` wait again. */
  readonly drain?: ((connection: Connection) => Promise<void> | void) | undefined;
  /** Called once for each connection, after its last message was handled. */
  readonly close?: ((connection: Connection, close: CloseInfo) => Promise<void> | void) | undefined;
  /**
   * Called last for each connection, also for one whose upgrade was refused. The connection's sources have ended by
   * then.
   */
  readonly release?: ((connection: Connection) => Promise<void> | void) | undefined;
}

export type Hook<Argument> = ((connection: Connection, argument: Argument) => Promise<void> | void) | undefined;
