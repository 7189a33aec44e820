export { BootError, WHO_EMITS_NONE, refuseOtherMajor } from './boot-error';
export { Catch } from './catch';
export { ConnectedSocket } from './connected-socket';
export type { Constructor } from './constructor';
export type { Context, ContextKind, ExceptionFilter, Guard, Interceptor } from './context';
export { Cookie } from './cookie';
export { CurrentUser } from './current-user';
export { dtoLibraries } from './dto-libraries';
export { Header } from './header';
export { Inject } from './inject';
export { MessageBody } from './message-body';
export {
  type BodyShape,
  type HandlerRecord,
  type ParameterBinding,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
  type Use,
  type UseRole,
  caughtBy,
  decoratorOf,
  emittedTypes,
  handlersOf,
  handlersUndone,
  moduleOf,
  parametersOf,
  pathOf,
  strayOf,
  usesOf,
} from './metadata';
export { misplacedOn } from './misplaced';
export { type DynamicModule, Module, type ModuleOptions, type ModuleProvider } from './module';
export { OnClose } from './on-close';
export { OnDrain } from './on-drain';
export { OnError } from './on-error';
export { OnMessage } from './on-message';
export { OnOpen } from './on-open';
export { OnPing } from './on-ping';
export { OnPong } from './on-pong';
export { OnSubscribe } from './on-subscribe';
export { OnUpgrade } from './on-upgrade';
export { PathParam } from './path-param';
export { QueryParam } from './query-param';
export { UseFilters } from './use-filters';
export { UseGuards } from './use-guards';
export { UseInterceptors } from './use-interceptors';
export { WebSocketPath, type WebSocketPathOptions } from './web-socket-path';
