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

/** What the handshake decided about a connection. */
export interface ConnectionFacts {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly queryString: string;
  readonly handshake: Handshake;
  readonly protocol: string;
}

export interface SendOptions {
  /** True compresses a message below the threshold too, false none; without effect where compression was not agreed on. */
  compress?: boolean | undefined;
}

/**
 * One WebSocket. `Data` is the type of what an application keeps on it.
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

  /** Unique among all connections of all servers (a random UUID, made when it is first asked for). */
  get id(): string {
    return (this.ownId ??= this.driver.identify());
  }

  /** @internal Whether anybody knows its id. */
  get identified(): boolean {
    return this.ownId !== undefined;
  }

  /**
   * Who this is, for the application to set; `channels.toUser(id)` finds it by that id.
   * @throws TypeError when it is set with an id that is no string, by which nobody would find it, and for a promise
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

  /** For the application's use; an empty object at first. */
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

  /** @internal Whether its upgrade was accepted or refused, or nobody waits for an answer any more. */
  get decided(): boolean {
    return this.driver.decided;
  }

  /** @internal Whether a failure has been reported already, as that of a source of `sendStream`. */
  hasTold(error: unknown): boolean {
    return this.driver.hasTold(error);
  }

  /** @internal An upgrade hook chose another. */
  agree(protocol: string): void {
    this.agreedProtocol = protocol;
  }

  /** @internal An answer waits: messages of the peer do too, where the next answer might not fit. */
  holdBack(): void {
    this.driver.holdBack();
  }

  /** @internal A limit that is not the engine's. */
  reached(limit: LimitName): void {
    this.driver.reached(limit);
  }

  /** @internal How its messages are read as events; undefined where they are none. */
  get codec(): Codec | undefined {
    return this.driver.codec;
  }

  get query(): URLSearchParams {
    return (this.parsedQuery ??= new URLSearchParams(this.queryString));
  }

  /**
   * `open` until either side sends its Close frame, `closed` when the transport is gone; `closed` too while the upgrade is
   * not answered yet, in `@OnUpgrade` and class guards.
   */
  get state(): 'open' | 'closing' | 'closed' {
    return this.driver.state;
  }

  /** Whether permessage-deflate was agreed on. */
  get compressed(): boolean {
    return this.driver.sender.compresses;
  }

  /** Aborts when the connection leaves the state `open`, or its upgrade is refused. */
  get signal(): AbortSignal {
    return this.driver.signal;
  }

  /** Bytes sent that the operating system has not taken yet. */
  get bufferedBytes(): number {
    return this.driver.sender.bufferedBytes;
  }

  /**
   * Sends one message: a string as text, bytes as binary, those of any view of a buffer as they lie there. Bytes must not be changed until
   * they have left. A `Blob` is sent by `sendStream(blob.stream())`.
   * @returns whether it is sent, and no more than `highWaterMarkBytes` wait now; `sendResult` says why not
   * @throws TypeError when the message is neither a string nor bytes
   */
  send(message: string | Bytes, options?: SendOptions): boolean {
    return this.sendResult(message, options) === 'sent';
  }

  /**
   * Sends one message as `send` does, and says what became of it: `sent`; `queued`, where more than `highWaterMarkBytes` wait now;
   * `dropped` by `slowConsumer: 'drop'`; `closed` where the connection is not open, or was closed as too slow. A message that was
   * dropped, or found the connection closed, is not sent.
   * @throws TypeError when the message is neither a string nor bytes
   */
  sendResult(message: string | Bytes, options?: SendOptions): SendResult {
    if (typeof message === 'string') return this.driver.sender.sendText(message, options?.compress);
    return this.driver.sender.sendBinary(requireBytes(message), options?.compress);
  }

  /**
   * Sends one message in fragments, each chunk as it comes, and waits for the peer between them: text when the first chunk
   * is a string, binary when it is bytes. Messages sent meanwhile follow it; it is not compressed. Resolves when all is
   * sent, or early when the connection closes.
   *
   * The source is taken over by the call: errors of a stream are heard from then on, and when the connection is not open, or closes, a
   * stream is destroyed, a `ReadableStream` cancelled, an iterator told by `return()`.
   *
   * Rejects with what the source throws, or a TypeError for a chunk that is no string and no bytes or not like the first;
   * the message is incomplete then, so the connection is closed with 1011, and the failure is in the log, whether anybody awaits it or not.
   */
  sendStream(chunks: Chunks): Promise<void> {
    return this.driver.sender.sendStream(chunks);
  }

  /** @internal Takes over what a handler returned. @throws TypeError when it is no source of items */
  own<T>(source: unknown, failed: (error: unknown) => unknown): OwnedSource<T> {
    return this.driver.own(source, failed);
  }

  /**
   * Resolves when no more than `highWaterMarkBytes` wait and a message that was dropped would find room, or when nothing can be sent
   * any more. What waits for the end of a `sendStream` waits for its source too, which therefore must not await this.
   */
  drained(): Promise<void> {
    return this.driver.sender.drained();
  }

  /**
   * Sends an event, encoded by the path's codec. Returns what `send` returns.
   * @throws Error where the path is raw; what the codec throws for data that it cannot express
   */
  emit(event: string, data?: unknown): boolean {
    return this.driver.sender.emit(event, data) === 'sent';
  }

  /** Sends an event, and says what became of it as `sendResult` does. Throws what `emit` throws. */
  emitResult(event: string, data?: unknown): SendResult {
    return this.driver.sender.emit(event, data);
  }

  /**
   * Sends an event that the peer answers, with the same event and id and either `data` or `error`, and resolves with the
   * data. The answer passes messages that wait for their handler, so a handler may await it, as long as those take less than
   * `maxMessageBytes`.
   *
   * Rejects with a `PortalError`: `timeout` after `timeoutMs` (default 10,000), or the peer's own error; with a
   * `ConnectionClosedError` when the connection closes before; with the signal's reason when that aborts.
   */
  request<R = unknown>(event: string, data?: unknown, options: RequestOptions = {}): Promise<R> {
    return unawaited(this.driver.waiters.request(event, data, options)) as Promise<R>;
  }

  /**
   * Sends a ping of at most 125 bytes and resolves with the milliseconds until its pong; rejects when the connection
   * closes before.
   */
  ping(payload?: string | Bytes): Promise<number> {
    return this.driver.waiters.ping(controlPayload(payload));
  }

  /**
   * From now on, until the connection closes or gives it up, it is sent what is published to this channel. Subscribing again replaces
   * its data. Resolves when messages of all processes come: with the offset of the latest one where the channel has history and the
   * backplane is there, else with nothing.
   *
   * Rejects with a `ForbiddenError`, or whatever it throws, when `@OnSubscribe` refuses; a `ConnectionClosedError` when the connection is
   * not open, or closes meanwhile; a TypeError for what is no name, such as one with `*`, or data that is no JSON; where `since` is given,
   * a `PortalError`: `history_lost` when not all that came after it is kept, `unavailable` when that cannot be told at the moment. Nothing
   * has changed then. A name that is made of what a client sent is made by `channelName`.
   */
  subscribe(channel: string, options: SubscribeOptions = {}): Promise<Subscribed | undefined> {
    return this.driver.membership.subscribe(channel, options);
  }

  /** Does nothing where it is not subscribed. Rejects with a TypeError for what is no name. */
  unsubscribe(channel: string): Promise<void> {
    return this.driver.membership.unsubscribe(channel);
  }

  /**
   * Subscribes to all channels whose names match a pattern: in `room:*` the star stands for one part of a name between colons, in
   * `room:**` for one or more. Rejects as `subscribe` does, and with a TypeError for what is no pattern; `@OnSubscribe` is asked for the
   * pattern as it is written. Presence does not tell of those who subscribe like this.
   */
  subscribePattern(pattern: string): Promise<void> {
    return this.driver.membership.subscribePattern(pattern);
  }

  /** Gives up a pattern, as it was written. Does nothing where it is not subscribed. Rejects with a TypeError for what is no pattern. */
  unsubscribePattern(pattern: string): Promise<void> {
    return this.driver.membership.unsubscribePattern(pattern);
  }

  /**
   * The names of the channels that it subscribes to, in the order in which it did, as they are now; without patterns. Empty when the
   * connection is not open.
   */
  get channels(): readonly string[] {
    return this.driver.membership.channels;
  }

  /**
   * Sends a message to all subscribers of a channel, on all processes, but not to this connection; it need not be subscribed.
   * @throws TypeError when the message is neither a string nor bytes, or the channel no name
   */
  publish(channel: string, message: string | Bytes): void {
    this.driver.membership.publish(channel, message);
  }

  /** Sends a pong that answers no ping, of at most 125 bytes (RFC 6455 5.5.3). */
  pong(payload?: string | Bytes): void {
    this.driver.sender.sendControl(Opcode.Pong, controlPayload(payload));
  }

  /**
   * Starts the closing handshake and resolves when the connection is closed. A message that has begun to arrive is
   * still delivered; nothing can be sent any more.
   *
   * Before the handshake is answered it refuses the upgrade: with the HTTP status 400 to 499 for the codes 4400 to 4499, with 403
   * for all others. The reason is the body. It resolves at once then, with 1006.
   * @param code 1000–1003, 1007–1014 or 3000–4999; a Close frame without a code when absent
   * @param reason at most 123 bytes of UTF-8
   * @throws RangeError when code or reason may not be sent, TypeError when they are of another type
   */
  close(code?: number, reason?: string): Promise<CloseInfo> {
    this.driver.close(code, reason);
    return this.driver.closed();
  }

  /** Ends the connection at once, without a Close frame, or without an answer to its handshake. */
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
