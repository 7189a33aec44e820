/// <reference types="node" preserve="true" />
import './recognised';
export type { Bytes } from './bytes';
export { isExactNumber, JsonCodec, MessagePackCodec, stringify, type Codec, type Envelope } from '../codecs';
export { CloseCode, CloseInfo, closePayload, Violations, type Violation } from '../protocol';
export { Refusal, refuse, type AnswerHeaders, type Origins, type RefusalOptions } from '../handshake';
export type { Compression } from './compression';
export { Connection, type SendOptions } from './connection';
export type { Handshake } from '../handshake/handshake';
export type { SendResult } from './write-queue';
export { Connections } from './connections';
export { systemClock, type Clock } from './deadlines';
export type { Acceptance, CodecChoice, Endpoint, Verdict } from './endpoint';
export type { Message } from './message';
export { Engine } from './engine';
export type { EngineOptions } from './engine-options';
export { DEFAULT_LIMITS, type Limits } from './limits';
export {
  ConnectionClosedError,
  ERROR_CODES,
  ForbiddenError,
  PortalError,
  UnauthorizedError,
  type ErrorCode,
  type PortalErrorOptions,
} from './portal-error';
export { SERVER_ID, type RequestOptions } from './requests';
export { ListenError, type Place } from './listener';
export type { ForeignServer } from './foreign-server';
export type { TlsSettings, TlsUpdate } from './tls';
export { codecKinds } from './routes';
export { SharedMessage } from './shared-message';
export type { Subscriber, Subscriptions } from './subscriptions';
export type { SubscribeOptions, Subscribed } from './subscribe-options';
export { IncompleteMessageError, MessageStream } from './message-stream';
export type { Gap, HandledCall, Observer, Others } from './observer';
export type { LimitName } from './limits';
