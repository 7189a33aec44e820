import type { InjectionToken } from 'tsyringe';

/** What binding asks of the application's container. */
export interface Resolver {
  /** Whether the application provides this token. */
  provides(token: InjectionToken): boolean;
  /** @throws BootError; `wanted` tells for what, such as `ChatController.join, parameter 1 (room)` */
  resolve(token: InjectionToken, wanted?: string): unknown;
}
