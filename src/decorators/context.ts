import type { Connection } from '../connection';
import type { Refusal } from '../handshake';

/** What is being called, for guards, interceptors and filters: one object for all who have to do with one call. */
export interface Context {
  readonly kind: ContextKind;
  readonly connection: Connection;
  /** The event's name, where the message is one. */
  readonly event?: string | undefined;
  /** The message, an event's data, the error of an `@OnError`, a ping's payload, a channel's name; before it is validated. */
  body?: unknown;
  readonly controller: Function;
  /** Name of the method; '' where none is called: class guards at an upgrade, an event that nobody takes. */
  readonly method: string;
}

export type ContextKind = 'upgrade' | 'open' | 'message' | 'subscribe' | 'close' | 'ping' | 'pong' | 'drain' | 'error';

/** Says whether something may happen. False, or anything but true, refuses it: 403 at an upgrade, else `forbidden`. */
export interface Guard {
  /** May throw a `PortalError`, whose code and status are the answer; at an upgrade also return or throw `refuse(…)`. */
  canActivate(context: Context): boolean | Refusal | Promise<boolean | Refusal>;
}

/** Stands around a call. */
export interface Interceptor {
  /** `next` calls the method (or the next interceptor) and returns what that returns; what this returns goes on instead. */
  intercept(context: Context, next: () => unknown): unknown;
}

/** Takes errors. `@Catch(SomeError)` on the class says which; all, without it. */
export interface ExceptionFilter<E = unknown> {
  /** What it returns is sent like a handler's reply; at an upgrade `refuse(…)`. To pass an error on, it throws it. */
  catch(error: E, context: Context): unknown;
}
