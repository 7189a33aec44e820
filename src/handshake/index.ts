export type { AnswerHeaders } from './answer-headers';
export { type ConnectHeaders, judgeConnect } from './connect';
export { type DeflateAgreement, negotiateDeflate } from './deflate-negotiation';
export { type Hop, forwardedHops, xForwardedHops } from './forwarded';
export type { Handshake } from './handshake';
export { ipVersion } from './ip-version';
export { type OriginRule, type Origins, originRule } from './origins';
export { readProxyHeader } from './proxy-header';
export { Refusal, type RefusalOptions, refuse } from './refusal';
export { parseRequestTarget } from './request-target';
export { type Agreement, acceptResponse, connectHeaders, refusalHeaders, refusalResponse } from './response';
export { type Match, Router } from './router';
export { isToken, listHasToken } from './tokens';
export {
  FOREIGN_ORIGIN,
  MALFORMED_TARGET,
  NO_SUCH_PATH,
  type Offer,
  UPGRADE_REQUIRED,
  type UpgradeOffer,
  type UpgradeRequest,
  chooseProtocol,
  judgeOrigin,
  judgeUpgrade,
} from './upgrade';
