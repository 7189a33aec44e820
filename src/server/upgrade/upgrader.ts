import type { Duplex } from 'node:stream';
import {
  chooseProtocol,
  judgeOrigin,
  MALFORMED_TARGET,
  negotiateDeflate,
  NO_SUCH_PATH,
  parseRequestTarget,
  Refusal,
  type Agreement,
  type AnswerHeaders,
  type Match,
  type Offer,
} from '../../handshake';
import type { DeflateParameters } from '../../protocol';
import type { Admission } from './admission';
import { AwaitedClient } from './awaited-client';
import type { ConnectionFacts } from '../../connection';
import type { Handshake } from '../../handshake';
import type { Deadlines } from '../../messages';
import type { Acceptance, Endpoint } from '../../connection';
import type { ResolvedLimits } from '../../connection';
import type { Observer } from '../../connection';
import { PendingUpgrade } from './pending-upgrade';
import type { Route, Routes } from '../../connection';
import type { ConnectionDriver } from '../../connection';

/** What the upgrader asks of its engine. */
export interface UpgraderContext {
  readonly routes: Routes;
  readonly limits: ResolvedLimits;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  /** False while the engine stops. */
  readonly admits: boolean;
  readonly admission: Admission;
  /** A driver whose handshake is still to be answered. */
  prepare(route: Route, facts: ConnectionFacts, stream: Duplex, deflate?: DeflateParameters): ConnectionDriver;
}

/** Somebody who asks to be let in, through whichever way. */
export interface UpgradeAttempt {
  readonly handshake: Handshake;
  /** What carries the connection once it is accepted. */
  readonly stream: Duplex;
  /** What is wrong with what proxies say of the client. */
  readonly refusal: Refusal | undefined;
  /** What came behind the handshake in the same packet. */
  readonly head: Buffer;
  /** What the client offers, or what is wrong with its handshake. */
  judge(): Offer | Refusal;
  /** @throws TypeError for a header that may not be sent */
  accept(agreement: Agreement, headers: AnswerHeaders | undefined): void;
  refuse(refusal: Refusal): void;
}

/** A handshake in order, and what was made of it. */
interface Candidate {
  readonly attempt: UpgradeAttempt;
  readonly offer: Offer;
  readonly driver: ConnectionDriver;
  /** What was agreed on, if anything was. */
  readonly extensions: string | undefined;
}

const NOT_ADMITTING = new Refusal(503, 'The server is shutting down.');
const FAILED = new Refusal(500, 'The handshake failed.');
/** Reports do not repeat what a peer asked for. */
const UNKNOWN = 'an unknown path';

/** Decides who is let in: the same rules for every protocol. */
export class Upgrader {
  /** Handshakes whose hook is at work. */
  private readonly undecided = new Set<PendingUpgrade>();

  constructor(private readonly context: UpgraderContext) {}

  /** The route of a request target; undefined when no WebSocket is served there. */
  find(url: string): Match<Route> | undefined {
    const target = parseRequestTarget(url);
    return target && this.context.routes.find(target.path);
  }

  enter(attempt: UpgradeAttempt): void {
    this.context.observer.arrived?.(attempt.handshake);
    let refusal: Refusal | undefined;
    try {
      refusal = this.judge(attempt);
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

  /** The server stops: nobody else is let in. */
  refuseUndecided(): void {
    for (const upgrade of this.undecided) upgrade.refuse(NOT_ADMITTING);
  }

  /** The pattern of the path that was asked for. */
  private patternOf({ url }: Handshake): string | undefined {
    return this.find(url)?.endpoint.endpoint.path;
  }

  private judge(attempt: UpgradeAttempt): Refusal | undefined {
    const { routes, admits } = this.context;
    if (!admits) return NOT_ADMITTING;
    const { handshake, stream } = attempt;
    const target = parseRequestTarget(handshake.url);
    if (target === undefined) return MALFORMED_TARGET;
    const match = routes.find(target.path);
    if (match === undefined) return NO_SUCH_PATH;
    const route = match.endpoint;
    const offer = attempt.refusal ?? attempt.judge();
    if (offer instanceof Refusal) return offer;
    const foreign = judgeOrigin(handshake.headers, route.originRule, handshake);
    if (foreign instanceof Refusal) return foreign;
    // it may not be asked for any more by then
    foreign?.catch(ignore);
    const full = this.context.admission.admit(route, handshake.remoteAddress);
    if (full !== undefined) return full;
    const protocol = chooseProtocol(offer.protocols, route.protocols);
    const facts = { path: route.endpoint.path, params: match.params, queryString: target.query, handshake, protocol };
    const deflate = route.compression && negotiateDeflate(offer.extensions, route.compression);
    const driver = this.context.prepare(route, facts, stream, deflate?.parameters);
    const candidate = { attempt, offer, driver, extensions: deflate?.header };
    if (hasLeft(stream)) {
      this.context.observer.abandoned?.(handshake, route.endpoint.path, driver.connection);
      driver.discard();
      stream.destroy();
      return undefined;
    }
    const { upgrade } = route.endpoint;
    if (foreign !== undefined) this.ask(async (connection) => (await foreign) ?? upgrade?.(connection), candidate);
    else if (upgrade !== undefined) this.ask(upgrade, candidate);
    else this.acceptAtOnce(candidate);
    return undefined;
  }

  private acceptAtOnce(candidate: Candidate): void {
    try {
      this.accept(candidate);
    } catch (error) {
      candidate.driver.discard();
      throw error;
    }
  }

  private ask(hook: NonNullable<Endpoint['upgrade']>, candidate: Candidate): void {
    const { deadlines, limits, observer } = this.context;
    const { driver, attempt } = candidate;
    const { path } = driver.route.endpoint;
    const client = new AwaitedClient(attempt.stream, () => upgrade.abandon());
    const responder = {
      accept: (acceptance: Acceptance | undefined) => this.accept(candidate, acceptance, early),
      refuse: (refusal: Refusal) => this.refuse(attempt, refusal),
      abandoned: () => observer.abandoned?.(attempt.handshake, path, driver.connection),
      failed: (error: unknown) => observer.failed?.(error, `handshake of ${path}`, driver.connection),
      look: () => client.look(),
    };
    let early: Buffer | undefined;
    const upgrade = new PendingUpgrade(driver, responder, () => {
      this.undecided.delete(upgrade);
      early = client.release();
    });
    this.undecided.add(upgrade);
    upgrade.ask(hook, deadlines, limits.handshakeTimeoutMs);
  }

  private accept(
    { attempt, offer, driver, extensions }: Candidate,
    acceptance?: Acceptance,
    /** What came after the handshake was read. */
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
    attempt.accept({ protocol: driver.connection.protocol, extensions }, acceptance?.headers);
    driver.start(early?.length ? Buffer.concat([attempt.head, early]) : attempt.head);
  }
}

/** Some other listener of the upgrade took its time, and passed on a socket whose end it has heard. */
function hasLeft(stream: Duplex): boolean {
  return stream.destroyed || stream.readableEnded;
}

function ignore(): void {}
