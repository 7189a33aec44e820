import type { InjectionToken } from 'tsyringe';
import type { Constructor } from '../decorators';
import type { Connection } from '../connection';

/** What binding asks of the application's container. */
export interface Resolver {
  /** Whether the application provides this token. */
  provides(token: InjectionToken): boolean;
  /** @throws BootError; `wanted` tells for what, such as `ChatController.join, parameter 1 (room)` */
  resolve(token: InjectionToken, wanted?: string): unknown;
  /** The one instance of a class in the application, also of one that no module lists. @throws BootError */
  shared(constructor: Constructor, wanted: string): unknown;
  /** Whether each connection has its own. */
  isScoped(token: InjectionToken): boolean;
  /** Checks, without making one, that something can be made for each connection. @throws BootError */
  scoped(token: InjectionToken): void;
  openScope(connection: Connection): Scope;
}

/** What is made for one connection. */
export interface Scope {
  resolve(token: InjectionToken): unknown;
  /** Never rejects: what fails is reported. */
  dispose(): Promise<void>;
}
