import type { InjectionToken } from 'tsyringe';
import { emittedTypes, parametersOf, type Constructor, type HandlerRecord, type ParameterBinding } from '../decorators';
import { CloseInfo, Connection, MessageStream } from '../engine';
import { BootError } from './boot-error';
import type { Resolver } from './resolver';

/** Reads the value of one parameter when the handler is called. */
export type Reader = (connection: Connection, body: unknown) => unknown;

/** What a handler's body parameter takes: one kind of message, whatever comes, or whatever comes while it arrives. */
export type BodyType = 'text' | 'binary' | 'any' | 'stream';

/** How a handler's parameters are bound; `body` is undefined for a handler without one. */
export interface BoundParameters {
  readonly readers: readonly Reader[];
  readonly body: BodyType | undefined;
}

export const readBody: Reader = (_connection, body) => body;
export const readConnection: Reader = (connection) => connection;
const readSignal: Reader = (connection) => connection.signal;

const BODY_TYPES = new Map<unknown, BodyType>([
  [String, 'text'],
  [Uint8Array, 'binary'],
  [Buffer, 'binary'],
  [MessageStream, 'stream'],
]);

/** Handlers whose body is something else than a message: they take it by these types. */
const OTHER_BODIES: Partial<Record<HandlerRecord['kind'], (type: unknown) => boolean>> = {
  close: (type) => type === CloseInfo,
  // `unknown` is the honest type of what was thrown, and comes out as Object
  error: (type) => type === Object || type === Error || (typeof type === 'function' && type.prototype instanceof Error),
  ping: (type) => BODY_TYPES.get(type) === 'binary',
  pong: (type) => BODY_TYPES.get(type) === 'binary',
};

/** Binds every parameter of a handler, explicitly or by its type. @throws BootError for one that nothing can bind */
export function bindParameters(
  controller: Constructor,
  record: HandlerRecord,
  pattern: string,
  resolver: Resolver,
): BoundParameters {
  const { method, kind } = record;
  const explicit = parametersOf(controller, method);
  const types = emittedTypes(controller, method);
  const implementation = (controller.prototype as Record<string, Function>)[method]!;
  const count = types?.length ?? Math.max(implementation.length, ...[...explicit.keys()].map((index) => index + 1));
  const names = parameterNames(implementation);
  const readers: Reader[] = [];
  let body: BodyType | undefined;

  for (let index = 0; index < count; index++) {
    const place = `${controller.name}.${method}, parameter ${index + 1}${names[index] ? ` (${names[index]})` : ''}`;
    const bound = bindOne(place, explicit.get(index), types?.[index], { kind, pattern, resolver, types });
    if (typeof bound === 'function') {
      readers.push(bound);
      continue;
    }
    if (body !== undefined) throw new BootError(`${place}: a second body; a handler takes one message.`);
    body = bound.body;
    readers.push(readBody);
  }
  return { readers, body };
}

interface Surroundings {
  readonly kind: HandlerRecord['kind'];
  readonly pattern: string;
  readonly resolver: Resolver;
  readonly types: unknown[] | undefined;
}

function bindOne(
  place: string,
  binding: ParameterBinding | undefined,
  type: unknown,
  surroundings: Surroundings,
): Reader | { body: BodyType } {
  const { kind, resolver, types } = surroundings;
  if (binding !== undefined) return bindExplicitly(place, binding, type, surroundings);
  if (types === undefined) {
    throw new BootError(
      `${place}: its type is not known at run time. Set "emitDecoratorMetadata": true under "compilerOptions" in ` +
        `tsconfig.json, or bind it explicitly with @MessageBody(), @ConnectedSocket() or @Inject(token).`,
    );
  }
  if (type === Connection) return readConnection;
  if (type === AbortSignal) return readSignal;
  const takesOther = OTHER_BODIES[kind];
  if (takesOther?.(type)) return { body: 'any' };
  const provided = typeof type === 'function' && resolver.provides(type as InjectionToken);
  if (provided) return constant(resolver.resolve(type as InjectionToken, place));
  const message = kind === 'message' ? BODY_TYPES.get(type) : undefined;
  if (message !== undefined) return { body: message };
  throw new BootError(`${place}: ${whyUnbound(type, kind)}`);
}

function bindExplicitly(
  place: string,
  binding: ParameterBinding,
  type: unknown,
  { kind, pattern, resolver }: Surroundings,
): Reader | { body: BodyType } {
  switch (binding.from) {
    case 'connection':
      return readConnection;
    case 'body':
      if (kind === 'open' || kind === 'drain')
        throw new BootError(`${place}: @MessageBody() in a handler without a body.`);
      return { body: BODY_TYPES.get(type) ?? 'any' };
    case 'path': {
      const { name } = binding;
      if (!new RegExp(`:${escape(name)}(?![A-Za-z0-9_])`).test(pattern)) {
        throw new BootError(`${place}: the path ${pattern} has no parameter :${name}.`);
      }
      requireString(place, type);
      return (connection) => connection.params[name];
    }
    case 'query': {
      const { name } = binding;
      requireString(place, type);
      return (connection) => connection.query.get(name) ?? undefined;
    }
    case 'header': {
      const { name } = binding;
      return (connection) => connection.handshake.headers[name];
    }
    case 'container':
      return constant(resolver.resolve(binding.token, place));
  }
}

function constant(value: unknown): Reader {
  return () => value;
}

function requireString(place: string, type: unknown): void {
  if (type === undefined || type === String || type === Object) return;
  throw new BootError(`${place}: a part of a URL is a string, not ${typeName(type)}.`);
}

function whyUnbound(type: unknown, kind: HandlerRecord['kind']): string {
  if (type === Object) {
    return (
      'its type came out as Object, which tells nothing: an interface, a union, `unknown`, or a class imported with ' +
      '`import type`. Use a class imported as a value, or bind it with @MessageBody() or @Inject(token).'
    );
  }
  if (type === CloseInfo) return 'a CloseInfo is there in @OnClose() only.';
  if (kind === 'message' && BODY_TYPES.size > 0 && typeof type === 'function' && PRIMITIVES.has(type)) {
    return `a message is a string or a Uint8Array, not ${typeName(type)}.`;
  }
  return (
    `nothing binds ${typeName(type)}: it is no Connection, no AbortSignal${kind === 'message' ? ', no message' : ''} ` +
    `and no provider. Add it to the providers of a module, or bind the parameter with a decorator.`
  );
}

const PRIMITIVES = new Set<Function>([Number, Boolean, BigInt, Symbol, Array, Function, Promise]);

function typeName(type: unknown): string {
  return typeof type === 'function' ? type.name : String(type);
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** The names in a parameter list without default values or patterns; for messages only. */
function parameterNames(implementation: Function): string[] {
  const list = /^[^(]*\(([\w$,\s]*)\)/.exec(implementation.toString())?.[1];
  return list === undefined ? [] : list.split(',').map((name) => name.trim());
}
