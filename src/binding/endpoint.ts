import {
  codecKinds,
  type Acceptance,
  type Connection,
  type Endpoint,
  type HandledCall,
  type Verdict,
} from '../connection';
import { ForbiddenError, NO_REPLY, then } from '../messages';
import { Refusal, refuse, type RefusalOptions } from '../handshake';
import { BootError, type Constructor, type ContextKind, type Guard, type WebSocketPathOptions } from '../decorators';
import { compileCall } from './call';
import type { BoundController, BoundHandler } from './bound-controller';
import { decodePlain, dispatchEvents, refuseTooFast, type MessageHook, type Unhandled } from './dispatch';
import { ConnectionInstances } from './instances';
import { admit } from './guards';
import { compileInvoke, contextOf, Pipeline, type Handler, type Report, type Stage } from './pipeline';
import type { Invoke } from './invoke';
import { assignSlots, type CodecKinds, type Slots } from './slots';
import { bySpecificity, filterHandlers, type ErrorHandler } from './error-handlers';
import type { Timing } from './timing';

/** Compiles a controller with bound parameters to the hooks that the engine calls. @throws BootError */
export function compileEndpoint(bound: BoundController, report: Report, timing?: Timing): Endpoint {
  return new EndpointCompiler(bound, report, timing).compile();
}

type Hooks = { -readonly [Name in keyof Endpoint]?: Endpoint[Name] };

class EndpointCompiler {
  private readonly slots: Slots;
  private readonly pipeline: Pipeline;
  /** Error handlers of the class in their order: its own methods, its filters, filters of the application. */
  private readonly ownTakers: readonly ErrorHandler[] = [];
  private readonly classTakers: readonly ErrorHandler[];
  private readonly applicationTakers: readonly ErrorHandler[];
  private readonly kinds: CodecKinds;

  constructor(
    private readonly bound: BoundController,
    report: Report,
    timing: Timing | undefined,
  ) {
    const { enhancers, controller, options } = bound;
    this.kinds = kindsIn(controller, options);
    this.slots = assignSlots(bound, this.kinds);
    this.pipeline = new Pipeline(report, timing);
    this.classTakers = filterHandlers(enhancers.of('filters', controller));
    this.applicationTakers = filterHandlers(enhancers.ofApplication('filters'));
    this.ownTakers = bySpecificity(this.slots.errors.map((handler) => this.errorHandler(handler)));
  }

  compile(): Endpoint {
    const { bound, slots } = this;
    const { target } = bound;
    const hooks: Hooks = {};
    const upgrade = this.upgrade();
    if (upgrade !== undefined) hooks.upgrade = upgrade;
    for (const kind of ['ping', 'pong', 'drain', 'close'] as const) {
      const handler = this.handlerOf(kind, slots.single.get(kind));
      if (handler === undefined) continue;
      hooks[kind] = (connection: Connection, body?: unknown) => {
        // a controller that could not be made has nothing to hear of
        if (target instanceof ConnectionInstances && !target.has(connection)) return undefined;
        return handler(connection, body, NO_REPLY);
      };
    }
    const subscribe = this.slots.single.get('subscribe');
    if (subscribe !== undefined) hooks.subscribe = this.subscribe(subscribe);
    Object.assign(hooks, this.messageHooks('text'), this.messageHooks('binary'));
    if (slots.events.size > 0) hooks.tooFast = refuseTooFast(this.unhandled());
    Object.assign(hooks, this.lifeHooks());
    return { path: bound.pattern, name: bound.controller.name, ...bound.options, ...hooks };
  }

  /** `open` and `release`, between which a connection's own instance lives. */
  private lifeHooks(): Hooks {
    const { target } = this.bound;
    const open = this.handlerOf('open', this.slots.single.get('open'));
    if (!(target instanceof ConnectionInstances)) {
      // what belongs to the application is disposed of after the last connection, and so after all that this one still sends
      const release = (): void => {};
      return open === undefined
        ? { release }
        : { release, open: (connection) => open(connection, undefined, NO_REPLY) };
    }
    // it takes no time, so a promise means that it failed, and was dealt with
    const make = this.pipeline.compile(
      this.stage('open', '', { call: (connection) => void target.of(connection), guards: [], interceptors: [] }),
    );
    return {
      open: (connection) => make(connection, undefined, NO_REPLY) ?? open?.(connection, undefined, NO_REPLY),
      release: (connection) => target.release(connection),
    };
  }

  private messageHooks(kind: 'text' | 'binary'): Hooks {
    const bound = this.slots.single.get(kind);
    const handler = this.handlerOf('message', bound);
    if (handler !== undefined && bound?.body === 'stream') {
      return {
        [`${kind}Stream`]: (connection: Connection, message: unknown) => handler(connection, message, NO_REPLY),
      };
    }
    const hook = this.withEvents(kind, handler && this.plainHook(kind, bound!, handler));
    return hook === undefined ? {} : { [kind]: hook };
  }

  private plainHook(kind: 'text' | 'binary', bound: BoundHandler, handler: Handler): MessageHook {
    if (bound.body !== 'value') return (connection, message) => handler(connection, message, NO_REPLY);
    return decodePlain(kind === 'binary', handler, this.unhandled(bound));
  }

  private withEvents(kind: 'text' | 'binary', plain: MessageHook | undefined): MessageHook | undefined {
    if (this.slots.events.size === 0 || !this.kinds[kind]) return plain;
    const events = new Map([...this.slots.events].map(([event, bound]) => [event, this.handlerOf('message', bound)!]));
    return dispatchEvents({ binary: kind === 'binary', events, plain, unhandled: this.unhandled() });
  }

  /** Answers a message without a handler: an error of the method `bound`, or of the class. */
  private unhandled(bound?: BoundHandler): Unhandled {
    const stage = bound === undefined ? this.stage('message', '') : this.stageOf('message', bound);
    return (connection, error, replyTo) => this.pipeline.fail(stage, error, connection, undefined, replyTo);
  }

  private upgrade(): Endpoint['upgrade'] {
    const { enhancers, controller, handlers } = this.bound;
    const checks = handlers.flatMap(({ urlChecks }) => urlChecks);
    const guards = [...enhancers.ofApplication('guards'), ...enhancers.of('guards', controller)].map(whileUndecided);
    const bound = this.slots.single.get('upgrade');
    if (checks.length + guards.length === 0 && bound === undefined) return undefined;
    const stage =
      bound === undefined
        ? { ...this.stage('upgrade', ''), called: this.called('upgrade', '') }
        : this.stageOf('upgrade', bound);
    const decide: Invoke =
      bound === undefined
        ? () => undefined
        : compileInvoke(
            {
              ...stage,
              guards: stage.guards.map(whileUndecided),
              call: (connection, body) => (connection.decided ? undefined : stage.call(connection, body)),
            },
            this.pipeline.report,
          );
    const invoke: Invoke = (connection, body, replyTo, context = contextOf(stage, connection, body, replyTo)) => {
      for (const check of checks) {
        const wrong = check(connection);
        if (wrong !== undefined) return new Refusal(400, wrong);
      }
      const asking = admit(guards, context);
      return asking === undefined
        ? decide(connection, body, replyTo, context)
        : asking.then(() => decide(connection, body, replyTo, context));
    };
    return this.pipeline.compileUpgrade(stage, invoke, verdictOf);
  }

  private subscribe(bound: BoundHandler): NonNullable<Endpoint['subscribe']> {
    const decide = this.pipeline.compileDecision(this.stageOf('subscribe', bound));
    const judge = (answer: unknown): void => {
      if (answer !== undefined && answer !== true) throw new ForbiddenError();
    };
    return (connection, channel) => then(decide(connection, channel, NO_REPLY), judge);
  }

  private errorHandler(bound: BoundHandler): ErrorHandler {
    const { record } = bound;
    const { target } = this.bound;
    const invoke = compileInvoke({ ...this.stageOf('error', bound), errorHandlers: [] }, this.pipeline.report);
    return {
      error: record.error === Error ? undefined : record.error,
      name: `${this.bound.controller.name}.${record.method}`,
      handle: (error, { connection }, replyTo) => {
        // there is no controller that could take the error of its own constructor
        if (target instanceof ConnectionInstances && target.hasFailed(connection)) throw error;
        return invoke(connection, error, replyTo);
      },
    };
  }

  private handlerOf(kind: ContextKind, bound: BoundHandler | undefined): Handler | undefined {
    return bound && this.pipeline.compile(this.stageOf(kind, bound));
  }

  private stageOf(kind: ContextKind, bound: BoundHandler): Stage {
    const { enhancers, controller, target, isSpiedOn } = this.bound;
    const { method, event } = bound.record;
    const instanceOf = target instanceof ConnectionInstances ? target.of : target;
    const stage = this.stage(kind, method, {
      call: compileCall(instanceOf, method, bound, isSpiedOn),
      guards: enhancers.of('guards', controller, method),
      interceptors: [
        ...enhancers.ofApplication('interceptors'),
        ...enhancers.of('interceptors', controller),
        ...enhancers.of('interceptors', controller, method),
      ],
    });
    return { ...stage, called: this.called(kind, method, event) };
  }

  private called(kind: ContextKind, method: string, event?: string): HandledCall {
    const { pattern, controller } = this.bound;
    return { path: pattern, controller: controller.name, method, kind, ...(event !== undefined && { event }) };
  }

  /** A stage without a method calls nothing, and has the error handlers of the class. */
  private stage(
    kind: ContextKind,
    method: string,
    calling: Pick<Stage, 'call' | 'guards' | 'interceptors'> = NOTHING,
  ): Stage {
    const { enhancers, controller } = this.bound;
    const methodTakers = method === '' ? [] : filterHandlers(enhancers.of('filters', controller, method));
    const errorHandlers = [...this.ownTakers, ...methodTakers, ...this.classTakers, ...this.applicationTakers];
    return { controller: controller, kind, method, errorHandlers, ...calling };
  }
}

/** Asks a guard unless an earlier one has closed the connection, or the client has left. */
function whileUndecided(guard: Guard): Guard {
  return { canActivate: (context) => context.connection.decided || guard.canActivate(context) };
}

const NOTHING: Pick<Stage, 'call' | 'guards' | 'interceptors'> = {
  call: () => undefined,
  guards: [],
  interceptors: [],
};

function kindsIn({ name }: Constructor, { codec }: WebSocketPathOptions): CodecKinds {
  try {
    return codecKinds(codec);
  } catch (cause) {
    throw new BootError(`${name}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * The verdict in a value that `@OnUpgrade` returned. It counts for nothing once the upgrade is decided, as after `connection.close(4401)`.
 * @throws TypeError for a value that it may not return
 */
function verdictOf(value: unknown, { decided }: Connection): Verdict {
  if (decided || value === undefined || value === null || value === true) return undefined;
  if (value === false) throw new ForbiddenError();
  if (value instanceof Refusal) return value;
  if (isRefusing(value)) return refuse(value.status, value);
  const { protocol, headers = {} } = Object(value) as Acceptance;
  const isAcceptance =
    isPlain(value) &&
    Object.keys(value).every((name) => name === 'protocol' || name === 'headers') &&
    (protocol === undefined || typeof protocol === 'string') &&
    isPlain(headers) &&
    Object.values(headers)
      .flat()
      .every((header) => typeof header === 'string');
  if (isAcceptance) return value;
  throw new TypeError(
    '@OnUpgrade returns nothing or true, false or refuse(…), or { protocol, headers }, which are strings or arrays of those',
  );
}

/** True for a plain object. The properties of an instance, such as a `Response`, would not be seen. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** True for the arguments of `refuse` as one object. */
function isRefusing(value: unknown): value is RefusalOptions & { status: number } {
  if (!isPlain(value)) return false;
  const known = ['status', 'headers', 'body'];
  return (
    typeof (value as { status?: unknown }).status === 'number' &&
    Object.keys(value).every((name) => known.includes(name))
  );
}
