import type { Gap, Observer } from 'portal-ws';

/** Whether this process reaches Redis. An observer of the application that tells the rooms. */
export class RedisState implements Observer {
  /** True until it is known to be otherwise: the application starts with a first attempt. */
  isThere = true;
  /** Told when that changes. */
  changed: () => void = () => {};

  backplaneDown(): void {
    this.isThere = false;
    this.changed();
  }

  backplaneGap(_gap: Gap): void {
    this.isThere = true;
  }
}
