import { MAX_CONTROL_PAYLOAD, Opcode, type CloseInfo } from '../protocol';
import { requireBytes, type Bytes } from './bytes';
import type { Driver } from './driver';
import type { LimitName } from './limits';
import type { Chunks } from './outgoing-stream';
import type { OwnedSource } from './owned-source';
import type { Codec } from '../messages';
import type { RequestOptions } from './requests';
import { unawaited } from './unawaited';
import type { SubscribeOptions, Subscribed } from './subscribe-options';
import { isThenable, takeRejection } from '../messages';
import type { SendResult } from '../transport';
import type { Handshake } from '../handshake';

/** Results of a connection's handshake. */
export interface ConnectionFacts {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly queryString: string;
  readonly handshake: Handshake;
  readonly protocol: string;
}

export interface SendOptions {
  /**
   * True compresses a message below the threshold too; false does not compress it. Without effect where compression was
   * not agreed on.
   */
  compress?: boolean | undefined;
}

/**
 * One WebSocket. `Data` is the type of the application's own data.
 *
 * Large because it documents all that a connection offers: its driver does the work.
 */
export class Connection<Data = unknown> {
  /** The pattern of the endpoint, such as `/rooms/:room`. */
  readonly path: string;
  /** The values of the pattern's parameters, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly handshake: Handshake;
  private ownUser: { id: string } | undefined;
  private ownId: string | undefined;
  private ownData: Data | undefined;
  private agreedProtocol: string;
  private readonly queryString: string;
  private parsedQuery: URLSearchParams | undefined;

  /** @internal Connections are made by the engine. */
  constructor(
    private readonly driver: Driver,
    facts: ConnectionFacts,
  ) {
    this.path = facts.path;
    this.params = facts.params;
    this.handshake = facts.handshake;
    this.agreedProtocol = facts.protocol;
    this.queryString = facts.queryString;
  }

  /** A random UUID, unique among all connections of all servers; made when it is first read. */
  get id(): string {
    return (this.ownId ??= this.driver.identify());
  }

  /** @internal True once the id has been read. */
  get identified(): boolean {
    return this.ownId !== undefined;
  }

  /**
   * The user of the connection, which the application sets. `channels.toUser(id)` finds the connection by the user's
   * id.
   * @throws TypeError when the id is no string, by which nobody would find it
   * @throws TypeError for a promise
   */
  get user(): { id: string } | undefined {
    return this.ownUser;
  }

  set user(user: { id: string } | undefined) {
    if (isThenable(user)) {
      takeRejection(user, () => {});
      throw new TypeError('connection.user is a promise: await it');
    }
    const id: unknown = user?.id;
    if (id !== undefined && typeof id !== 'string') {
      takeRejection(id, () => {});
      throw new TypeError(
        `the id of connection.user is a string, not ${id === null ? 'null' : `a ${typeof id}`}: write String(id)`,
      );
    }
    this.ownUser = user;
    this.driver.identified();
  }

  /** The application's own data; an empty object at first. */
  get data(): Data {
    if (this.ownData === undefined) this.ownData = {} as Data;
    return this.ownData;
  }

  set data(data: Data) {
    this.ownData = data;
  }

  /** The subprotocol agreed on, or ''. */
  get protocol(): string {
    return this.agreedProtocol;
  }

  /** @internal True once the upgrade is accepted, refused or abandoned. */
  get decided(): boolean {
    return this.driver.decided;
  }

  /** @internal True where the observer has heard of this failure, such as that of a source of `sendStream`. */
  hasTold(error: unknown): boolean {
    return this.driver.hasTold(error);
  }

  /** @internal Sets the subprotocol that an upgrade hook has chosen. */
  agree(protocol: string): void {
    this.agreedProtocol = protocol;
  }

  /** @internal Makes the peer's messages wait until it has read, where much of what was sent waits for it. */
  holdBack(): void {
    this.driver.holdBack();
  }

  /** @internal Reports a limit that is not the engine's. */
  reached(limit: LimitName): void {
    this.driver.reached(limit);
  }

  /** @internal The codec that reads messages as events; undefined where messages are no events. */
  get codec(): Codec | undefined {
    return this.driver.codec;
  }

  get query(): URLSearchParams {
    return (this.parsedQuery ??= new URLSearchParams(this.queryString));
  }

  /**
   * `open` until either side sends its Close frame, then `closing`, and `closed` when the transport is gone. `closed`
   * too while the upgrade is pending, in `@OnUpgrade` and class guards.
   */
  get state(): 'open' | 'closing' | 'closed' {
    return this.driver.state;
  }

  /** True where permessage-deflate was agreed on. */
  get compressed(): boolean {
    return this.driver.sender.compresses;
  }

  /** Aborts when the connection leaves the state `open`, or its upgrade is refused. */
  get signal(): AbortSignal {
    return this.driver.signal;
  }

  /** Bytes that were sent, and that the operating system has not taken yet. */
  get bufferedBytes(): number {
    return this.driver.sender.bufferedBytes;
  }

  /**
   * Sends one message: a string as text, bytes as binary. Of a view of a buffer the bytes that it shows are sent. They
   * must not be changed until they have left. A `Blob` is sent by `sendStream(blob.stream())`.
   * @returns true where the message is sent, and no more than `highWaterMarkBytes` wait now; `sendResult` tells why not
   * @throws TypeError when the message is neither a string nor bytes
   */
  send(message: string | Bytes, options?: SendOptions): boolean {
    return this.sendResult(message, options) === 'sent';
  }

  /**
   * Sends one message as `send` does, and returns its outcome: `sent`; `queued`, where more than `highWaterMarkBytes`
   * wait now; `dropped` by `slowConsumer: 'drop'`; `closed`, where the connection is not open, or was closed as too
   * slow. Messages that are `dropped` or `closed` are not sent.
   * @throws TypeError when the message is neither a string nor bytes
   */
  sendResult(message: string | Bytes, options?: SendOptions): SendResult {
    if (typeof message === 'string') return this.driver.sender.sendText(message, options?.compress);
    return this.driver.sender.sendBinary(requireBytes(message), options?.compress);
  }

  /**
   * Sends one message in fragments, each chunk as it comes, and waits for the peer between chunks. The message is text
   * when the first chunk is a string, binary when it is bytes. It is not compressed, and messages that are sent
   * meanwhile follow it. Resolves when all is sent, or early when the connection closes.
   *
   * The connection takes over the source: it hears errors of a stream at once, and when it closes, or is not open, a
   * stream is destroyed, a `ReadableStream` is cancelled, and `return()` of an iterator is called.
   *
   * Rejects with what the source throws, or with a TypeError for a chunk that is neither a string nor bytes, or not
   * like the first. The message is incomplete then, so the connection is closed with 1011, and the failure is reported,
   * whether the promise is awaited or not.
   */
  sendStream(chunks: Chunks): Promise<void> {
    return this.driver.sender.sendStream(chunks);
  }

  /**
   * @internal Takes over a source of items that a handler returned.
   * @throws TypeError for a value that is no source
   */
  own<T>(source: unknown, failed: (error: unknown) => unknown): OwnedSource<T> {
    return this.driver.own(source, failed);
  }

  /**
   * Resolves when no more than `highWaterMarkBytes` wait and a message that was dropped would fit, or when nothing can
   * be sent any more. The source of a `sendStream` that is awaited must not await this: both would wait for each other.
   */
  drained(): Promise<void> {
    return this.driver.sender.drained();
  }

  /**
   * Sends an event, encoded by the path's codec. Returns what `send` returns.
   * @throws Error where the path is raw
   * @throws what the codec throws for data that it cannot express
   */
  emit(event: string, data?: unknown): boolean {
    return this.driver.sender.emit(event, data) === 'sent';
  }

  /**
   * Sends an event, and returns its outcome as `sendResult` does.
   * @throws what `emit` throws
   */
  emitResult(event: string, data?: unknown): SendResult {
    return this.driver.sender.emit(event, data);
  }

  /**
   * Sends an event that the peer answers, with the same event and id and either `data` or `error`, and resolves with
   * the data. The answer passes messages that wait for their handler, as long as those take less than
   * `maxMessageBytes`. So a handler may await it.
   *
   * Rejects
   * - with a `PortalError` with the code `timeout` after `timeoutMs` (default 10,000)
   * - with a `PortalError` that holds the peer's own error
   * - with a `ConnectionClosedError` when the connection closes before
   * - with the signal's reason when the signal aborts
   */
  request<R = unknown>(event: string, data?: unknown, options: RequestOptions = {}): Promise<R> {
    return unawaited(this.driver.waiters.request(event, data, options)) as Promise<R>;
  }

  /**
   * Sends a ping of at most 125 bytes, and resolves with the milliseconds until its pong. Rejects when the connection
   * closes before.
   */
  ping(payload?: string | Bytes): Promise<number> {
    return this.driver.waiters.ping(controlPayload(payload));
  }

  /**
   * Subscribes to a channel: the connection gets its messages until it closes or unsubscribes. Subscribing again
   * replaces `data`. Resolves when messages of all processes come: with the offset of the latest message where the
   * channel has history and the backplane is there, else with nothing. Names made of what a client sent are made by
   * `channelName`.
   *
   * Rejects, and changes nothing,
   * - with what `@OnSubscribe` throws, such as a `ForbiddenError`
   * - with a `ConnectionClosedError` when the connection is not open, or closes meanwhile
   * - with a TypeError for a malformed name, such as one with `*`, or data that is no JSON
   * - with a `PortalError` where `since` is given: `history_lost` when not all later messages are kept, `unavailable`
   * when that is unknown at the moment
   */
  subscribe(channel: string, options: SubscribeOptions = {}): Promise<Subscribed | undefined> {
    return this.driver.membership.subscribe(channel, options);
  }

  /** Unsubscribes from a channel, if subscribed. Rejects with a TypeError for a malformed name. */
  unsubscribe(channel: string): Promise<void> {
    return this.driver.membership.unsubscribe(channel);
  }

  /**
   * Subscribes to all channels whose names match a pattern: in `room:*` the star stands for one part of a name between
   * colons, in `room:**` for one or more. `@OnSubscribe` gets the pattern as it is written. Presence does not show such
   * subscriptions. Rejects as `subscribe` does, and with a TypeError for a malformed pattern.
   */
  subscribePattern(pattern: string): Promise<void> {
    return this.driver.membership.subscribePattern(pattern);
  }

  /** Unsubscribes from a pattern, if subscribed. Rejects with a TypeError for a malformed pattern. */
  unsubscribePattern(pattern: string): Promise<void> {
    return this.driver.membership.unsubscribePattern(pattern);
  }

  /**
   * Names of the channels that the connection is subscribed to at the moment, in the order of its subscriptions; no
   * patterns. Empty when the connection is not open.
   */
  get channels(): readonly string[] {
    return this.driver.membership.channels;
  }

  /**
   * Sends a message to all subscribers of a channel, on all processes, except this connection, which need not be
   * subscribed.
   * @throws TypeError when the message is neither a string nor bytes
   * @throws TypeError when the channel's name is malformed
   */
  publish(channel: string, message: string | Bytes): void {
    this.driver.membership.publish(channel, message);
  }

  /** Sends a pong of at most 125 bytes that answers no ping (RFC 6455 5.5.3). */
  pong(payload?: string | Bytes): void {
    this.driver.sender.sendControl(Opcode.Pong, controlPayload(payload));
  }

  /**
   * Starts the closing handshake, and resolves when the connection is closed. A message that has begun to arrive is
   * still delivered. Nothing can be sent any more.
   *
   * Before the handshake is answered, this refuses the upgrade: with the HTTP status 400 to 499 for the codes 4400 to
   * 4499, with 403 for all others, and with the reason as the body. It resolves at once then, with 1006.
   * @param code 1000–1003, 1007–1014 or 3000–4999; a Close frame without a code when absent
   * @param reason at most 123 bytes of UTF-8
   * @throws RangeError when code or reason may not be sent
   * @throws TypeError when they are of another type
   */
  close(code?: number, reason?: string): Promise<CloseInfo> {
    this.driver.close(code, reason);
    return this.driver.closed();
  }

  /** Ends the connection at once, without a Close frame; while the upgrade is pending, without an answer. */
  terminate(): void {
    this.driver.terminate();
  }
}

function controlPayload(payload: string | Bytes = ''): Buffer {
  const bytes = Buffer.from(typeof payload === 'string' ? payload : requireBytes(payload));
  if (bytes.length > MAX_CONTROL_PAYLOAD) {
    throw new RangeError(`a ping or pong carries at most ${MAX_CONTROL_PAYLOAD} bytes, this has ${bytes.length}`);
  }
  return bytes;
}
