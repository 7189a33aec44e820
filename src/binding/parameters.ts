import type { InjectionToken } from 'tsyringe';
import { MAJOR, otherMajorOf, ownClass } from '../copies';
import {
  decoratorOf,
  emittedTypes,
  parametersOf,
  type Constructor,
  type HandlerRecord,
  type ParameterBinding,
} from '../decorators';
import { CloseInfo } from '../protocol';
import { Connection } from '../connection';
import { CIRCULAR_IMPORT, whyUndefined } from '../connection';
import { isToken, noToken } from './arguments';
import { eventBody, messageBody, type Body, type BodyType } from './body';
import type { BodyLimits } from '../validation';
import { BootError, WHO_EMITS_NONE } from '../decorators';
import type { ValidationOptions } from '../validation';
import type { ConnectionInstances } from './instances';
import type { Resolver } from './resolver';
import type { Check } from '../validation';
import { checkAgainst, converterTo, type UrlCheck } from './url-values';

/** Reads the value of one parameter when the handler is called. It may throw what the peer is answered. */
export type Reader = (connection: Connection, body: unknown) => unknown;

/** How a handler's parameters are bound. */
export interface BoundParameters {
  readonly readers: readonly Reader[];
  /** Undefined for a handler without one. */
  readonly body: BodyType | undefined;
  /** Whether a reader may return a promise. */
  readonly mayWait: boolean;
  /** What must hold for the URL when the client connects. */
  readonly urlChecks: readonly UrlCheck[];
}

/** What the parameters of one controller have in common. */
export interface Surroundings {
  readonly controller: Constructor;
  readonly pattern: string;
  readonly resolver: Resolver;
  readonly validation: ValidationOptions;
  readonly limits: BodyLimits;
  /** Undefined for one instance for all. */
  readonly instances: ConnectionInstances | undefined;
}

export const readBody: Reader = (_connection, body) => body;
export const readConnection: Reader = (connection) => connection;
const readSignal: Reader = (connection) => connection.signal;

/** Handlers whose body is something else than a message: they take it by these types. */
const OTHER_BODIES: Partial<Record<HandlerRecord['kind'], (type: unknown) => boolean>> = {
  close: (type) => type === CloseInfo,
  // `unknown` is the honest type of what was thrown, and comes out as Object
  error: (type) => type === Object || type === Error || (typeof type === 'function' && type.prototype instanceof Error),
  subscribe: (type) => type === String,
  ping: (type) => type === Uint8Array || type === Buffer,
  pong: (type) => type === Uint8Array || type === Buffer,
};

const WITHOUT_BODY = new Set<HandlerRecord['kind']>(['upgrade', 'open', 'drain']);

/** Binds every parameter of a handler, explicitly or by its type. @throws BootError for one that nothing can bind */
export function bindParameters(record: HandlerRecord, surroundings: Surroundings): BoundParameters {
  return new Binder(record, surroundings).bind();
}

class Binder {
  private readonly types: unknown[] | undefined;
  private readonly readers: Reader[] = [];
  private readonly urlChecks: UrlCheck[] = [];
  private body: BodyType | undefined;
  private wholeBody = false;
  private mayWait = false;

  constructor(
    private readonly record: HandlerRecord,
    private readonly surroundings: Surroundings,
  ) {
    this.types = emittedTypes(surroundings.controller, record.method)?.map(ownClass);
  }

  bind(): BoundParameters {
    const { controller } = this.surroundings;
    const { method } = this.record;
    const explicit = parametersOf(controller, method);
    const implementation = (controller.prototype as Record<string, Function>)[method]!;
    const count =
      this.types?.length ?? Math.max(implementation.length, ...[...explicit.keys()].map((index) => index + 1));
    const names = parameterNames(implementation);
    for (let index = 0; index < count; index++) {
      const place = `${controller.name}.${method}, parameter ${index + 1}${names[index] ? ` (${names[index]})` : ''}`;
      const binding = explicit.get(index);
      const hasDefault = mayHaveDefault(implementation, index);
      this.readers.push(
        binding === undefined
          ? this.byType(place, this.types?.[index], hasDefault)
          : this.explicitly(place, index, binding, hasDefault),
      );
    }
    const { readers, body, mayWait, urlChecks } = this;
    return { readers, body, mayWait, urlChecks };
  }

  private byType(place: string, type: unknown, hasDefault: boolean): Reader {
    if (this.types === undefined) {
      throw new BootError(
        `${place}: its type is not known at run time. Set "emitDecoratorMetadata": true under "compilerOptions" in ` +
          `tsconfig.json, or bind it explicitly with @MessageBody(), @ConnectedSocket() or @Inject(token). ${WHO_EMITS_NONE}`,
      );
    }
    const builtIn = BUILT_IN.get(type);
    if (builtIn !== undefined) return builtIn;
    const { kind } = this.record;
    if (OTHER_BODIES[kind]?.(type) === true) return this.takeBody(place, undefined, ANY);
    const { resolver } = this.surroundings;
    if (typeof type === 'function' && resolver.provides(type as InjectionToken)) return this.provided(place, type);
    if (
      UNTOLD.has(type) ||
      type === CloseInfo ||
      otherMajorOf(type) !== undefined ||
      kind !== 'message' ||
      typeof type !== 'function'
    ) {
      throw new BootError(`${place}: ${whyUnbound(type)}`);
    }
    return this.takeBody(place, undefined, this.declaredBody(place, type, undefined, undefined), hasDefault);
  }

  private explicitly(place: string, index: number, binding: ParameterBinding, hasDefault: boolean): Reader {
    const type = this.types?.[index];
    switch (binding.from) {
      case 'connection':
        return readConnection;
      case 'user':
        return (connection) => connection.user;
      case 'body': {
        const { kind } = this.record;
        if (WITHOUT_BODY.has(kind)) throw new BootError(`${place}: @MessageBody() in a handler without a body.`);
        if ('shape' in binding && binding.shape === undefined) {
          throw new BootError(`${place}: what @MessageBody is given is undefined; ${CIRCULAR_IMPORT}.`);
        }
        if (kind !== 'message' && binding.shape !== undefined) {
          throw new BootError(`${place}: @MessageBody checks messages only, not what ${decoratorOf(kind)} takes.`);
        }
        if (kind === 'message' && binding.shape === undefined) this.refuseUndefinedType(place, index);
        const body = kind === 'message' ? this.declaredBody(place, type, binding.shape, binding.field) : ANY;
        return this.takeBody(place, binding.field, body, hasDefault);
      }
      case 'path': {
        const name = nameIn(binding, place);
        const { pattern } = this.surroundings;
        if (!new RegExp(`:${escape(name)}(?![A-Za-z0-9_])`).test(pattern)) {
          throw new BootError(`${place}: the path ${pattern} has no parameter :${name}.`);
        }
        return this.fromUrl(place, index, `path parameter ${name}`, (connection) => connection.params[name]);
      }
      case 'query': {
        const name = nameIn(binding, place);
        return this.fromUrl(
          place,
          index,
          `query parameter ${name}`,
          (connection) => connection.query.get(name) ?? undefined,
        );
      }
      case 'header': {
        const name = nameIn(binding, place).toLowerCase();
        return this.fromUrl(place, index, `header ${name}`, (connection) => headerOf(connection, name));
      }
      case 'container':
        if (!isToken(binding.token)) {
          throw new BootError(`${place}: the token that @Inject is given ${noToken(binding.token)}`);
        }
        return BUILT_IN.get(ownClass(binding.token)) ?? this.provided(place, binding.token);
    }
  }

  /** The compiler names no type where it emits none; where it emits `undefined`, the class was not there yet. */
  private refuseUndefinedType(place: string, index: number): void {
    if (this.types !== undefined && index in this.types && this.types[index] === undefined) {
      throw new BootError(`${place}: ${whyUnbound(undefined)}`);
    }
  }

  private declaredBody(place: string, type: unknown, shape: Shape, field: string | undefined): Body {
    const { validation, limits } = this.surroundings;
    const declare = this.record.event === undefined ? messageBody : eventBody;
    return declare({ place, type, shape, field, validation, limits });
  }

  private takeBody(
    place: string,
    field: string | undefined,
    { type, check, mayWait, isOptional }: Body,
    hasDefault = false,
  ): Reader {
    if (field === undefined) {
      if (this.wholeBody) throw new BootError(`${place}: a second body; a handler takes one message.`);
      this.wholeBody = true;
    }
    this.body = field === undefined ? type : (this.body ?? type);
    this.mayWait ||= mayWait;
    if (field !== undefined) return readField(field, check);
    if (check === undefined) return readBody;
    if (type !== 'value') return readMessage(check);
    if (isOptional !== true && !hasDefault) return (_connection, body) => check(body);
    return (_connection, body) => (body === undefined ? undefined : check(body));
  }

  private fromUrl(
    place: string,
    index: number,
    what: string,
    read: (connection: Connection) => string | undefined,
  ): Reader {
    this.refuseUndefinedType(place, index);
    const type = this.types?.[index];
    const convert = UNTOLD.has(type) ? undefined : converterTo(type);
    if (convert === undefined) {
      throw new BootError(
        `${place}: a ${what} is a string, a number or a boolean, not ${typeName(type)}.${untold(type)}`,
      );
    }
    const check = checkAgainst(read, type, what);
    if (check === undefined) return read;
    this.urlChecks.push(check);
    return (connection) => {
      const text = read(connection);
      return text === undefined ? undefined : convert(text);
    };
  }

  private provided(place: string, token: unknown): Reader {
    const { resolver, instances } = this.surroundings;
    if (!resolver.isScoped(token as InjectionToken)) {
      const value = resolver.resolve(token as InjectionToken, place);
      return () => value;
    }
    if (instances === undefined) {
      throw new BootError(
        `${place}: each connection has its own ${typeName(token)}, so its controller must be made for each connection ` +
          `too: @WebSocketPath('…', { scope: 'connection' }).`,
      );
    }
    resolver.scoped(token as InjectionToken);
    return (connection) => instances.resolve(connection, token);
  }
}

type Shape = Extract<ParameterBinding, { from: 'body' }>['shape'];

const ANY: Body = { type: 'any', check: undefined, mayWait: false };

/** What is bound by its type alone, or its class as a token. */
const BUILT_IN = new Map<unknown, Reader>([
  [Connection, readConnection],
  [AbortSignal, readSignal],
]);

/** What the compiler writes for a type that it cannot name at run time; `Function` for a class imported with `import type`. */
const UNTOLD = new Set<unknown>([Object, Function]);

/** An own property only: `constructor` and the like are nobody's data. */
function readField(field: string, check: Check | undefined): Reader {
  return (_connection, body) => {
    const has = typeof body === 'object' && body !== null && Object.hasOwn(body, field);
    const value = has ? (body as Record<string, unknown>)[field] : undefined;
    return value === undefined || check === undefined ? value : check(value);
  };
}

/** A schema takes the message as it is, or else what the codec makes of it. */
function readMessage(check: Check): Reader {
  return (connection, body) => {
    const decoded = (failure: unknown): unknown => {
      const { codec } = connection;
      if (codec?.binary !== (typeof body !== 'string')) throw failure;
      let value: unknown;
      try {
        value = codec.decode(body as string | Uint8Array);
      } catch {
        throw failure;
      }
      return check(value);
    };
    try {
      const checked = check(body);
      return checked instanceof Promise ? checked.then(undefined, decoded) : checked;
    } catch (failure) {
      return decoded(failure);
    }
  };
}

/** `constructor` is there only where a client sent it. */
function headerOf({ handshake: { headers } }: Connection, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(value) ? value.join(', ') : value;
}

function whyUnbound(type: unknown): string {
  const major = otherMajorOf(type);
  if (major !== undefined) {
    return `its ${typeName(type)} is that of portal-ws ${major}, and portal-ws ${MAJOR} runs the application. Install one version for both.`;
  }
  if (UNTOLD.has(type)) {
    return (
      `its type came out as ${typeName(type)}, which tells nothing: an interface, a union, \`unknown\`, or a class ` +
      'imported with `import type`. Use a class imported as a value, or bind it with @MessageBody() or @Inject(token).'
    );
  }
  if (type === CloseInfo) return 'a CloseInfo is there in @OnClose() only.';
  if (type === undefined) return `its type came out as undefined; ${CIRCULAR_IMPORT}.`;
  return (
    `nothing binds ${typeName(type)}: it is no Connection, no AbortSignal and no provider. Add it to the providers of a ` +
    `module, or bind the parameter with a decorator.`
  );
}

/** What a parameter of the URL or a header is called. */
function nameIn({ from, name }: Extract<ParameterBinding, { name: string }>, place: string): string {
  if (typeof name === 'string' && name !== '') return name;
  const decorator = { path: 'PathParam', query: 'QueryParam', header: 'Header' }[from];
  throw new BootError(
    `${place}: write the name that it is to have, as in @${decorator}('name'), not ${String(name)}${whyUndefined(name)}.`,
  );
}

/** What to write where the compiler could not name the type, which may be a number as well as a text. */
function untold(type: unknown): string {
  if (!UNTOLD.has(type)) return '';
  return (
    ' So comes out whatever is no single class: `string | undefined` (write `name?: string`), a default value alone (write `name: string = …`), another union, `unknown`, and a type ' +
    'from another file where each is compiled by itself. Declare one of the three.'
  );
}

function typeName(type: unknown): string {
  return typeof type === 'function' ? type.name : String(type);
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** Whether a parameter stands at or behind the first with a default. Decorators that wrap a method hide them. */
function mayHaveDefault(implementation: Function, index: number): boolean {
  return implementation.length <= index && !/^[^(]*\(\s*(?:\)|\.\.\.)/.test(implementation.toString());
}

/** The names in a parameter list without default values or patterns; for messages only. */
function parameterNames(implementation: Function): string[] {
  const list = /^[^(]*\(([\w$,\s]*)\)/.exec(implementation.toString())?.[1];
  return list === undefined ? [] : list.split(',').map((name) => name.trim());
}
