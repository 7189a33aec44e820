import type { ConnectionFacts, Route, Routes } from '../../connection';
import {
  chooseProtocol,
  MALFORMED_TARGET,
  negotiateDeflate,
  NO_SUCH_PATH,
  parseRequestTarget,
  Refusal,
  type DeflateAgreement,
  type Offer,
} from '../../handshake';
import { UPGRADE_RULES, type RuleContext } from './rules';
import type { UpgradeAttempt } from './upgrade-attempt';

export interface CheckContext extends RuleContext {
  readonly routes: Routes;
}

/** An upgrade that all rules allow, except those that are still pending, and its terms. */
export interface AllowedUpgrade {
  readonly route: Route;
  readonly facts: ConnectionFacts;
  readonly offer: Offer;
  /** The agreement on permessage-deflate. */
  readonly deflate: DeflateAgreement | undefined;
  /** The verdicts of asynchronous rules. */
  readonly pending: readonly Promise<Refusal | undefined>[];
}

/**
 * Judges an upgrade, and changes nothing: the target, the path, the client's address, the handshake, then the rules.
 * @throws what a rule throws
 */
export function checkUpgrade(attempt: UpgradeAttempt, context: CheckContext): Refusal | AllowedUpgrade {
  const { handshake } = attempt;
  const target = parseRequestTarget(handshake.url);
  if (target === undefined) return MALFORMED_TARGET;
  const match = context.routes.find(target.path);
  if (match === undefined) return NO_SUCH_PATH;
  const offer = attempt.refusal ?? attempt.judge();
  if (offer instanceof Refusal) return offer;
  const route = match.endpoint;
  const pending: Promise<Refusal | undefined>[] = [];
  const candidate = { handshake, offer, route };
  for (const rule of UPGRADE_RULES) {
    const verdict = rule(candidate, context);
    if (verdict === undefined) continue;
    if (verdict instanceof Refusal) return verdict;
    pending.push(verdict);
    // a later rule may refuse, and then nobody awaits the verdict
    verdict.catch(ignore);
  }
  const protocol = chooseProtocol(offer.protocols, route.protocols);
  const facts = { path: route.endpoint.path, params: match.params, queryString: target.query, handshake, protocol };
  const deflate = route.compression && negotiateDeflate(offer.extensions, route.compression);
  return { route, facts, offer, deflate, pending };
}

function ignore(): void {}
