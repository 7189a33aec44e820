export { Application, bootstrap, createApp } from './application';
export { buildParts } from './build';
export type { LifecycleHooks } from './lifecycle';
export type { Logger } from './logger';
export type { PortalOptions } from './options';
