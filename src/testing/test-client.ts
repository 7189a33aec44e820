import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  answerTo,
  decodeEnvelope,
  isServerId,
  settle,
  type Codec,
  type Envelope,
  type PendingRequest,
} from '../messages';
import type { CloseInfo } from '../protocol';
import { requireBytes, type Bytes } from '../connection';
import { answerCode, ClosingHandshake, closePayload, Opcode, parseClosePayload } from '../protocol';
import { clientFrame, ServerFrames } from './client-frames';
import { Mailbox } from './mailbox';

type Message = string | Uint8Array;

/** A client for tests. */
export interface TestClient {
  /** The subprotocol agreed on, or ''. */
  readonly protocol: string;
  /** Sends a message, as `Connection.send` does. */
  send(message: string | Bytes): void;
  /** Sends an event, encoded by the codec of the path. */
  emit(event: string, data?: unknown): void;
  /**
   * Sends an event with an id, and resolves with the `data` of the answer; with an array of all items where the handler returned
   * an async iterable. Rejects with a `PortalError` for an error reply, and with an `Error` when the connection closes before.
   */
  request(event: string, data?: unknown): Promise<unknown>;
  /** Answers a request of the server, which `receiveEvent` returned. */
  respond(request: Envelope, data?: unknown): void;
  /** The next message that was not received yet. Rejects when the connection closes before. */
  receive(): Promise<Message>;
  /** The next event, or the next one with this name. Messages before it can still be received. */
  receiveEvent(event?: string): Promise<Envelope>;
  /** All events, until the connection is closed. */
  events(): AsyncIterable<Envelope>;
  /** Starts the closing handshake and resolves when the connection is closed. */
  close(code?: number, reason?: string): Promise<CloseInfo>;
  /** Resolves when the connection is closed, with the server's code and reason; 1006 without a Close frame. */
  readonly closed: Promise<CloseInfo>;
}

/** A client in the same process as its server. The client answers pings, and does not check the server's frames. */
export class StreamClient implements TestClient {
  readonly closed: Promise<CloseInfo>;
  private readonly mailbox = new Mailbox<Message>();
  private readonly requests = new Map<number, PendingRequest>();
  private readonly closing = new ClosingHandshake();
  private count = 0;
  private ended: Error | undefined;

  constructor(
    private readonly socket: Duplex,
    readonly protocol: string,
    /** `undefined` on a raw path. */
    private readonly codec: Codec | undefined,
  ) {
    const frames = new ServerFrames((opcode, payload) => this.onFrame(opcode, payload));
    socket.on('data', (chunk: Buffer) => frames.push(chunk));
    socket.on('error', () => {});
    // the server ends TCP first (RFC 6455 7.1.1)
    socket.on('end', () => socket.end());
    this.closed = new Promise((resolve) =>
      socket.on('close', () => {
        this.closing.fail();
        const info = this.closing.info();
        resolve(info);
        const reason = new Error(`the connection was closed with ${info.code} ${info.reason}`.trimEnd());
        this.ended = reason;
        this.mailbox.end(reason);
        for (const request of this.requests.values()) request.reject(reason);
      }),
    );
  }

  send(message: string | Bytes): void {
    if (typeof message === 'string') this.write(Opcode.Text, Buffer.from(message));
    else this.write(Opcode.Binary, requireBytes(message));
  }

  emit(event: string, data?: unknown): void {
    this.send(this.requireCodec().encode({ event, data }));
  }

  request(event: string, data?: unknown): Promise<unknown> {
    const id = ++this.count;
    const answer = new Promise((resolve, reject) => {
      if (this.ended !== undefined) throw this.ended;
      const message = this.requireCodec().encode({ event, data, id });
      const items: unknown[] = [];
      this.requests.set(id, { resolve, reject, item: (data) => void items.push(data), end: () => resolve(items) });
      this.send(message);
    });
    // a rejection that the test does not await is no error
    answer.catch(() => {});
    return answer;
  }

  respond({ event, id }: Envelope, data: unknown = null): void {
    if (!isServerId(id)) throw new TypeError('this is no request of the server');
    this.send(this.requireCodec().encode(answerTo({ event, id }, data)));
  }

  receive(): Promise<Message> {
    return this.mailbox.take();
  }

  async receiveEvent(event?: string): Promise<Envelope> {
    const message = await this.mailbox.take((candidate) => {
      const envelope = this.decode(candidate);
      return envelope !== undefined && (event === undefined || envelope.event === event);
    });
    return this.decode(message)!;
  }

  async *events(): AsyncGenerator<Envelope, void, void> {
    for (;;) {
      try {
        yield await this.receiveEvent();
      } catch {
        return;
      }
    }
  }

  close(code?: number, reason?: string): Promise<CloseInfo> {
    const payload = closePayload(code, reason);
    if (this.closing.sendClose()) this.write(Opcode.Close, payload);
    return this.closed;
  }

  private onFrame(opcode: number, payload: Buffer): void {
    switch (opcode) {
      case Opcode.Text:
        this.onMessage(payload.toString());
        break;
      case Opcode.Binary:
        this.onMessage(payload);
        break;
      case Opcode.Ping:
        this.write(Opcode.Pong, payload);
        break;
      case Opcode.Close:
        this.onClose(payload);
        break;
    }
  }

  private onMessage(message: Message): void {
    if (this.requests.size === 0 || !this.answers(message)) this.mailbox.put(message);
  }

  /** Settles the request that a message answers. Returns false where there is none. */
  private answers(message: Message): boolean {
    const envelope = this.decode(message);
    const request = typeof envelope?.id === 'number' ? this.requests.get(envelope.id) : undefined;
    if (envelope === undefined || request === undefined) return false;
    if (settle(request, envelope)) this.requests.delete(envelope.id as number);
    return true;
  }

  private onClose(payload: Buffer): void {
    const parsed = parseClosePayload(payload);
    if (!('code' in parsed)) throw new Error(`the server sent a Close frame that is none: ${parsed.message}`);
    const { code, reason } = parsed;
    if (this.closing.receiveClose(code, reason)) this.write(Opcode.Close, closePayload(answerCode(code)));
  }

  private write(opcode: number, payload: Uint8Array): void {
    if (!this.socket.writable) return;
    this.socket.write(clientFrame(opcode, payload, randomBytes(4)));
  }

  private decode(message: Message): Envelope | undefined {
    const { codec } = this;
    if (codec === undefined || (typeof message === 'string') === codec.binary) return undefined;
    return decodeEnvelope(codec, message);
  }

  private requireCodec(): Codec {
    if (this.codec === undefined) throw new Error('the path is raw: it has no codec for events');
    return this.codec;
  }
}
