import type { Duplex } from 'node:stream';
import { ConnectionDriver, type DriverContext, type Observer, type Subscriptions } from '../connection';
import type { Clock, Deadlines } from '../messages';
import { createDeflateCodec, PerMessageDeflate, type DeflateCodec } from '../protocol';
import { Batch, Flusher, RawSockets, Transport } from '../transport';
import type { Budget } from './budget';
import type { Connections } from './connections';
import type { Heartbeat } from './heartbeat';
import type { Admission } from './upgrade/admission';
import type { AllowedUpgrade } from './upgrade/upgrade-check';

/** Dependencies of Drivers. */
export interface DriversContext {
  readonly connections: Connections;
  readonly admission: Admission;
  readonly heartbeat: Heartbeat | undefined;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  readonly subscriptions: Subscriptions;
}

/** Creates the drivers of one engine's connections, and follows each of them to its end. */
export class Drivers implements DriverContext {
  readonly batch = new Batch();
  readonly flusher = new Flusher();
  readonly budget: Budget;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  readonly subscriptions: Subscriptions;
  private readonly connections: Connections;
  private readonly admission: Admission;
  private readonly heartbeat: Heartbeat | undefined;
  private readonly rawSockets = new RawSockets();
  /** Created with the first connection that compresses. */
  private codec: DeflateCodec | undefined;
  /** Drivers whose hooks have not settled, except those that a stop gave up. Weak: some hooks never settle. */
  private alive = new WeakSet<ConnectionDriver>();
  private aliveCount = 0;
  private onQuiet: (() => void) | undefined;

  constructor(context: DriversContext) {
    this.budget = context.budget;
    this.clock = context.clock;
    this.deadlines = context.deadlines;
    this.observer = context.observer;
    this.subscriptions = context.subscriptions;
    this.connections = context.connections;
    this.admission = context.admission;
    this.heartbeat = context.heartbeat;
  }

  /**
   * Creates the driver of a connection whose handshake is not answered yet. The driver is the connection's ticket: `Admission`
   * counts it from here on, until `closed`.
   */
  create({ route, facts, deflate }: AllowedUpgrade, stream: Duplex): ConnectionDriver {
    const compression = deflate && new PerMessageDeflate((this.codec ??= createDeflateCodec()), deflate.parameters);
    const transport = new Transport(stream, this.rawSockets);
    const driver = new ConnectionDriver(this, route, transport, facts, compression);
    this.admission.add(driver);
    return driver;
  }

  identify(driver: ConnectionDriver): string {
    return this.connections.identify(driver);
  }

  opened(driver: ConnectionDriver): void {
    this.connections.add(driver);
    this.alive.add(driver);
    this.aliveCount++;
    this.heartbeat?.begin(driver);
    this.observer.opened?.(driver.connection);
  }

  closed(driver: ConnectionDriver): void {
    this.connections.delete(driver);
    this.admission.delete(driver);
  }

  ended(driver: ConnectionDriver): void {
    if (this.alive.delete(driver) && --this.aliveCount === 0) this.onQuiet?.();
  }

  /** Resolves when the hooks of all connections have settled. */
  async quiet(): Promise<void> {
    if (this.aliveCount > 0) await new Promise<void>((resolve) => (this.onQuiet = resolve));
  }

  /** Terminates the connections that are left, and waits for no hook any more. */
  giveUp(): void {
    for (const driver of this.connections.drivers()) driver.terminate('shutdown.deadlineMs');
    this.alive = new WeakSet();
    this.aliveCount = 0;
    this.onQuiet = undefined;
  }
}
