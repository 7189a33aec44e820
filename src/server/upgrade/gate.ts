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
import type { Session } from '../../connection';

/** What the gate asks of its engine. */
export interface GateContext {
  readonly routes: Routes;
  readonly limits: ResolvedLimits;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  /** False while the engine stops. */
  readonly admits: boolean;
  readonly admission: Admission;
  /** A session whose handshake is still to be answered. */
  prepare(route: Route, facts: ConnectionFacts, stream: Duplex, deflate?: DeflateParameters): Session;
}

/** Somebody who asks to be let in, through whichever door. */
export interface Arrival {
  readonly handshake: Handshake;
  /** What carries the connection once it is accepted. */
  readonly stream: Duplex;
  /** What is wrong with what proxies say of the client. */
  readonly doubt: Refusal | undefined;
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
  readonly arrival: Arrival;
  readonly offer: Offer;
  readonly session: Session;
  /** What was agreed on, if anything was. */
  readonly extensions: string | undefined;
}

const NOT_ADMITTING = new Refusal(503, 'The server is shutting down.');
const FAILED = new Refusal(500, 'The handshake failed.');
/** Reports do not repeat what a peer asked for. */
const UNKNOWN = 'an unknown path';

/** Decides who is let in: the same rules for all doors. */
export class Gate {
  /** Handshakes whose hook is at work. */
  private readonly undecided = new Set<PendingUpgrade>();

  constructor(private readonly context: GateContext) {}

  /** The route of a request target; undefined when no WebSocket is served there. */
  find(url: string): Match<Route> | undefined {
    const target = parseRequestTarget(url);
    return target && this.context.routes.find(target.path);
  }

  enter(arrival: Arrival): void {
    this.context.observer.arrived?.(arrival.handshake);
    let refusal: Refusal | undefined;
    try {
      refusal = this.judge(arrival);
    } catch (error) {
      this.context.observer.failed?.(error, `handshake of ${this.patternOf(arrival.handshake) ?? UNKNOWN}`);
      refusal = FAILED;
    }
    if (refusal !== undefined) this.refuse(arrival, refusal);
  }

  refuse(arrival: Pick<Arrival, 'handshake' | 'refuse'>, refusal: Refusal): void {
    const { handshake } = arrival;
    const { observer } = this.context;
    const path = this.patternOf(handshake);
    observer.handshakeRefused?.(refusal, handshake, path);
    try {
      arrival.refuse(refusal);
    } catch (error) {
      // a hook's refusal may have a header that cannot be sent
      observer.failed?.(error, `refusal of ${path ?? UNKNOWN}`);
      arrival.refuse(FAILED);
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

  private judge(arrival: Arrival): Refusal | undefined {
    const { routes, admits } = this.context;
    if (!admits) return NOT_ADMITTING;
    const { handshake, stream } = arrival;
    const target = parseRequestTarget(handshake.url);
    if (target === undefined) return MALFORMED_TARGET;
    const match = routes.find(target.path);
    if (match === undefined) return NO_SUCH_PATH;
    const route = match.endpoint;
    const offer = arrival.doubt ?? arrival.judge();
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
    const session = this.context.prepare(route, facts, stream, deflate?.parameters);
    const candidate = { arrival, offer, session, extensions: deflate?.header };
    if (hasLeft(stream)) {
      this.context.observer.abandoned?.(handshake, route.endpoint.path, session.connection);
      session.discard();
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
      candidate.session.discard();
      throw error;
    }
  }

  private ask(hook: NonNullable<Endpoint['upgrade']>, candidate: Candidate): void {
    const { deadlines, limits, observer } = this.context;
    const { session, arrival } = candidate;
    const { path } = session.route.endpoint;
    const client = new AwaitedClient(arrival.stream, () => upgrade.abandon());
    const door = {
      accept: (acceptance: Acceptance | undefined) => this.accept(candidate, acceptance, early),
      refuse: (refusal: Refusal) => this.refuse(arrival, refusal),
      abandoned: () => observer.abandoned?.(arrival.handshake, path, session.connection),
      failed: (error: unknown) => observer.failed?.(error, `handshake of ${path}`, session.connection),
      look: () => client.look(),
    };
    let early: Buffer | undefined;
    const upgrade = new PendingUpgrade(session, door, () => {
      this.undecided.delete(upgrade);
      early = client.release();
    });
    this.undecided.add(upgrade);
    upgrade.ask(hook, deadlines, limits.handshakeTimeoutMs);
  }

  private accept(
    { arrival, offer, session, extensions }: Candidate,
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
      session.connection.agree(protocol);
    }
    arrival.accept({ protocol: session.connection.protocol, extensions }, acceptance?.headers);
    session.start(early?.length ? Buffer.concat([arrival.head, early]) : arrival.head);
  }
}

/** Some other listener of the upgrade took its time, and passed on a socket whose end it has heard. */
function hasLeft(stream: Duplex): boolean {
  return stream.destroyed || stream.readableEnded;
}

function ignore(): void {}
