import 'reflect-metadata';
import type { InjectionToken } from 'tsyringe';

/** A class of any constructor. */
export type Constructor<T = unknown> = abstract new (...args: never[]) => T;

export type HandlerKind = 'upgrade' | 'open' | 'message' | 'subscribe' | 'close' | 'error' | 'ping' | 'pong' | 'drain';

/** What one method decorator recorded. */
export interface HandlerRecord {
  readonly kind: HandlerKind;
  readonly method: string;
  /** `@OnMessage('chat.join')`: the event that it takes; absent for messages that are no events. */
  readonly event?: string;
  /** `@OnError(SomeError)`: the errors that it takes. */
  readonly error?: Constructor<Error>;
}

/** How a parameter is bound explicitly. */
export type ParameterBinding =
  | { readonly from: 'body'; readonly field?: string; readonly shape?: BodyShape }
  | { readonly from: 'connection' }
  | { readonly from: 'user' }
  | { readonly from: 'path'; readonly name: string }
  | { readonly from: 'query'; readonly name: string }
  | { readonly from: 'header'; readonly name: string }
  | { readonly from: 'container'; readonly token: InjectionToken };

/** What a body must be like: a class whose type the compiler did not emit, or a schema. */
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

/** What `@UseGuards` and its kin put around handlers: one of it, or its class, which the container makes. */
export type Use<T = unknown> = T | (new (...args: never[]) => T);

export type UseRole = 'guards' | 'interceptors' | 'filters';

/** What one of them recorded. */
export interface UseRecord {
  readonly role: UseRole;
  /** Absent on a class. */
  readonly method?: string;
  readonly items: readonly Use[];
}

/** What one parameter decorator recorded. */
export interface ParameterRecord {
  readonly method: string;
  readonly index: number;
  readonly binding: ParameterBinding;
}

/** What `@WebSocketPath` recorded. */
export interface PathRecord<Options = unknown> {
  readonly pattern: string;
  readonly options: Options;
}

const HANDLERS = Symbol('portal:handlers');
const PARAMETERS = Symbol('portal:parameters');
const PATH = Symbol('portal:path');
const MODULE = Symbol('portal:module');
const USES = Symbol('portal:uses');
const CAUGHT = Symbol('portal:caught');

/** Each class keeps the records of its own methods; those of its base classes are found through the prototype chain. */
function append<Record>(key: symbol, target: object, record: Record): void {
  const own = (Reflect.getOwnMetadata(key, target) as Record[] | undefined) ?? [];
  Reflect.defineMetadata(key, [...own, record], target);
}

/** Records of the class and its base classes, those of the base classes first. */
function collect<Record>(key: symbol, target: object | null): Record[] {
  if (target === null) return [];
  const own = (Reflect.getOwnMetadata(key, target) as Record[] | undefined) ?? [];
  return [...collect<Record>(key, Object.getPrototypeOf(target) as object | null), ...own];
}

export function recordHandler(prototype: object, method: unknown, record: Omit<HandlerRecord, 'method'>): void {
  append<HandlerRecord>(HANDLERS, prototype, { ...record, method: methodName(method) });
}

/** Handlers of a class and its base classes; a method that a subclass decorates anew counts there only. */
export function handlersOf(target: Constructor): HandlerRecord[] {
  const prototype = target.prototype as object;
  const own = (Reflect.getOwnMetadata(HANDLERS, prototype) as HandlerRecord[] | undefined) ?? [];
  return collect<HandlerRecord>(HANDLERS, prototype).filter(
    (record) => own.includes(record) || !own.some(({ method }) => method === record.method),
  );
}

export function recordParameter(prototype: object, method: unknown, index: number, binding: ParameterBinding): void {
  append<ParameterRecord>(PARAMETERS, prototype, { method: methodName(method), index, binding });
}

/** The explicit binding of each parameter of a method, by index. */
export function parametersOf(target: Constructor, method: string): Map<number, ParameterBinding> {
  const records = collect<ParameterRecord>(PARAMETERS, target.prototype as object);
  return new Map(records.filter((record) => record.method === method).map(({ index, binding }) => [index, binding]));
}

/** On a class, `method` is undefined; the decorator that is written first comes first. */
export function recordUse(target: object, method: unknown, role: UseRole, items: readonly Use[]): void {
  const owner = typeof target === 'function' ? (target.prototype as object) : target;
  const own = (Reflect.getOwnMetadata(USES, owner) as UseRecord[] | undefined) ?? [];
  const record: UseRecord = { role, items, ...(method !== undefined && { method: methodName(method) }) };
  Reflect.defineMetadata(USES, [record, ...own], owner);
}

/** What is used on a class, or on one of its methods; that of base classes first. */
export function usesOf(target: Constructor, role: UseRole, method?: string): readonly Use[] {
  const records = collect<UseRecord>(USES, target.prototype as object);
  return records.filter((record) => record.role === role && record.method === method).flatMap(({ items }) => items);
}

export function recordCaught(target: object, errors: readonly Constructor[]): void {
  Reflect.defineMetadata(CAUGHT, errors, target);
}

/** The errors that a filter takes; none of them stands for all errors. */
export function caughtBy(filter: object): readonly Constructor[] {
  return (Reflect.getMetadata(CAUGHT, filter.constructor) as Constructor[] | undefined) ?? [];
}

export function recordPath(target: Constructor, context: unknown, record: PathRecord): void {
  refuseStandardDecorators(context);
  Reflect.defineMetadata(PATH, record, target);
}

export function pathOf<Options>(target: Constructor): PathRecord<Options> | undefined {
  return Reflect.getOwnMetadata(PATH, target) as PathRecord<Options> | undefined;
}

export function recordModule(target: Constructor, options: unknown): void {
  Reflect.defineMetadata(MODULE, options, target);
}

export function moduleOf<Options>(target: Constructor): Options | undefined {
  return Reflect.getOwnMetadata(MODULE, target) as Options | undefined;
}

/** The parameter types that the compiler emitted for a method; undefined where it emitted none. */
export function emittedTypes(target: Constructor, method: string): unknown[] | undefined {
  return Reflect.getMetadata('design:paramtypes', target.prototype as object, method) as unknown[] | undefined;
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
