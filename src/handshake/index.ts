export { negotiateDeflate, type DeflateAgreement, type DeflateWishes } from './deflate-negotiation';
export { parseExtensions, type ExtensionOffer } from './extensions';
export { judgeConnect, type ConnectHeaders } from './connect';
export { forwardedHops, xForwardedHops, type Hop } from './forwarded';
export { ipVersion } from './ip-version';
export { originRule, type OriginRule, type Origins } from './origins';
export { readProxyHeader, type ProxyHeader } from './proxy-header';
export { Refusal, refuse } from './refusal';
export { parseRequestTarget, type RequestTarget } from './request-target';
export {
  acceptResponse,
  connectHeaders,
  refusalHeaders,
  refusalResponse,
  type Agreement,
  type AnswerHeaders,
} from './response';
export { Router, type Match } from './router';
export { listHasToken } from './tokens';
export {
  chooseProtocol,
  FOREIGN_ORIGIN,
  judgeOrigin,
  judgeUpgrade,
  MALFORMED_TARGET,
  NO_SUCH_PATH,
  UPGRADE_REQUIRED,
  type Offer,
  type UpgradeOffer,
  type UpgradeRequest,
} from './upgrade';
