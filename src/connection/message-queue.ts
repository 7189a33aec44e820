import type { Message } from './message';
import { Fifo } from '../transport';
import { IncomingStream } from './message-stream';

/** The least that a message counts on average, in bytes, while an answer is awaited. */
const LEAST_BYTES = 64;

/**
 * The messages of one connection that wait for earlier ones, and its handlers that are still at work. Made with the
 * first handler that returns a promise; a connection with synchronous handlers has none.
 */
export class MessageQueue {
  private readonly waiting = new Fifo<Message>();
  private waitingBytes = 0;
  private waitingCost = 0;
  private running = 0;
  private isOpening = false;
  private idleCallbacks: (() => void)[] = [];

  constructor(
    private readonly concurrency: number,
    private readonly handle: (message: Message) => void,
    /** Called when a handler has settled and the next one has begun. */
    private readonly settled: () => void,
  ) {}

  /** True where the next message has to wait. */
  get busy(): boolean {
    return this.running >= this.concurrency || this.waiting.length > 0;
  }

  get idle(): boolean {
    return this.running === 0 && this.waiting.length === 0;
  }

  /** Number of messages that wait. */
  get length(): number {
    return this.waiting.length;
  }

  /** Size of all messages that wait: bytes, or UTF-16 units of text. */
  get bytes(): number {
    return this.waitingBytes;
  }

  /** Bytes of memory that the messages take. */
  get heldBytes(): number {
    return this.waitingCost;
  }

  /** Adds a message. Returns the bytes of memory that it takes. */
  add(message: Message): number {
    const cost = costOf(message);
    this.waiting.push(message);
    this.waitingBytes += sizeOf(message);
    this.waitingCost += cost;
    return cost;
  }

  /** Takes out all messages. */
  clear(): Message[] {
    this.waitingBytes = 0;
    this.waitingCost = 0;
    return this.waiting.clear();
  }

  /** True until the `open` hook has settled. */
  get opening(): boolean {
    return this.isOpening;
  }

  /**
   * True where no more than `messages` wait. While a handler awaits an answer of the peer, as many may wait as one
   * message has bytes, since the answer may stand behind them.
   */
  hasRoom(messages: number, { maxMessageBytes }: { maxMessageBytes: number }, awaitsAnswer: boolean): boolean {
    if (this.length <= messages) return true;
    // the answer may stand behind them
    return awaitsAnswer && this.waitingBytes < maxMessageBytes && this.length < maxMessageBytes / LEAST_BYTES;
  }

  /** Counts a handler that is at work until `work` settles. `work` must not reject. */
  track(work: Promise<void>): void {
    this.occupy(1, work);
  }

  /** Makes all messages wait until `work` settles. `work` must not reject. */
  hold(work: Promise<void>): void {
    this.occupy(this.concurrency, work);
  }

  holdUntilOpen(opening: Promise<void>): void {
    this.isOpening = true;
    this.hold(opening.then(() => void (this.isOpening = false)));
  }

  /** Calls back once no message waits and no handler runs, at once if that is so now. */
  whenIdle(callback: () => void): void {
    if (this.idle) callback();
    else this.idleCallbacks.push(callback);
  }

  private occupy(places: number, work: Promise<void>): void {
    this.running += places;
    void work.then(() => {
      this.running -= places;
      this.advance();
    });
  }

  private advance(): void {
    while (this.waiting.length > 0 && this.running < this.concurrency) {
      const message = this.waiting.shift()!;
      this.waitingBytes -= sizeOf(message);
      this.waitingCost -= costOf(message);
      this.handle(message);
    }
    this.settled();
    if (!this.idle) return;
    const callbacks = this.idleCallbacks;
    this.idleCallbacks = [];
    for (const callback of callbacks) callback();
  }
}

/** Bytes of the object that a message is. */
const OBJECT_BYTES = 256;

/** Bytes of a message that is read while it arrives, with its decoder and its promises. */
const STREAM_BYTES = 1024;

/** Bytes of memory that a message takes while it waits, at most: a unit of text may take two. */
export function costOf(message: Message): number {
  if (message instanceof IncomingStream) return STREAM_BYTES;
  return OBJECT_BYTES + (typeof message === 'string' ? 2 * message.length : message.length);
}

/** Bytes of a message, or UTF-16 units of text; 0 for a message that is read while it arrives. */
export function sizeOf(message: Message): number {
  return message instanceof IncomingStream ? 0 : message.length;
}
