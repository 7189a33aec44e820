import type { Clock } from '../messages';
import type { Gap } from '../connection';
import type { Backplane } from './backplane';
import type { Others } from '../connection';

/** What waits while the backplane is away, at most. */
const KEPT_BYTES = 8 * 1024 * 1024;

/** What a packet takes beside its bytes. */
const OVERHEAD = 128;

/** The broker takes no more at the moment. */
const BUSY_MS = 100;

/** Nodes come back one after the other: what was kept waits for those that come later. */
const SETTLE_MS = 1000;

/** The way out to the other nodes. While the backplane is away, it keeps what there is room for. */
export class Relay {
  private readonly kept: { readonly subject: string; readonly packet: Uint8Array }[] = [];
  private keptBytes = 0;
  private lost = 0;
  private isUp = false;
  /** When the latest beat of ours that came back was sent, and the one before: what was sent and published until then has arrived. */
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
    return this.keep(subject, packet);
  }

  /** A beat of ours has come back. */
  confirm(sentAt: number): void {
    // kept in an outage, and sent after it
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

  /** Packets that had been sent did not arrive, or may not have. */
  onLost(packets: number): void {
    this.lost += packets;
  }

  onUp(): void {
    this.isUp = true;
    this.upAt = this.clock.now();
    this.confirmedBefore = this.confirmedAt = this.upAt;
    if (this.kept.length > 0) this.flushAfter(SETTLE_MS);
  }

  /** What was lost though there is no outage; begins to count anew. */
  takeLost(): number {
    if (!this.isUp || this.gapSince !== undefined) return 0;
    const { lost } = this;
    this.lost = 0;
    return lost;
  }

  /** The outage that has ended; begins to count anew. */
  takeGap(): Omit<Gap, 'unrecovered'> | undefined {
    const { gapSince, upAt, lost } = this;
    if (gapSince === undefined || !this.isUp) return undefined;
    this.gapSince = undefined;
    this.lost = 0;
    return { since: new Date(Date.now() - (this.clock.now() - gapSince)), ms: upAt - gapSince, lost };
  }

  /** Returns how many packets wait still, or were lost and not reported. */
  stop(): number {
    if (this.isUp) this.flush();
    this.isUp = false;
    this.settling?.cancel();
    this.settling = undefined;
    const lost = this.kept.length + this.lost;
    this.lost = 0;
    this.kept.length = 0;
    this.keptBytes = 0;
    this.gapSince = undefined;
    return lost;
  }

  private isTooLarge(packet: Uint8Array): boolean {
    return packet.length > (this.backplane.maxPacketBytes ?? Infinity);
  }

  private flush(): void {
    let sent = 0;
    for (const { subject, packet } of this.kept) {
      if (this.isTooLarge(packet)) this.lost++;
      else if (!this.backplane.publish(subject, packet)) break;
      sent++;
      this.keptBytes -= packet.length + OVERHEAD;
    }
    this.kept.splice(0, sent);
    if (this.kept.length > 0) this.flushAfter(BUSY_MS);
  }

  private flushAfter(ms: number): void {
    this.settling ??= this.clock.after(ms, () => {
      this.settling = undefined;
      this.flush();
    });
  }

  private keep(subject: string, packet: Uint8Array): Others {
    const bytes = packet.length + OVERHEAD;
    if (this.keptBytes + bytes > KEPT_BYTES) {
      this.lost++;
      return 'lost';
    }
    this.keptBytes += bytes;
    this.kept.push({ subject, packet });
    if (this.isUp) this.flushAfter(BUSY_MS);
    return 'kept';
  }
}
