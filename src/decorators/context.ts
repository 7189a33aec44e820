import type { Connection } from '../connection';
import type { Refusal } from '../handshake';

/** A call of a handler, for its guards, interceptors and filters. All of one call get the same object. */
export interface Context {
  readonly kind: ContextKind;
  readonly connection: Connection;
  /** The event's name; `undefined` for a call that is no event. */
  readonly event?: string | undefined;
  /** The message, an event's data, the error of an `@OnError`, a ping's payload or a channel's name, before validation. */
  body?: unknown;
  readonly controller: Function;
  /** The method's name; '' where no method is called: class guards at an upgrade, an event without a handler. */
  readonly method: string;
}

export type ContextKind = 'upgrade' | 'open' | 'message' | 'subscribe' | 'close' | 'ping' | 'pong' | 'drain' | 'error';

/** Decides whether a call may happen. Anything but `true` refuses it: with 403 at an upgrade, else with the error `forbidden`. */
export interface Guard {
  /**
   * At an upgrade it may return or throw `refuse(…)`.
   * @throws PortalError to refuse with that code and status
   */
  canActivate(context: Context): boolean | Refusal | Promise<boolean | Refusal>;
}

/** Runs around a call: before it, after it, or in its place. */
export interface Interceptor {
  /** `next` calls the next interceptor, or the method, and returns its value. The value returned here replaces it. */
  intercept(context: Context, next: () => unknown): unknown;
}

/** Handles errors: those of `@Catch(SomeError)` on its class, or all errors without it. */
export interface ExceptionFilter<E = unknown> {
  /**
   * The value returned is sent like a handler's reply; at an upgrade it may be `refuse(…)`.
   * @throws the error itself to pass it on, or a `PortalError` to replace it
   */
  catch(error: E, context: Context): unknown;
}
