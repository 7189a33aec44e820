import './recognised';
export type { ForeignServer } from './attach/foreign-server';
export { Connections } from './connections';
export { type EngineOptions, OF_APPLICATIONS, SHUTDOWN, observer } from './engine-options';
export { Engine } from './engine';
export { ListenError, type Place } from './places';
export type { TlsSettings, TlsUpdate } from './tls';
