export { Application, bootstrap, buildParts, createApp } from './application';
export type { LifecycleHooks } from './lifecycle';
export type { Logger } from './logger';
export type { PortalOptions } from './options';
