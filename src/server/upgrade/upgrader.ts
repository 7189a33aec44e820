import type { Duplex } from 'node:stream';
import type { Acceptance, ConnectionDriver, Endpoint, Observer, ResolvedLimits, Route } from '../../connection';
import { parseRequestTarget, Refusal, type Handshake, type Match } from '../../handshake';
import type { Deadlines } from '../../messages';
import { AwaitedClient } from './awaited-client';
import { PendingUpgrade } from './pending-upgrade';
import type { UpgradeAttempt } from './upgrade-attempt';
import { checkUpgrade, type AllowedUpgrade, type CheckContext } from './upgrade-check';

/** Dependencies of Upgrader. */
export interface UpgraderContext extends CheckContext {
  readonly limits: ResolvedLimits;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  readonly drivers: {
    /** Creates the driver of a connection whose handshake is not answered yet, and counts the connection. */
    create(upgrade: AllowedUpgrade, stream: Duplex): ConnectionDriver;
  };
}

const STOPPING = new Refusal(503, 'The server is shutting down.');
const FAILED = new Refusal(500, 'The handshake failed.');
/** Stands in reports for the path that a peer asked for, which they do not repeat. */
const UNKNOWN = 'an unknown path';

/** Checks upgrades and answers them: the same way over HTTP/1.1 and HTTP/2. */
export class Upgrader {
  /** Upgrades whose hook has not settled. */
  private readonly undecided = new Set<PendingUpgrade>();
  private stopping = false;

  constructor(private readonly context: UpgraderContext) {}

  /** False while the server stops: all upgrades are refused. */
  get admits(): boolean {
    return !this.stopping;
  }

  /** The route of a request target; `undefined` where no WebSocket is served. */
  find(url: string): Match<Route> | undefined {
    const target = parseRequestTarget(url);
    return target && this.context.routes.find(target.path);
  }

  enter(attempt: UpgradeAttempt): void {
    this.context.observer.arrived?.(attempt.handshake);
    let refusal: Refusal | undefined;
    try {
      const verdict = this.stopping ? STOPPING : checkUpgrade(attempt, this.context);
      if (verdict instanceof Refusal) refusal = verdict;
      else this.open(attempt, verdict);
    } catch (error) {
      this.context.observer.failed?.(error, `handshake of ${this.patternOf(attempt.handshake) ?? UNKNOWN}`);
      refusal = FAILED;
    }
    if (refusal !== undefined) this.refuse(attempt, refusal);
  }

  refuse(attempt: Pick<UpgradeAttempt, 'handshake' | 'refuse'>, refusal: Refusal): void {
    const { handshake } = attempt;
    const { observer } = this.context;
    const path = this.patternOf(handshake);
    observer.handshakeRefused?.(refusal, handshake, path);
    try {
      attempt.refuse(refusal);
    } catch (error) {
      // a hook's refusal may have a header that cannot be sent
      observer.failed?.(error, `refusal of ${path ?? UNKNOWN}`);
      attempt.refuse(FAILED);
    }
  }

  /** Refuses the undecided upgrades, and all that come until `start` is called. */
  stop(): void {
    this.stopping = true;
    for (const upgrade of this.undecided) upgrade.refuse(STOPPING);
  }

  start(): void {
    this.stopping = false;
  }

  /** The pattern of the path that was asked for. */
  private patternOf({ url }: Handshake): string | undefined {
    return this.find(url)?.endpoint.endpoint.path;
  }

  /** From here on the driver holds the connection's place; `discard` gives it back. */
  private open(attempt: UpgradeAttempt, allowed: AllowedUpgrade): void {
    const { handshake, stream } = attempt;
    const driver = this.context.drivers.create(allowed, stream);
    const { endpoint } = allowed.route;
    const hook = hookOf(endpoint, allowed.pending);
    if (hasLeft(stream)) {
      this.context.observer.abandoned?.(handshake, endpoint.path, driver.connection);
      driver.discard();
      stream.destroy();
    } else if (hook !== undefined) {
      this.ask(hook, attempt, allowed, driver);
    } else {
      try {
        this.accept(attempt, allowed, driver);
      } catch (error) {
        driver.discard();
        throw error;
      }
    }
  }

  private ask(
    hook: NonNullable<Endpoint['upgrade']>,
    attempt: UpgradeAttempt,
    allowed: AllowedUpgrade,
    driver: ConnectionDriver,
  ): void {
    const { deadlines, limits, observer } = this.context;
    const { path } = allowed.route.endpoint;
    const client = new AwaitedClient(attempt.stream, () => upgrade.abandon());
    let early: Buffer | undefined;
    const responder = {
      accept: (acceptance: Acceptance | undefined) => this.accept(attempt, allowed, driver, acceptance, early),
      refuse: (refusal: Refusal) => this.refuse(attempt, refusal),
      abandoned: () => observer.abandoned?.(attempt.handshake, path, driver.connection),
      failed: (error: unknown) => observer.failed?.(error, `handshake of ${path}`, driver.connection),
      look: () => client.look(),
    };
    const upgrade = new PendingUpgrade(driver, responder, () => {
      this.undecided.delete(upgrade);
      early = client.release();
    });
    this.undecided.add(upgrade);
    upgrade.ask(hook, deadlines, limits.handshakeTimeoutMs);
  }

  /** `early`: bytes that came after the handshake was read. */
  private accept(
    attempt: UpgradeAttempt,
    { offer, deflate }: AllowedUpgrade,
    driver: ConnectionDriver,
    acceptance?: Acceptance,
    early?: Buffer,
  ): void {
    const protocol = acceptance?.protocol;
    if (protocol !== undefined) {
      // RFC 6455 4.2.2 item 5.5: one of those that the client asked for
      if (!offer.protocols.includes(protocol)) {
        throw new Error(`the subprotocol ${JSON.stringify(protocol)} is none of those that the client offers`);
      }
      driver.connection.agree(protocol);
    }
    attempt.accept({ protocol: driver.connection.protocol, extensions: deflate?.header }, acceptance?.headers);
    driver.start(early?.length ? Buffer.concat([attempt.head, early]) : attempt.head);
  }
}

/** The endpoint's hook, behind the rules that are pending. */
function hookOf({ upgrade }: Endpoint, pending: AllowedUpgrade['pending']): Endpoint['upgrade'] {
  if (pending.length === 0) return upgrade;
  return async (connection) => {
    for (const verdict of pending) {
      const refusal = await verdict;
      if (refusal !== undefined) return refusal;
    }
    return upgrade?.(connection);
  };
}

/** True where another listener of the upgrade passed on a socket whose end has been reported already. */
function hasLeft(stream: Duplex): boolean {
  return stream.destroyed || stream.readableEnded;
}
