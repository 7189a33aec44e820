/// <reference types="node" preserve="true" />
import 'reflect-metadata';

/** tsyringe's own, so that providers need not import it (nor `reflect-metadata` before it). */
export { injectable } from 'tsyringe';
export { Application, bootstrap, createApp, type LifecycleHooks, type Logger, type PortalOptions } from './app';
export type { Issue, ValidationOptions } from './validation';
export {
  channelName,
  Channels,
  type Backplane,
  type BackplaneEvents,
  type BackplaneHistory,
  type HistoryOptions,
  type KeptPacket,
  type Member,
  type PacketId,
  type PresenceHandlers,
  type PresenceWatch,
  type Publication,
  type PublishOptions,
  type UserConnections,
} from './channels';
export type { Others } from './connection';
export {
  BootError,
  Catch,
  ConnectedSocket,
  Cookie,
  CurrentUser,
  Header,
  Inject,
  MessageBody,
  Module,
  OnClose,
  OnDrain,
  OnError,
  OnMessage,
  OnOpen,
  OnPing,
  OnPong,
  OnSubscribe,
  OnUpgrade,
  PathParam,
  QueryParam,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Context,
  type ContextKind,
  type DynamicModule,
  type ExceptionFilter,
  type Guard,
  type Interceptor,
  type ModuleOptions,
  type ModuleProvider,
  type StandardSchema,
  type WebSocketPathOptions,
} from './decorators';
export { CloseCode, CloseInfo } from './protocol';
export {
  Connection,
  IncompleteMessageError,
  MessageStream,
  type Acceptance,
  type Compression,
  type Gap,
  type HandledCall,
  type Limits,
  type Observer,
  type RequestOptions,
  type SendOptions,
  type Subscribed,
  type SubscribeOptions,
} from './connection';
export { Connections, ListenError, type ForeignServer, type Place, type TlsSettings, type TlsUpdate } from './server';
export {
  ConnectionClosedError,
  ForbiddenError,
  JsonCodec,
  MessagePackCodec,
  PortalError,
  UnauthorizedError,
  type Clock,
  type Codec,
  type Envelope,
  type ErrorCode,
  type PortalErrorOptions,
} from './messages';
export {
  refuse,
  type AnswerHeaders,
  type Handshake,
  type Origins,
  type Refusal,
  type RefusalOptions,
} from './handshake';
export type { SendResult } from './transport';
