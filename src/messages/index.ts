export { type Codec, decodeEnvelope } from './codec';
export { type Clock, Deadlines, systemClock } from './deadlines';
export {
  type Envelope,
  type ErrorPayload,
  NO_REPLY,
  type PendingRequest,
  type ReplyTo,
  SERVER_ID,
  answerTo,
  endTo,
  errorTo,
  isId,
  isServerId,
  itemTo,
  payloadOf,
  settle,
} from './envelope';
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
