import type { DeflateCodec } from './deflate-codec';
import { latest, NO_HISTORY } from './deflate-history';
import type { InflateStream } from './inflate-stream';
import type { Violation } from './violations';
import { deflateLater, inflateLater } from './whole-zlib';

/** The negotiated parameters (RFC 7692 7.1). */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15: the window of our messages, as a power of two. */
  readonly serverMaxWindowBits: number;
  /** 8 to 15: the window of the client's messages. */
  readonly clientMaxWindowBits: number;
}

/**
 * permessage-deflate (RFC 7692) for one connection, seen from the server. Between messages DEFLATE has no state but the
 * last bytes before compression. The connection keeps those, where context takeover was agreed on, and nothing else.
 */
export class PerMessageDeflate {
  private received: Buffer = NO_HISTORY;
  private sent: Buffer = NO_HISTORY;

  constructor(
    readonly codec: DeflateCodec,
    readonly parameters: DeflateParameters,
  ) {}

  /**
   * Inflates a message that ends with the tail of 7.2.2. The result may lie in memory that the next call overwrites.
   */
  inflate(message: Buffer, maxBytes: number): Buffer | Violation {
    const inflated = this.codec.inflate(message, maxBytes, this.received);
    if (Buffer.isBuffer(inflated)) this.remember(inflated);
    return inflated;
  }

  /** Inflates in another thread. Nothing more of the peer may be read before `done` is called. */
  inflateLater(message: Buffer, maxBytes: number, done: (inflated: Buffer | Violation) => void): void {
    inflateLater(message, maxBytes, this.received, (inflated) => {
      if (Buffer.isBuffer(inflated)) this.remember(inflated);
      done(inflated);
    });
  }

  /** Inflates a message that is read while it arrives. Each piece is to be given to `remember`. */
  inflateStream(maxBytes: number): InflateStream {
    return this.codec.inflateStream(maxBytes, this.received);
  }

  /** True where the client's next messages may refer to this one. */
  get remembersReceived(): boolean {
    return !this.parameters.clientNoContextTakeover;
  }

  remember(received: Uint8Array): void {
    if (this.remembersReceived)
      this.received = latest(this.received, received, 2 ** this.parameters.clientMaxWindowBits);
  }

  /**
   * Deflates a message into memory of its own. `rememberSent` must be called once it is certain that the message is
   * sent.
   */
  deflate(message: Uint8Array): Buffer {
    return this.codec.deflate(message, this.parameters.serverMaxWindowBits, this.sent);
  }

  /**
   * Deflates in another thread, and remembers the message. Undefined when zlib had no memory: the message is sent
   * uncompressed then.
   */
  deflateLater(message: Uint8Array, done: (deflated: Buffer | undefined) => void): void {
    const { sent } = this;
    this.rememberSent(message);
    deflateLater(message, this.parameters.serverMaxWindowBits, sent, (deflated) => {
      if (deflated === undefined) this.sent = NO_HISTORY;
      done(deflated);
    });
  }

  /** Remembers a message, since our next messages may refer to it. */
  rememberSent(message: Uint8Array): void {
    const { serverNoContextTakeover, serverMaxWindowBits } = this.parameters;
    if (!serverNoContextTakeover) this.sent = latest(this.sent, message, 2 ** serverMaxWindowBits);
  }
}
