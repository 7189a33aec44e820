import { FIN, frame, Opcode, RSV1, type PerMessageDeflate } from '../protocol';
import { sendFragments, type Chunk, type FragmentSender } from './outgoing-stream';
import type { SharedMessage } from './shared-message';
import type { SendResult, WriteQueue } from '../transport';

/** From this size on compressing takes a millisecond, which other connections would wait: a thread of libuv does it. */
const OFF_LOOP_FROM = 64 * 1024;

/** What the sender asks of its driver. */
export interface OutboxHost {
  readonly state: string;
  readonly signal: AbortSignal;
  /** A message was sent: bytes, or units of text; 0 for one in fragments. */
  onSent(size: number): void;
}

/** The way out for messages of one connection: compressed where that was agreed on, whole or in fragments. */
export class Sender implements FragmentSender {
  /** The last message that is sent in fragments or compressed elsewhere; one in fragments waits for it. */
  private lastStream: Promise<void> | undefined;
  private onFragmentRoom: (() => void) | undefined;

  constructor(
    private readonly host: OutboxHost,
    private readonly queue: WriteQueue,
    private readonly deflate: PerMessageDeflate | undefined,
    /** Messages of fewer bytes are not compressed. */
    private readonly compressFrom = 0,
  ) {}

  get compresses(): boolean {
    return this.deflate !== undefined;
  }

  get signal(): AbortSignal {
    return this.host.signal;
  }

  /** What a codec made. */
  sendEncoded(message: string | Uint8Array): SendResult {
    return typeof message === 'string' ? this.sendText(message) : this.sendBinary(message);
  }

  sendText(message: string, compress?: boolean): SendResult {
    if (this.host.state !== 'open') return 'closed';
    this.host.onSent(message.length);
    if (this.deflate !== undefined && compress !== false) {
      const bytes = Buffer.from(message);
      if (compress === true || bytes.length >= this.compressFrom)
        return this.sendDeflated(this.deflate, Opcode.Text, bytes);
    }
    return this.queue.sendText(message);
  }

  sendBinary(message: Uint8Array, compress?: boolean): SendResult {
    if (this.host.state !== 'open') return 'closed';
    this.host.onSent(message.length);
    if (this.deflate !== undefined && (compress ?? message.length >= this.compressFrom)) {
      return this.sendDeflated(this.deflate, Opcode.Binary, message);
    }
    return this.queue.sendBinary(message);
  }

  /** Returns whether no more waits than the high-water mark. */
  sendShared(message: SharedMessage): boolean {
    if (this.host.state !== 'open') return false;
    this.host.onSent(message.length);
    const { deflate } = this;
    if (deflate === undefined || message.length < this.compressFrom) {
      return this.queue.sendFrame(message.plainFrame()) === 'sent';
    }
    return this.sendCompressed(deflate, message.compressedFrame(deflate), message.payload) === 'sent';
  }

  /** Whether a message would be let in now; if not, `drained` waits until it would. */
  hasRoomFor(message: SharedMessage): boolean {
    const { deflate } = this;
    const isPlain = deflate === undefined || message.length < this.compressFrom;
    return this.queue.hasRoomFor((isPlain ? message.plainFrame() : message.compressedFrame(deflate)).length);
  }

  /** One message in fragments, after those that were begun before it. */
  sendStream(chunks: AsyncIterable<Chunk>): Promise<void> {
    this.host.onSent(0);
    const sent = (this.lastStream ?? Promise.resolve()).then(() => sendFragments(this, chunks));
    this.lastStream = sent.catch(() => {});
    return sent;
  }

  sendFragment(first: number, payload: Uint8Array): void {
    if (this.host.state === 'open') this.queue.sendFragment(first, payload);
  }

  roomForFragment(): Promise<void> {
    this.queue.flush();
    if (this.host.state !== 'open' || this.queue.hasRoomForFragment) return Promise.resolve();
    return new Promise((resolve) => (this.onFragmentRoom = resolve));
  }

  /** The transport has sent what it had, or is gone. */
  onFlushed(): void {
    if (this.onFragmentRoom === undefined || !(this.queue.hasRoomForFragment || this.host.state !== 'open')) return;
    this.onFragmentRoom();
    this.onFragmentRoom = undefined;
  }

  private sendDeflated(deflate: PerMessageDeflate, opcode: number, payload: Uint8Array): SendResult {
    if (payload.length >= OFF_LOOP_FROM && this.queue.fits(payload.length)) {
      return this.sendLater(deflate, opcode, payload);
    }
    return this.sendCompressed(deflate, frame(FIN | RSV1 | opcode, deflate.deflate(payload)), payload);
  }

  private sendLater(deflate: PerMessageDeflate, opcode: number, payload: Uint8Array): SendResult {
    const { queue } = this;
    const pending = queue.reserve(payload.length);
    const sent = new Promise<void>((resolve) =>
      deflate.deflateLater(payload, (deflated) => {
        queue.settle(pending, deflated ? frame(FIN | RSV1 | opcode, deflated) : frame(FIN | opcode, payload));
        resolve();
      }),
    );
    this.lastStream = Promise.all([this.lastStream, sent]).then(() => {});
    return queue.judge();
  }

  /** A message that is dropped must not be referred to. */
  private sendCompressed(deflate: PerMessageDeflate, bytes: Buffer, payload: Uint8Array): SendResult {
    const refusal = this.queue.refusal(bytes.length);
    if (refusal !== undefined) return refusal;
    deflate.rememberSent(payload);
    return this.queue.sendFrame(bytes);
  }
}
