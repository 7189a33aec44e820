import { CloseCode } from '../protocol';
import {
  ConnectionClosedError,
  errorThrown,
  ForbiddenError,
  NO_REPLY,
  PortalError,
  then,
  UnauthorizedError,
  type ReplyTo,
} from '../messages';
import { Refusal } from '../handshake';
import { hearErrors, isCancelled, refusalWith, type Connection, type HandledCall } from '../connection';
import type { Constructor, Context, ContextKind, Guard, Interceptor } from '../decorators';
import type { Call } from './call';
import { admit, wasRefused } from './guards';
import { compose } from './interceptors';
import { replyError, replyLater, replyNow } from './reply';
import { handles, type ErrorHandler } from './error-handlers';
import { tellable } from './tellable';
import { timed, type Timing } from './timing';
import type { Invoke } from './invoke';

/** Reports an error that nobody handled. `where` is such as `ChatController.join`. */
export type Report = (error: unknown, where: string, connection: Connection) => void;

/** A method with all that runs around it. */
export interface Stage {
  readonly controller: Constructor;
  readonly kind: ContextKind;
  /** '' for a stage that calls no method. */
  readonly method: string;
  readonly call: Call;
  readonly guards: readonly Guard[];
  readonly interceptors: readonly Interceptor[];
  /** In the order in which they are asked. */
  readonly errorHandlers: readonly ErrorHandler[];
  /** The report of a call, for observers; absent where the stage calls no method. */
  readonly called?: HandledCall;
}

/** A compiled handler: calls the user's method and sends the value returned. Never throws or rejects. */
export type Handler = (connection: Connection, body: unknown, replyTo: ReplyTo) => Promise<void> | void;

/** Puts guards and interceptors around a call. Without any, returns the call. `report` gets errors that an interceptor did not wait for. */
export function compileInvoke(stage: Stage, report?: Report): Invoke {
  const { guards, interceptors, call } = stage;
  if (!needsContext(stage)) return call;
  const run = compose(
    interceptors,
    ({ connection, body }) => heard(call(connection, body)),
    (error, { connection }) => report?.(error, placeOf(stage), connection),
  );
  return (connection, body, replyTo, context = contextOf(stage, connection, body, replyTo)) => {
    const asking = admit(guards, context);
    return asking === undefined ? run(context) : asking.then(() => run(context));
  };
}

function needsContext({ guards, interceptors }: Stage): boolean {
  return guards.length > 0 || interceptors.length > 0;
}

/** Hears errors of a method's value from the start: interceptors may take time before it is sent. */
function heard(value: unknown): unknown {
  hearErrors(value);
  return value;
}

export function contextOf(stage: Stage, connection: Connection, body: unknown, { event }: ReplyTo): Context {
  const { kind, controller, method } = stage;
  return { kind, connection, event, body, controller, method };
}

/** Runs users' code, and is the one place that catches its errors. */
export class Pipeline {
  /** Without `timing` nothing is measured. */
  constructor(
    readonly report: Report,
    private readonly timing?: Timing,
  ) {}

  compile(stage: Stage): Handler {
    const invoke = this.measured(stage, compileInvoke(stage, this.report));
    const inContext = needsContext(stage);
    return (connection, body, replyTo) => {
      const context = inContext ? contextOf(stage, connection, body, replyTo) : undefined;
      try {
        const value = invoke(connection, body, replyTo, context);
        if (replyNow(connection, value, replyTo)) return undefined;
        const fail = (error: unknown): Promise<void> => this.fail(stage, error, connection, body, replyTo, context);
        return replyLater(connection, value, replyTo, fail).then(undefined, fail);
      } catch (error) {
        return this.fail(stage, error, connection, body, replyTo, context);
      }
    };
  }

  /** Compiles a stage whose value and errors go to its caller, which is users' code itself. */
  compileDecision(stage: Stage): Invoke {
    const invoke = this.measured(stage, compileInvoke(stage, this.report));
    return (connection, body, replyTo) => {
      try {
        return invoke(connection, body, replyTo);
      } catch (thrown) {
        throw this.thrownBy(stage, thrown, connection);
      }
    };
  }

  /** Compiles a stage that accepts or refuses an upgrade. `decide` returns a value as `@OnUpgrade` does. */
  compileUpgrade<Verdict>(
    stage: Stage,
    decide: Invoke,
    verdictOf: (value: unknown, connection: Connection) => Verdict,
  ) {
    const invoke = this.measured(stage, decide);
    return (connection: Connection): Promise<Verdict | Refusal> | Verdict | Refusal => {
      const context = contextOf(stage, connection, undefined, NO_REPLY);
      const fail = (error: unknown): Promise<Refusal> => this.refusalOf(stage, error, context);
      try {
        const verdict = then(invoke(connection, undefined, NO_REPLY, context), (value) => verdictOf(value, connection));
        return verdict instanceof Promise ? verdict.then(undefined, fail) : verdict;
      } catch (error) {
        const thrown = readableOf(error);
        return thrown instanceof Refusal ? thrown : fail(error);
      }
    };
  }

  /** Passes an error to the error handlers of its stage, or does the default of its kind. Never rejects. `context` is as for `Invoke`. */
  async fail(
    stage: Stage,
    thrown: unknown,
    connection: Connection,
    body: unknown,
    replyTo: ReplyTo,
    context = contextOf(stage, connection, body, replyTo),
  ): Promise<void> {
    const readable = this.thrownBy(stage, thrown, connection);
    const error = readable instanceof Refusal ? errorOf(readable) : readable;
    const told = tellable(error) ?? new PortalError('internal_error');
    // without an instance there is nobody who could serve it
    let isRefused = stage.method === '' || wasRefused(context);
    try {
      const outcome = await this.offer(stage, error, context, replyTo);
      if (!outcome.handled) {
        isRefused ||= isRefusal(tellable(outcome.error));
        this.giveUp(stage, outcome, connection, replyTo);
      } else if (replyTo.id !== undefined && (outcome.value === undefined || outcome.value === null)) {
        this.tell(stage, told, connection, replyTo);
      } else {
        // what a filter returned cannot be sent: the error itself can
        const unsent = (why: unknown): void => {
          if (replyTo.event === undefined) return this.close(stage, why, connection);
          this.report(why, placeOf(stage), connection);
          this.tell(stage, told, connection, replyTo);
        };
        await replyLater(connection, outcome.value, replyTo, unsent).then(undefined, unsent);
      }
    } catch (second) {
      this.close(stage, second, connection);
    }
    if (stage.kind === 'open' && isRefused) turnAway(connection, told);
  }

  private thrownBy(stage: Stage, thrown: unknown, connection: Connection): unknown {
    return readableOf(errorThrown(thrown, (reason) => this.report(reason, placeOf(stage), connection)));
  }

  /** Sends the error reply. Parts that cannot be encoded are left out and reported. */
  private tell(stage: Stage, error: PortalError, connection: Connection, replyTo: ReplyTo): void {
    try {
      replyError(connection, error, replyTo, (why) => this.report(untold(error, why), placeOf(stage), connection));
    } catch (why) {
      this.close(stage, untold(error, why), connection);
    }
  }

  private measured({ called }: Stage, invoke: Invoke): Invoke {
    return called === undefined || this.timing === undefined ? invoke : timed(invoke, called, this.timing);
  }

  private async refusalOf(stage: Stage, unread: unknown, context: Context): Promise<Refusal> {
    const { connection } = context;
    const thrown = this.thrownBy(stage, unread, connection);
    if (thrown instanceof Refusal) return thrown;
    const outcome = await this.offer(stage, thrown, context, NO_REPLY);
    if (outcome.handled && outcome.value instanceof Refusal) return outcome.value;
    const error = outcome.handled ? thrown : outcome.error;
    const told = tellable(error);
    if (told !== undefined) {
      try {
        return refusalFor(told);
      } catch (why) {
        this.report(untold(told, why), placeOf(stage), connection);
      }
    } else if (!outcome.handled) {
      this.reportFailure(stage, error, connection);
    }
    return refusalFor(new PortalError('internal_error'));
  }

  /** Asks the error handlers in turn. A `PortalError` that one throws takes the place of the error; any other is reported. */
  private async offer(stage: Stage, thrown: unknown, context: Context, replyTo: ReplyTo): Promise<Outcome> {
    let error = thrown;
    let broken = false;
    for (const errorHandler of stage.errorHandlers) {
      if (!handles(errorHandler, error)) continue;
      try {
        return { handled: true, value: await errorHandler.handle(error, context, replyTo) };
      } catch (second) {
        if (second === error) continue;
        if (tellable(second) !== undefined) {
          error = second;
          continue;
        }
        this.reportFailure(stage, second, context.connection, `${placeOf(stage)} (${errorHandler.name})`);
        broken = true;
      }
    }
    return { handled: false, error, broken };
  }

  private giveUp(stage: Stage, { error, broken }: Unhandled, connection: Connection, replyTo: ReplyTo): void {
    // nobody is there to be answered, and nothing is wrong
    if (isCancelled(error, connection) && (stage.kind !== 'close' || error instanceof ConnectionClosedError)) return;
    const told = tellable(error);
    // a name that a client made impossible is no fault, whether it can be told or not
    if (stage.kind === 'close' && told !== undefined && told !== error) return;
    const canTell = !broken && stage.kind !== 'close';
    if (canTell && told !== undefined) {
      this.tell(stage, told, connection, replyTo);
    } else if (canTell && replyTo.event !== undefined) {
      this.report(error, placeOf(stage), connection);
      this.tell(stage, new PortalError('internal_error'), connection, replyTo);
    } else {
      this.close(stage, error, connection);
    }
  }

  /** Reports a failure. A call that was cancelled is none, except for `close`: by then all calls are cancelled. */
  private reportFailure(stage: Stage, error: unknown, connection: Connection, where = placeOf(stage)): void {
    if (stage.kind === 'close' || !isCancelled(error, connection)) this.report(error, where, connection);
  }

  private close(stage: Stage, error: unknown, connection: Connection): void {
    this.reportFailure(stage, error, connection);
    void connection.close(CloseCode.InternalError, 'internal error');
  }
}

type Outcome = { readonly handled: true; readonly value: unknown } | Unhandled;

interface Unhandled {
  readonly handled: false;
  readonly error: unknown;
  /** True where an error handler has failed. */
  readonly broken: boolean;
}

/** Closes a connection whose opening a guard refused: nothing else would keep its client from the handlers of messages. */
function turnAway(connection: Connection, { code }: PortalError): void {
  if (code === 'internal_error') void connection.close(CloseCode.InternalError, 'internal error');
  else void connection.close(CloseCode.PolicyViolation, code === 'unauthorized' ? code : 'forbidden');
}

function isRefusal(error: PortalError | undefined): boolean {
  return error?.code === 'unauthorized' || error?.code === 'forbidden';
}

/** Replaces an error that throws when it is read, as a `Proxy` or a getter may. Filters and logs read each error. */
function readableOf(thrown: unknown): unknown {
  try {
    if (thrown instanceof Error) void [thrown.name, thrown.message, thrown.stack, thrown.cause];
    return thrown;
  } catch (cause) {
    return new Error('something was thrown that cannot be looked at', { cause });
  }
}

/** The report of an error whose reply could not be encoded. */
function untold(error: PortalError, why: unknown): Error {
  return new AggregateError(
    [error, why],
    'the reply for an error could not be encoded, and was sent without its details',
  );
}

function placeOf({ controller, method }: Stage): string {
  return method === '' ? controller.name : `${controller.name}.${method}`;
}

/** The error of a `refuse(…)` outside of an upgrade. */
function errorOf({ status, body }: Refusal): PortalError {
  return status === 401 ? new UnauthorizedError(body) : new ForbiddenError(body);
}

function refusalFor({ status, message }: PortalError): Refusal {
  if (!Number.isInteger(status) || status < 300 || status > 599)
    throw new TypeError(`${String(status)} is no status that refuses`);
  return refusalWith(status, message);
}
