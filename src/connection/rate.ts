import { NONE, type ResolvedLimits } from './limits';

/** A token bucket that fills at a steady rate, up to the amount of one second. */
class Bucket {
  private tokens: number;

  constructor(
    private readonly perSecond: number,
    private at: number,
  ) {
    this.tokens = perSecond;
  }

  /** True where `amount` may pass now. An amount above that of one second passes when the bucket is full. */
  take(amount: number, now: number): boolean {
    this.tokens = Math.min(this.perSecond, this.tokens + ((now - this.at) / 1000) * this.perSecond);
    this.at = now;
    if (this.tokens < Math.min(amount, this.perSecond)) return false;
    this.tokens -= amount;
    return true;
  }
}

/** Limits how fast one peer may send. */
export class Rate {
  private readonly messages: Bucket;
  private readonly bytes: Bucket;

  /** Undefined where neither messages nor bytes are limited. */
  static of({ messagesPerSecond, bytesPerSecond }: ResolvedLimits, now: number): Rate | undefined {
    if (messagesPerSecond === NONE && bytesPerSecond === NONE) return undefined;
    return new Rate(messagesPerSecond, bytesPerSecond, now);
  }

  private constructor(messagesPerSecond: number, bytesPerSecond: number, now: number) {
    this.messages = new Bucket(messagesPerSecond, now);
    this.bytes = new Bucket(bytesPerSecond, now);
  }

  /** Counts a message. Returns the limit that it exceeds, if any. */
  beyond(bytes: number, now: number): 'messagesPerSecond' | 'bytesPerSecond' | undefined {
    if (!this.messages.take(1, now)) return 'messagesPerSecond';
    return this.beyondBytes(bytes, now);
  }

  /** Counts bytes that belong to a message that was counted. */
  beyondBytes(bytes: number, now: number): 'bytesPerSecond' | undefined {
    return this.bytes.take(bytes, now) ? undefined : 'bytesPerSecond';
  }
}
