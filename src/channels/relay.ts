import type { Clock } from '../messages';
import type { Gap, Others } from '../connection';
import type { Backplane } from './backplane';

/** The most bytes of packets that wait while the backplane is away. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Memory of a packet beside its bytes. */
const OVERHEAD = 128;

/** The pause while the broker takes no more packets. */
const BUSY_MS = 100;

/** Nodes come back one after the other: packets that waited wait so long for the nodes that come later. */
const SETTLE_MS = 1000;

/** Sends packets to the other nodes. While the backplane is away, packets wait as long as there is room. */
export class Relay {
  private readonly waiting: { readonly subject: string; readonly packet: Uint8Array }[] = [];
  private waitingBytes = 0;
  private lost = 0;
  private isUp = false;
  /** The time at which our latest beat that came back was sent, and the one before: packets of earlier have arrived. */
  private confirmedAt: number;
  private confirmedBefore: number;
  private gapSince: number | undefined;
  private upAt = 0;
  private settling: { cancel(): void } | undefined;

  constructor(
    private readonly backplane: Backplane,
    private readonly clock: Clock,
  ) {
    this.confirmedAt = clock.now();
    this.confirmedBefore = this.confirmedAt;
  }

  get up(): boolean {
    return this.isUp;
  }

  publish(subject: string, packet: Uint8Array): Others {
    if (this.isTooLarge(packet)) return 'too_large';
    if (this.isUp && this.settling === undefined && this.backplane.publish(subject, packet)) return 'sent';
    return this.queue(subject, packet);
  }

  /** A beat of ours has come back. */
  confirm(sentAt: number): void {
    // the beat waited in an outage, and was sent after it
    if (sentAt < this.confirmedAt) return;
    this.confirmedBefore = this.confirmedAt;
    this.confirmedAt = sentAt;
  }

  onDown(): void {
    this.isUp = false;
    this.settling?.cancel();
    this.settling = undefined;
    // the beat before the latest, since what others sent may have been under way for longer than our beat
    this.gapSince ??= this.confirmedBefore;
  }

  /** So many packets that were sent did not arrive, or may not have. */
  onLost(packets: number): void {
    this.lost += packets;
  }

  onUp(): void {
    this.isUp = true;
    this.upAt = this.clock.now();
    this.confirmedBefore = this.confirmedAt = this.upAt;
    if (this.waiting.length > 0) this.flushAfter(SETTLE_MS);
  }

  /** Returns how many packets were lost without an outage, and begins to count anew. */
  takeLost(): number {
    if (!this.isUp || this.gapSince !== undefined) return 0;
    const { lost } = this;
    this.lost = 0;
    return lost;
  }

  /** Returns the outage that has ended, and begins to count anew. */
  takeGap(): Omit<Gap, 'unrecovered'> | undefined {
    const { gapSince, upAt, lost } = this;
    if (gapSince === undefined || !this.isUp) return undefined;
    this.gapSince = undefined;
    this.lost = 0;
    return { since: new Date(Date.now() - (this.clock.now() - gapSince)), ms: upAt - gapSince, lost };
  }

  /** Returns how many packets still wait, or were lost and not reported. */
  stop(): number {
    if (this.isUp) this.flush();
    this.isUp = false;
    this.settling?.cancel();
    this.settling = undefined;
    const lost = this.waiting.length + this.lost;
    this.lost = 0;
    this.waiting.length = 0;
    this.waitingBytes = 0;
    this.gapSince = undefined;
    return lost;
  }

  private isTooLarge(packet: Uint8Array): boolean {
    return packet.length > (this.backplane.maxPacketBytes ?? Infinity);
  }

  private flush(): void {
    let sent = 0;
    for (const { subject, packet } of this.waiting) {
      if (this.isTooLarge(packet)) this.lost++;
      else if (!this.backplane.publish(subject, packet)) break;
      sent++;
      this.waitingBytes -= packet.length + OVERHEAD;
    }
    this.waiting.splice(0, sent);
    if (this.waiting.length > 0) this.flushAfter(BUSY_MS);
  }

  private flushAfter(ms: number): void {
    this.settling ??= this.clock.after(ms, () => {
      this.settling = undefined;
      this.flush();
    });
  }

  private queue(subject: string, packet: Uint8Array): Others {
    const bytes = packet.length + OVERHEAD;
    if (this.waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.lost++;
      return 'lost';
    }
    this.waitingBytes += bytes;
    this.waiting.push({ subject, packet });
    if (this.isUp) this.flushAfter(BUSY_MS);
    return 'kept';
  }
}
