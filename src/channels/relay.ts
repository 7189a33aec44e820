import type { Clock, Gap } from '../engine';
import type { Backplane } from './backplane';
import type { Others } from './history';

/** What waits while the backplane is away, at most. */
const KEPT_BYTES = 8 * 1024 * 1024;

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
    if (this.isUp && this.settling === undefined && this.backplane.publish(subject, packet)) return 'sent';
    return this.keep(subject, packet);
  }

  /** A beat of ours has come back. */
  confirm(sentAt: number): void {
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
    if (this.kept.length > 0) {
      this.settling = this.clock.after(SETTLE_MS, () => {
        this.settling = undefined;
        this.flush();
      });
    }
  }

  /** The outage that has ended; begins to count anew. */
  takeGap(): Omit<Gap, 'unrecovered'> | undefined {
    const { gapSince, upAt, lost } = this;
    if (gapSince === undefined) return undefined;
    this.gapSince = undefined;
    this.lost = 0;
    return { since: new Date(Date.now() - (this.clock.now() - gapSince)), ms: upAt - gapSince, lost };
  }

  stop(): void {
    this.settling?.cancel();
    this.settling = undefined;
    if (this.isUp) this.flush();
    this.isUp = false;
    this.kept.length = 0;
    this.keptBytes = 0;
    this.gapSince = undefined;
  }

  private flush(): void {
    let sent = 0;
    for (const { subject, packet } of this.kept) {
      if (!this.backplane.publish(subject, packet)) break;
      sent++;
      this.keptBytes -= packet.length;
    }
    this.kept.splice(0, sent);
  }

  private keep(subject: string, packet: Uint8Array): Others {
    if (this.keptBytes + packet.length > KEPT_BYTES) {
      this.lost++;
      return 'lost';
    }
    this.keptBytes += packet.length;
    this.kept.push({ subject, packet });
    return 'kept';
  }
}
