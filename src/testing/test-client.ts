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

/** What a test needs of the other end of a connection. */
export interface TestClient {
  /** The subprotocol agreed on, or ''. */
  readonly protocol: string;
  /** Sends a message, as `Connection.send` does. */
  send(message: string | Bytes): void;
  /** Sends an event, encoded by the codec of the path. */
  emit(event: string, data?: unknown): void;
  /**
   * Sends an event with an id, and resolves with the `data` that answers it; with an array of all, where the handler
   * returned an async iterable. Rejects with a `PortalError` when the answer is an error, and when the connection is closed before it comes.
   */
  request(event: string, data?: unknown): Promise<unknown>;
  /** Answers a request of the server, as `receiveEvent` gave it. */
  respond(request: Envelope, data?: unknown): void;
  /** The next message that nobody has received. Rejects when the connection closes before it comes. */
  receive(): Promise<Message>;
  /** The next event, or the next of that name; messages before it stay to be received. */
  receiveEvent(event?: string): Promise<Envelope>;
  /** Events as they come, until the connection is closed. */
  events(): AsyncIterable<Envelope>;
  /** Starts the closing handshake and resolves when the connection is closed. */
  close(code?: number, reason?: string): Promise<CloseInfo>;
  /** Resolves when the connection is closed, with what the server said; 1006 when it said nothing. */
  readonly closed: Promise<CloseInfo>;
}

/** A client in the same process as its server. It trusts that one to keep to the protocol, and answers pings. */
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
    /** Undefined where the path is raw. */
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
    // it fails with the connection, whether or not the test still looks at it
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

  /** Whether a message answers a request of the test. */
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
