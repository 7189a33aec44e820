import { judgeOrigin } from '../../../handshake';
import type { UpgradeRule } from './upgrade-rule';

/** The `origins` of the path, or of the application. */
export const origin: UpgradeRule = ({ handshake, route }) =>
  judgeOrigin(handshake.headers, route.originRule, handshake);
