import type { InjectionToken } from 'tsyringe';
import { MAJOR, otherMajorOf, ownClass } from '../copies';
import {
  BootError,
  WHO_EMITS_NONE,
  decoratorOf,
  emittedTypes,
  parametersOf,
  type Constructor,
  type HandlerRecord,
  type ParameterBinding,
} from '../decorators';
import { CloseInfo } from '../protocol';
import { CIRCULAR_IMPORT, Connection, whyUndefined } from '../connection';
import { isToken, noToken } from './arguments';
import type { Resolver } from './resolver';
import { converterTo } from './url-values';

/** The source of a parameter's value. */
export type ParameterSource = ParameterBinding | { readonly from: 'signal' };

/** One parameter of a handler, before it is compiled. */
export interface ParameterDescription {
  /** Names the parameter in errors, such as `ChatController.say, parameter 1 (text)`. */
  readonly place: string;
  readonly source: ParameterSource;
  /** The type that the compiler emitted; `undefined` where it emitted none. */
  readonly type: unknown;
  /** True where this parameter, or one before it, has a default value. */
  readonly hasDefault: boolean;
}

/** A handler whose parameters are to be described. */
export interface DeclaredHandler {
  readonly controller: Constructor;
  /** The path of the controller. */
  readonly pattern: string;
  readonly record: HandlerRecord;
}

/** Types of bodies that are no messages. */
const OTHER_BODIES: Partial<Record<HandlerRecord['kind'], (type: unknown) => boolean>> = {
  close: (type) => type === CloseInfo,
  // `unknown` is the honest type of what was thrown, and comes out as Object
  error: (type) => type === Object || type === Error || (typeof type === 'function' && type.prototype instanceof Error),
  subscribe: (type) => type === String,
  ping: (type) => type === Uint8Array || type === Buffer,
  pong: (type) => type === Uint8Array || type === Buffer,
};

const WITHOUT_BODY = new Set<HandlerRecord['kind']>(['upgrade', 'open', 'drain']);

/**
 * Finds the source of each parameter of a handler: its decorator, or else its type.
 * @throws BootError for a parameter without a source
 */
export function describeParameters(
  handler: DeclaredHandler,
  resolver: Pick<Resolver, 'provides'>,
): ParameterDescription[] {
  const { controller, record } = handler;
  const { method } = record;
  const types = emittedTypes(controller, method)?.map(ownClass);
  const explicit = parametersOf(controller, method);
  const implementation = (controller.prototype as Record<string, Function>)[method]!;
  const names = parameterNames(implementation);
  const count = types?.length ?? Math.max(implementation.length, ...[...explicit.keys()].map((index) => index + 1));
  let hasBody = false;
  return Array.from({ length: count }, (_, index) => {
    const place = `${controller.name}.${method}, parameter ${index + 1}${names[index] ? ` (${names[index]})` : ''}`;
    const type = types?.[index];
    const binding = explicit.get(index);
    if (binding === undefined && types === undefined) throw new BootError(`${place}: ${NO_TYPES}`);
    // the compiler names no type where it emits none; where it emits `undefined`, the class was not there yet
    const isMissing = types !== undefined && index in types && type === undefined;
    const source =
      binding === undefined
        ? sourceByType(place, type, record.kind, resolver)
        : explicitSource(place, isMissing ? MISSING : type, binding, handler);
    if (source.from === 'body' && source.field === undefined) {
      if (hasBody) throw new BootError(`${place}: a second body; a handler takes one message.`);
      hasBody = true;
    }
    return { place, source, type, hasDefault: mayHaveDefault(implementation, index) };
  });
}

const NO_TYPES =
  'its type is not known at run time. Set "emitDecoratorMetadata": true under "compilerOptions" in ' +
  `tsconfig.json, or bind it explicitly with @MessageBody(), @ConnectedSocket() or @Inject(token). ${WHO_EMITS_NONE}`;

/** The type of a parameter whose class was not there yet when the compiler's code asked for it. */
const MISSING = Symbol('missing');

function sourceByType(
  place: string,
  type: unknown,
  kind: HandlerRecord['kind'],
  resolver: Pick<Resolver, 'provides'>,
): ParameterSource {
  const builtIn = BUILT_IN.get(type);
  if (builtIn !== undefined) return builtIn;
  if (OTHER_BODIES[kind]?.(type) === true) return BODY;
  if (typeof type === 'function') {
    if (resolver.provides(type as InjectionToken)) return { from: 'container', token: type as InjectionToken };
    const mayBeBody = !UNTOLD.has(type) && type !== CloseInfo && otherMajorOf(type) === undefined;
    if (kind === 'message' && mayBeBody) return BODY;
  }
  throw new BootError(`${place}: ${whyUnbound(type)}`);
}

function explicitSource(
  place: string,
  type: unknown,
  binding: ParameterBinding,
  { pattern, record: { kind } }: DeclaredHandler,
): ParameterSource {
  switch (binding.from) {
    case 'body':
      if (WITHOUT_BODY.has(kind)) throw new BootError(`${place}: @MessageBody() in a handler without a body.`);
      if ('shape' in binding && binding.shape === undefined) {
        throw new BootError(`${place}: what @MessageBody is given is undefined; ${CIRCULAR_IMPORT}.`);
      }
      if (kind !== 'message' && binding.shape !== undefined) {
        throw new BootError(`${place}: @MessageBody checks messages only, not what ${decoratorOf(kind)} takes.`);
      }
      if (kind === 'message' && binding.shape === undefined) refuseMissing(place, type);
      return binding;
    case 'handshake':
      return handshakeSource(place, type, binding, pattern);
    case 'container':
      if (!isToken(binding.token)) {
        throw new BootError(`${place}: the token that @Inject is given ${noToken(binding.token)}`);
      }
      return BUILT_IN.get(ownClass(binding.token)) ?? binding;
    default:
      return binding;
  }
}

type HandshakeBinding = Extract<ParameterBinding, { from: 'handshake' }>;

function handshakeSource(place: string, type: unknown, binding: HandshakeBinding, pattern: string): HandshakeBinding {
  const { source } = binding;
  const given: unknown = binding.name;
  if (typeof given !== 'string' || given === '') {
    throw new BootError(
      `${place}: write the name that it is to have, as in ${source.decorator}('name'), not ${String(given)}${whyUndefined(given)}.`,
    );
  }
  const name = source.ignoresCase === true ? given.toLowerCase() : given;
  const why = source.whyNever?.(name, pattern);
  if (why !== undefined) throw new BootError(`${place}: ${why}`);
  refuseMissing(place, type);
  if (UNTOLD.has(type) || converterTo(type) === undefined) {
    throw new BootError(
      `${place}: a ${source.value} ${name} is a string, a number or a boolean, not ${typeName(type)}.${untold(type)}`,
    );
  }
  return { from: 'handshake', source, name };
}

function refuseMissing(place: string, type: unknown): void {
  if (type === MISSING) throw new BootError(`${place}: ${whyUnbound(undefined)}`);
}

const BODY: ParameterSource = { from: 'body' };

/** Bound by their types alone, or by their classes as tokens. */
const BUILT_IN = new Map<unknown, ParameterSource>([
  [Connection, { from: 'connection' }],
  [AbortSignal, { from: 'signal' }],
]);

/** The compiler writes these for a type without a name at run time; `Function` for a class imported with `import type`. */
const UNTOLD = new Set<unknown>([Object, Function]);

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

/** The advice for a type without a name at run time, which may be a number as well as a string. */
function untold(type: unknown): string {
  if (!UNTOLD.has(type)) return '';
  return (
    ' So comes out whatever is no single class: `string | undefined` (write `name?: string`), a default value alone (write `name: string = …`), another union, `unknown`, and a type ' +
    'from another file where each is compiled by itself. Declare one of the three.'
  );
}

export function typeName(type: unknown): string {
  return typeof type === 'function' ? type.name : String(type);
}

/** True for the first parameter with a default value and those after it. A decorator that wraps the method hides default values. */
function mayHaveDefault(implementation: Function, index: number): boolean {
  return implementation.length <= index && !/^[^(]*\(\s*(?:\)|\.\.\.)/.test(implementation.toString());
}

/** The names in a parameter list without default values or patterns; for error messages only. */
function parameterNames(implementation: Function): string[] {
  const list = /^[^(]*\(([\w$,\s]*)\)/.exec(implementation.toString())?.[1];
  return list === undefined ? [] : list.split(',').map((name) => name.trim());
}
