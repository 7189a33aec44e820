export { type Bytes, bytesOf, requireBytes } from './bytes';
export { isCancelled } from './cancelled';
export type { Compression } from './compression';
export { Connection, type ConnectionFacts, type SendOptions } from './connection';
export { OF_PATHS, PATH_OPTIONS } from './endpoint-options';
export type { Acceptance, CodecChoice, Endpoint, Verdict } from './endpoint';
export { type Resolved, given } from './given';
export {
  DEFAULT_LIMITS,
  type LimitName,
  type Limits,
  type PathLimits,
  type ResolvedLimits,
  resolveLimits,
} from './limits';
export { IncompleteMessageError, MessageStream } from './message-stream';
export type { Message } from './message';
export type { Gap, HandledCall, Observer, Others } from './observer';
export { REPORTS, allOf } from './observers';
export {
  CIRCULAR_IMPORT,
  type OptionTable,
  type Rule,
  callable,
  checkOptions,
  flag,
  judgedElsewhere,
  listOf,
  methods,
  must,
  nearest,
  object,
  oneOf,
  options,
  shown,
  text,
  unknownName,
  wholeNumber,
  whyUndefined,
} from './option-table';
export { refusalWith } from './refusals';
export type { RequestOptions } from './requests';
export { type Route, Routes, codecKinds } from './routes';
export type { DriverContext } from './driver-context';
export { ConnectionDriver } from './connection-driver';
export { SharedMessage } from './shared-message';
export { hearErrors, sourceOf } from './source';
export type { SubscribeOptions, Subscribed } from './subscribe-options';
export { NO_CHANNELS, type Subscriber, type Subscriptions } from './subscriptions';
export { unawaited } from './unawaited';
