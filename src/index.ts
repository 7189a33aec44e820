/// <reference types="node" preserve="true" />
import 'reflect-metadata';

/** tsyringe's own, so that providers need not import it (nor `reflect-metadata` before it). */
export { injectable } from 'tsyringe';
export { Application, bootstrap, createApp, type Logger, type PortalOptions } from './app';
export { BootError } from './binding';
export {
  ConnectedSocket,
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
  PathParam,
  QueryParam,
  WebSocketPath,
  type ModuleOptions,
  type ModuleProvider,
  type WebSocketPathOptions,
} from './decorators';
export {
  CloseCode,
  CloseInfo,
  Connection,
  Connections,
  IncompleteMessageError,
  ListenError,
  MessageStream,
  type Clock,
  type Compression,
  type Handshake,
  type Limits,
  type Origins,
  type SendOptions,
} from './engine';
