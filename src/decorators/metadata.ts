import 'reflect-metadata';
import type { InjectionToken } from 'tsyringe';
import type { Connection } from '../connection';
import { keyFor, keysOfOtherMajors } from '../copies';
import { note, standsOnClass, standsOnMethod, standsOnParameter } from './misplaced';
import type { Constructor } from './constructor';

export type HandlerKind = 'upgrade' | 'open' | 'message' | 'subscribe' | 'close' | 'error' | 'ping' | 'pong' | 'drain';

/** The record of a method decorator such as `@OnMessage`. */
export interface HandlerRecord {
  readonly kind: HandlerKind;
  readonly method: string;
  /** The event of `@OnMessage('chat.join')`; absent for messages that are no events. */
  readonly event?: string;
  /** The class of `@OnError(SomeError)`. */
  readonly error?: Constructor<Error>;
}

/** The record of a parameter decorator: the source of the parameter's value. */
export type ParameterBinding =
  | { readonly from: 'body'; readonly field?: string; readonly shape?: BodyShape }
  | { readonly from: 'connection' }
  | { readonly from: 'user' }
  | { readonly from: 'handshake'; readonly source: HandshakeSource; readonly name: string }
  | { readonly from: 'container'; readonly token: InjectionToken };

/** A part of the handshake that holds texts by name, such as its headers. */
export interface HandshakeSource {
  /** The decorator that binds to it, such as `@Header`. */
  readonly decorator: string;
  /** One of its texts, in errors, such as `query parameter`. */
  readonly value: string;
  /** True where upper and lower case are the same; `readerOf` then gets a name in lower case. Default false. */
  readonly ignoresCase?: boolean;
  /** Called at boot, once for each parameter. */
  readerOf(name: string): HandshakeReader;
  /** The end of an error, where no URL of this pattern has a text of that name. */
  whyNever?(name: string, pattern: string): string | undefined;
}

/** Finds a text in the handshake of a connection; `undefined` where it is absent. */
export type HandshakeReader = (connection: Connection) => string | undefined;

/** The shape of a body: a function that returns its class, or a schema. */
export type BodyShape = (() => Constructor) | StandardSchema;

/** A schema of any library that keeps to Standard Schema (https://standardschema.dev), such as zod or valibot. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}

export type SchemaResult<Output = unknown> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** An argument of `@UseGuards` and its kin: an instance, or a class of which the container makes one. */
export type Use<T = unknown> = T | (new (...args: never[]) => T);

export type UseRole = 'guards' | 'interceptors' | 'filters';

/** The record of `@UseGuards` and its kin. */
export interface UseRecord {
  readonly role: UseRole;
  /** Absent on a class. */
  readonly method?: string;
  readonly items: readonly Use[];
}

/** A parameter decorator's record with its place. */
export interface ParameterRecord {
  readonly method: string;
  readonly index: number;
  readonly binding: ParameterBinding;
}

/** The record of `@WebSocketPath`. */
export interface PathRecord<Options = unknown> {
  readonly pattern: string;
  readonly options: Options;
}

const HANDLERS = keyFor('handlers');
const PARAMETERS = keyFor('parameters');
const PATH = keyFor('path');
const MODULE = keyFor('module');
const USES = keyFor('uses');
const CAUGHT = keyFor('caught');

/** Each class keeps the records of its own methods; those of its base classes are found through the prototype chain. */
function append<Record>(key: symbol, target: object, record: Record): void {
  Reflect.defineMetadata(key, [...own<Record>(key, target), record], target);
}

function own<Record>(key: symbol, target: object): Record[] {
  return (Reflect.getOwnMetadata(key, target) as Record[] | undefined) ?? [];
}

/** The prototypes of a class and its base classes, base classes first. */
function levels(target: Constructor): object[] {
  const chain: object[] = [];
  let at = target.prototype as object | null | undefined;
  while (at) {
    chain.unshift(at);
    at = Object.getPrototypeOf(at) as object | null;
  }
  return chain;
}

/**
 * The prototype of the nearest class whose decorators stand on a method. They replace all of those that base classes have on it. An
 * override without decorators replaces nothing.
 */
function speakerOf(target: Constructor, method: string): object | undefined {
  return levels(target).findLast((level) =>
    [HANDLERS, PARAMETERS, USES].some((key) =>
      own<{ method?: string }>(key, level).some((record) => record.method === method),
    ),
  );
}

export function recordHandler(prototype: object, method: unknown, record: Omit<HandlerRecord, 'method'>): void {
  refuseStandardDecorators(method);
  if (!standsOnMethod(decoratorOf(record.kind), prototype, method)) return;
  append<HandlerRecord>(HANDLERS, prototype, { ...record, method: methodName(method) });
}

/** Handlers of a class and its base classes. */
export function handlersOf(target: Constructor): HandlerRecord[] {
  return levels(target).flatMap((level) =>
    own<HandlerRecord>(HANDLERS, level).filter(({ method }) => speakerOf(target, method) === level),
  );
}

/** Methods that are handlers in a base class, and not in a nearer class with other decorators on them. */
export function handlersUndone(target: Constructor): string[] {
  const handlers = new Set(handlersOf(target).map(({ method }) => method));
  const all = levels(target).flatMap((level) => own<HandlerRecord>(HANDLERS, level).map(({ method }) => method));
  return [...new Set(all)].filter((method) => !handlers.has(method));
}

export function recordParameter(prototype: object, method: unknown, index: number, binding: ParameterBinding): void {
  refuseStandardDecorators(method);
  const decorator = parameterDecoratorOf(binding);
  if (!standsOnParameter(decorator, prototype, method, index)) return;
  const other = own<ParameterRecord>(PARAMETERS, prototype).find((at) => at.method === method && at.index === index);
  if (other !== undefined) {
    const beside = `${parameterDecoratorOf(other.binding)} on parameter ${index + 1} of ${String(method)}`;
    note(prototype, { decorator, fault: `stands beside ${beside}, and only one of them would hold.` });
  }
  append<ParameterRecord>(PARAMETERS, prototype, { method: methodName(method), index, binding });
}

/** The explicit binding of each parameter of a method, by index. */
export function parametersOf(target: Constructor, method: string): Map<number, ParameterBinding> {
  const records = recordsOf<ParameterRecord>(PARAMETERS, target, method);
  return new Map(records.map(({ index, binding }) => [index, binding]));
}

function recordsOf<Record extends { method?: string }>(key: symbol, target: Constructor, method: string): Record[] {
  const speaker = speakerOf(target, method);
  return speaker === undefined ? [] : own<Record>(key, speaker).filter((record) => record.method === method);
}

/** `method` is `undefined` for a class. Decorators stay in the order in which they are written. */
export function recordUse(target: object, method: unknown, role: UseRole, items: readonly Use[]): void {
  refuseStandardDecorators(method);
  if (method !== undefined && !standsOnMethod(USE_DECORATORS[role], target, method)) return;
  const owner = typeof target === 'function' ? (target.prototype as object) : target;
  const record: UseRecord = { role, items, ...(method !== undefined && { method: methodName(method) }) };
  Reflect.defineMetadata(USES, [record, ...own<UseRecord>(USES, owner)], owner);
}

/** The guards, interceptors or filters of a class, base classes first; or of one of its methods. */
export function usesOf(target: Constructor, role: UseRole, method?: string): readonly Use[] {
  const records =
    method === undefined
      ? levels(target).flatMap((level) => own<UseRecord>(USES, level).filter((record) => record.method === undefined))
      : recordsOf<UseRecord>(USES, target, method);
  return records.filter((record) => record.role === role).flatMap(({ items }) => items);
}

/**
 * Returns false where the decorator stands on something else than a class, as the functions for other class decorators do. `context` is the
 * name of a member then.
 */
export function recordCaught(target: object, context: unknown, errors: readonly Constructor[]): boolean {
  return recordOnClass('@Catch()', CAUGHT, target, context, errors);
}

/** The errors that a filter handles; an empty list for all errors. */
export function caughtBy(filter: object): readonly Constructor[] {
  return (Reflect.getMetadata(CAUGHT, filter.constructor) as Constructor[] | undefined) ?? [];
}

export function recordPath(target: object, context: unknown, record: PathRecord): boolean {
  return recordOnClass('@WebSocketPath()', PATH, target, context, record);
}

export function pathOf<Options>(target: Constructor): PathRecord<Options> | undefined {
  return Reflect.getOwnMetadata(PATH, target) as PathRecord<Options> | undefined;
}

export function recordModule(target: object, context: unknown, options: unknown): boolean {
  return recordOnClass('@Module()', MODULE, target, context, options);
}

export function moduleOf<Options>(target: Constructor): Options | undefined {
  return Reflect.getOwnMetadata(MODULE, target) as Options | undefined;
}

/** The parameter types that the compiler emitted for a method; `undefined` where it emitted none. */
export function emittedTypes(target: Constructor, method: string): unknown[] | undefined {
  const speaker = speakerOf(target, method);
  return speaker && (Reflect.getOwnMetadata('design:paramtypes', speaker, method) as unknown[] | undefined);
}

/** The major version of another copy of Portal that decorated a class or one of its base classes. */
export function decoratedByOtherMajor(target: Constructor): number | undefined {
  if (typeof target !== 'function') return undefined;
  const places = [target, ...levels(target)];
  return keysOfOtherMajors(places.flatMap((place) => Reflect.getOwnMetadataKeys(place) as unknown[]))[0];
}

/** Decorators on methods that are no handlers, or on their parameters. */
export function strayOf(target: Constructor): { readonly decorator: string; readonly method: string }[] {
  const all = <Record>(key: symbol): Record[] => levels(target).flatMap((level) => own<Record>(key, level));
  const handlers = new Set(all<HandlerRecord>(HANDLERS).map(({ method }) => method));
  const parameters = all<ParameterRecord>(PARAMETERS).map(({ method, binding }) => ({
    decorator: parameterDecoratorOf(binding),
    method,
  }));
  const uses = all<UseRecord>(USES).map(({ role, method }) => ({ decorator: USE_DECORATORS[role], method }));
  return [...parameters, ...uses].flatMap(({ decorator, method }) =>
    method === undefined || handlers.has(method) ? [] : [{ decorator, method }],
  );
}

const PARAMETER_DECORATORS: Record<Exclude<ParameterBinding['from'], 'handshake'>, string> = {
  body: '@MessageBody()',
  connection: '@ConnectedSocket()',
  user: '@CurrentUser()',
  container: '@Inject()',
};

const USE_DECORATORS: Record<UseRole, string> = {
  guards: '@UseGuards()',
  interceptors: '@UseInterceptors()',
  filters: '@UseFilters()',
};

function parameterDecoratorOf(binding: ParameterBinding): string {
  return binding.from === 'handshake' ? `${binding.source.decorator}()` : PARAMETER_DECORATORS[binding.from];
}

/** Such as `@OnMessage()`. */
export function decoratorOf(kind: HandlerKind): string {
  return `@On${kind[0]!.toUpperCase()}${kind.slice(1)}()`;
}

function recordOnClass(decorator: string, key: symbol, target: object, context: unknown, record: unknown): boolean {
  refuseStandardDecorators(context);
  if (!standsOnClass(decorator, target, context)) return false;
  if (Reflect.hasOwnMetadata(key, target)) {
    note(target, { decorator, fault: 'stands on the class twice, and only one of them would hold.' });
  }
  Reflect.defineMetadata(key, record, target);
  return true;
}

function methodName(method: unknown): string {
  refuseStandardDecorators(method);
  return String(method);
}

/** Without `experimentalDecorators` the compiler calls decorators in the way of ECMAScript, with a context object. */
function refuseStandardDecorators(context: unknown): void {
  if (typeof context !== 'object' || context === null) return;
  throw new Error(
    'Portal needs TypeScript\'s own decorators: set "experimentalDecorators": true and "emitDecoratorMetadata": true ' +
      'under "compilerOptions" in tsconfig.json.',
  );
}
