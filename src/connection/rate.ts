import { NONE, type ResolvedLimits } from './limits';

/** A bucket that fills at a steady rate, up to one second's worth. */
class Bucket {
  private tokens: number;

  constructor(
    private readonly perSecond: number,
    private at: number,
  ) {
    this.tokens = perSecond;
  }

  /** Whether so much may pass now. What is larger than a second's worth passes when the bucket is full. */
  take(amount: number, now: number): boolean {
    this.tokens = Math.min(this.perSecond, this.tokens + ((now - this.at) / 1000) * this.perSecond);
    this.at = now;
    if (this.tokens < Math.min(amount, this.perSecond)) return false;
    this.tokens -= amount;
    return true;
  }
}

/** How fast one peer may send. */
export class Rate {
  private readonly messages: Bucket;
  private readonly bytes: Bucket;

  /** Undefined where nothing is limited. */
  static of({ messagesPerSecond, bytesPerSecond }: ResolvedLimits, now: number): Rate | undefined {
    if (messagesPerSecond === NONE && bytesPerSecond === NONE) return undefined;
    return new Rate(messagesPerSecond, bytesPerSecond, now);
  }

  private constructor(messagesPerSecond: number, bytesPerSecond: number, now: number) {
    this.messages = new Bucket(messagesPerSecond, now);
    this.bytes = new Bucket(bytesPerSecond, now);
  }

  /** The limit that one more message of so many bytes is beyond. */
  beyond(bytes: number, now: number): 'messagesPerSecond' | 'bytesPerSecond' | undefined {
    if (!this.messages.take(1, now)) return 'messagesPerSecond';
    return this.beyondBytes(bytes, now);
  }

  /** The same for a part of a message. */
  beyondBytes(bytes: number, now: number): 'bytesPerSecond' | undefined {
    return this.bytes.take(bytes, now) ? undefined : 'bytesPerSecond';
  }
}
