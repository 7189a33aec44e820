/// <reference types="node" preserve="true" />
export { CloseCode, CloseInfo, Violations, type Violation } from '../protocol';
export { Refusal, refuse, type Origins } from '../handshake';
export type { Compression } from './compression';
export { Connection, type Handshake, type SendOptions } from './connection';
export { Connections } from './connections';
export { systemClock, type Clock } from './deadlines';
export type { Endpoint, Message } from './endpoint';
export { Engine, type EngineOptions } from './engine';
export type { Limits } from './limits';
export { ListenError } from './listener';
export { IncompleteMessageError, MessageStream } from './message-stream';
export type { Observer } from './observer';
