import type { UpgradeRule } from './upgrade-rule';

/** The limits of `../limits/`. */
export const connectionLimits: UpgradeRule = ({ handshake, route }, { admission }) => admission.check(route, handshake);
