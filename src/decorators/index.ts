export { ConnectedSocket } from './connected-socket';
export { Header } from './header';
export { Inject } from './inject';
export { MessageBody } from './message-body';
export { Module, type ModuleOptions, type ModuleProvider } from './module';
export { OnClose } from './on-close';
export { OnDrain } from './on-drain';
export { OnError } from './on-error';
export { OnMessage } from './on-message';
export { OnOpen } from './on-open';
export { OnPing } from './on-ping';
export { OnPong } from './on-pong';
export { PathParam } from './path-param';
export { QueryParam } from './query-param';
export { WebSocketPath, type WebSocketPathOptions } from './web-socket-path';
export {
  emittedTypes,
  handlersOf,
  moduleOf,
  parametersOf,
  pathOf,
  type Constructor,
  type HandlerRecord,
  type ParameterBinding,
} from './metadata';
