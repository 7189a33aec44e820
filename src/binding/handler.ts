import { CloseCode, type Connection } from '../engine';
import type { Constructor } from '../decorators';
import type { Call } from './call';
import { reply } from './reply';

/** Reports what nobody took care of; `where` is such as `ChatController.join`. */
export type Report = (error: unknown, where: string, connection: Connection) => void;

/** An `@OnError` method. */
export interface ErrorHandler {
  readonly error: Constructor<Error>;
  readonly call: Call;
}

/** A compiled handler: calls the user's method, sends what it returns, and never throws or rejects. */
export type Handler = (connection: Connection, body?: unknown) => Promise<void> | void;

/** Compiles handlers of one controller; all of its users' code runs inside the one `try` here. */
export class HandlerFactory {
  private readonly errorHandlers: readonly ErrorHandler[];

  constructor(
    errorHandlers: readonly ErrorHandler[],
    private readonly report: Report,
  ) {
    this.errorHandlers = [...errorHandlers].sort((a, b) => depth(b.error) - depth(a.error));
  }

  compile(call: Call, where: string): Handler {
    const fail = (connection: Connection, error: unknown): Promise<void> | void =>
      this.recover(connection, error, where, 0);
    return (connection, body) => {
      try {
        const value = call(connection, body);
        if (value === undefined) return undefined;
        return reply(connection, value, fail)?.then(undefined, (error: unknown) => fail(connection, error));
      } catch (error) {
        return fail(connection, error);
      }
    };
  }

  /** Offers the error to the handlers from `index` on; the first that does not fail itself has handled it. */
  private recover(connection: Connection, error: unknown, where: string, index: number): Promise<void> | void {
    const rest = this.errorHandlers.slice(index);
    const next = rest.findIndex((handler) => error instanceof handler.error || handler.error === Error);
    if (next < 0) {
      this.giveUp(connection, error, where);
      return undefined;
    }
    const after = index + next + 1;
    const failed = (second: unknown): Promise<void> | void => {
      if (second !== error) this.report(second, `${where} (@OnError)`, connection);
      return this.recover(connection, error, where, after);
    };
    return attempt(() => reply(connection, rest[next]!.call(connection, error), (_, late) => failed(late)), failed);
  }

  private giveUp(connection: Connection, error: unknown, where: string): void {
    this.report(error, where, connection);
    void connection.close(CloseCode.InternalError, 'internal error');
  }
}

function attempt(
  work: () => Promise<void> | void,
  onError: (error: unknown) => Promise<void> | void,
): Promise<void> | void {
  try {
    return work()?.then(undefined, onError);
  } catch (error) {
    return onError(error);
  }
}

/** How far a class is from the root: a subclass is more specific than its base. */
function depth(constructor: Constructor): number {
  let levels = 0;
  for (let at: unknown = constructor; typeof at === 'function'; at = Object.getPrototypeOf(at)) levels++;
  return levels;
}
