import type { CloseInfo } from '../protocol';
import type { OwnedSources } from './owned-source';
import { Pings } from './pings';
import type { Requests } from './requests';

/** What is waited for on one connection. Most connections have none, and save its memory. */
export class Waiters {
  readonly pings = new Pings();
  /** Made with the first request. */
  requests: Requests | undefined;
  /** Made with the first that is handed over. */
  sources: OwnedSources | undefined;
  private closed: ((close: CloseInfo) => void)[] = [];
  private drained: (() => void)[] = [];

  untilClosed(): Promise<CloseInfo> {
    return new Promise((resolve) => this.closed.push(resolve));
  }

  untilDrained(): Promise<void> {
    return new Promise((resolve) => this.drained.push(resolve));
  }

  onDrained(): void {
    const listeners = this.drained;
    this.drained = [];
    for (const listener of listeners) listener();
  }

  /** No pong comes any more; those who wait for the end have it. */
  onClosed(info: CloseInfo): void {
    this.pings.abandon();
    this.onDrained();
    for (const listener of this.closed.splice(0)) listener(info);
  }
}
