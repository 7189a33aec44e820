import type { Handshake, Offer, Refusal } from '../../../handshake';
import type { Route } from '../../../connection';
import type { Admission } from '../admission';
import type { EngineOptions } from '../../engine-options';

/** A well-formed handshake for a path that is served. */
export interface UpgradeCandidate {
  readonly handshake: Handshake;
  readonly offer: Offer;
  readonly route: Route;
}

export interface RuleContext {
  readonly admission: Admission;
  readonly options: EngineOptions;
}

/**
 * A condition on which handshakes are admitted: returns the refusal of a handshake that does not meet it. A rule changes
 * nothing. A promise is awaited beside the upgrade hook, before it is called.
 */
export type UpgradeRule = (
  candidate: UpgradeCandidate,
  context: RuleContext,
) => Promise<Refusal | undefined> | Refusal | undefined;
