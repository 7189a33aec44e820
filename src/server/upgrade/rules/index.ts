import { connectionLimits } from './connection-limits';
import { origin } from './origin';
import type { RuleContext, UpgradeCandidate, UpgradeRule } from './upgrade-rule';

export type { RuleContext, UpgradeCandidate, UpgradeRule };

/** All rules for well-formed handshakes, in the order in which they are checked. Options of rules are in `EngineOptions`. */
export const UPGRADE_RULES: readonly UpgradeRule[] = [origin, connectionLimits];
