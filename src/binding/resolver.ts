import type { InjectionToken } from 'tsyringe';
import type { Constructor } from '../decorators';
import type { Connection } from '../connection';

/** The application's container, for binding. */
export interface Resolver {
  /** True where the application provides this token. */
  provides(token: InjectionToken): boolean;
  /** `wanted` is the place that needs it, such as `ChatController.join, parameter 1 (room)`. @throws BootError */
  resolve(token: InjectionToken, wanted?: string): unknown;
  /** The application's instance of a class, which no module need list. @throws BootError */
  shared(constructor: Constructor, wanted: string): unknown;
  /** True where each connection has its own instance. */
  isScoped(token: InjectionToken): boolean;
  /** Checks, without making an instance, that each connection can have one. @throws BootError */
  scoped(token: InjectionToken): void;
  openScope(connection: Connection): Scope;
}

/** The instances of one connection. */
export interface Scope {
  resolve(token: InjectionToken): unknown;
  /** Never rejects: failures are reported. */
  dispose(): Promise<void>;
}
