import { PortalError, type Connection } from 'portal-ws';

export interface Reading {
  readonly meter: string;
  readonly value: number;
}

/** Limits for the readings of a meter, and for meters. */
export const MAX_KEPT = 100;
export const MAX_METERS = 1000;

/** The readings, and the connections that follow them. */
export class Readings {
  private readonly byMeter = new Map<string, Reading[]>();
  private readonly watchers = new Set<Connection>();

  /** The number of followers. */
  get watched(): number {
    return this.watchers.size;
  }

  /** @throws PortalError `too_many_meters` */
  add({ meter, value }: Reading): Reading {
    const kept = this.byMeter.get(meter) ?? this.install(meter);
    const reading: Reading = { meter, value };
    kept.push(reading);
    if (kept.length > MAX_KEPT) kept.shift();
    for (const watcher of this.watchers) watcher.emit('readings.added', reading);
    return reading;
  }

  /** The oldest first. @throws PortalError `no_such_meter` */
  of(meter: string): readonly Reading[] {
    const kept = this.byMeter.get(meter);
    if (kept === undefined) throw new PortalError('no_such_meter', `There is no meter ${meter}.`);
    return kept;
  }

  watch(watcher: Connection): void {
    this.watchers.add(watcher);
  }

  forget(watcher: Connection): void {
    this.watchers.delete(watcher);
  }

  private install(meter: string): Reading[] {
    if (this.byMeter.size >= MAX_METERS) throw new PortalError('too_many_meters', `There are ${MAX_METERS} already.`);
    const kept: Reading[] = [];
    this.byMeter.set(meter, kept);
    return kept;
  }
}
