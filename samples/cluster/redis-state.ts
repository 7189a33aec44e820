import type { Gap, Observer } from 'portal-ws';

/** An observer that knows whether this process reaches Redis, and tells the rooms. */
export class RedisState implements Observer {
  /** True until the first attempt has failed. */
  isThere = true;
  /** Called when that changes. */
  changed: () => void = () => {};

  backplaneDown(): void {
    this.isThere = false;
    this.changed();
  }

  backplaneGap(_gap: Gap): void {
    this.isThere = true;
  }
}
