export type { Codec, Envelope } from './codec';
export { type Clock, Deadlines, systemClock } from './deadlines';
export { type Deferred, deferred } from './deferred';
export { isExactNumber } from './exact-number';
export { JsonCodec, stringify } from './json-codec';
export { MessagePackCodec } from './message-pack-codec';
export {
  ConnectionClosedError,
  ERROR_CODES,
  type ErrorCode,
  ForbiddenError,
  PortalError,
  type PortalErrorOptions,
  UnauthorizedError,
} from './portal-error';
export { saysYes, then } from './thenable';
export { callUser, classNameOf, errorThrown, isThenable, takeRejection } from './users-code';
