import {
  container as rootContainer,
  delay,
  injectable,
  type DependencyContainer,
  type InjectionToken,
  type Lifecycle,
  type Provider,
} from 'tsyringe';
import { keyFor } from '../copies';
import type { Constructor } from '../decorators';

/** A registration as tsyringe keeps it. */
export interface Registration {
  readonly provider: Provider;
  readonly options: { readonly lifecycle: Lifecycle };
}

interface Registry {
  has(token: InjectionToken): boolean;
  getAll(token: InjectionToken): readonly Registration[];
}

/** The root containers of all copies of tsyringe that copies of Portal use: each copy's decorators register in its own. */
const roots = ((globalThis as Record<symbol, unknown>)[keyFor('roots')] ??= new Set()) as Set<unknown>;
roots.add(rootContainer);

/**
 * The registrations of a token with tsyringe itself, by `@singleton`, `@scoped`, `@registry` and its kin, or `container.register`. No public
 * method tells the lifecycle, so tsyringe's registry is read (microsoft/tsyringe `dependency-container.ts`).
 */
export function registrationsOf(token: InjectionToken): readonly Registration[] {
  for (const root of new Set([rootContainer, ...roots])) {
    const { _registry: registry } = root as { _registry: Registry };
    if (registry.has(token)) return registry.getAll(token);
  }
  return [];
}

/** tsyringe's name for a recorded token: as it is, or in a descriptor (`@inject`, `@injectAll`, `@injectWithTransform`). */
interface Descriptor {
  readonly token: InjectionToken;
  readonly multiple?: boolean;
  readonly isOptional?: boolean;
  readonly transform?: InjectionToken;
}

/** A token that is injected for a parameter. */
export interface Need {
  readonly token: InjectionToken;
  /** True for all providers of the token, false for the last. */
  readonly all: boolean;
  /** True where the provider may be missing. */
  readonly optional: boolean;
}

/** The tokens in tsyringe's record of a parameter: its own, and that of its transformer. */
export function needsIn(recorded: unknown): Need[] {
  const { token, multiple = false, isOptional = false, transform } = descriptorOf(recorded);
  const need: Need = { token, all: multiple, optional: isOptional };
  return transform === undefined ? [need] : [need, { token: transform, all: false, optional: false }];
}

function descriptorOf(recorded: unknown): Descriptor {
  const isDescriptor = typeof recorded === 'object' && recorded !== null && 'token' in recorded;
  return isDescriptor ? (recorded as Descriptor) : { token: recorded as InjectionToken };
}

interface Delayed {
  wrap(): InjectionToken;
}

/** The token of a `delay(() => Token)` of any copy of tsyringe, and the same `delay` of our copy. `undefined` for any other token. */
export function delayed(token: unknown): { readonly target: InjectionToken; readonly own: InjectionToken } | undefined {
  if (typeof token !== 'object' || token === null || !('wrap' in token)) return undefined;
  const later = token as Delayed;
  return { target: later.wrap(), own: delay(() => later.wrap() as never) };
}

const TYPES = 'design:paramtypes';
const TOKENS = 'injectionTokens';

/** The types of a constructor's parameters, and their explicit tokens by index. */
export interface ConstructorTypes {
  readonly types: readonly unknown[];
  readonly tokens: Readonly<Record<number, unknown>>;
}

/**
 * A class without a constructor has that of its base class, with the explicit tokens there, of which tsyringe takes the types only. A
 * constructor with parameters in a class without decorators has no known types.
 */
export function constructorTypes(constructor: Constructor): ConstructorTypes {
  for (let at: Constructor = constructor; typeof at === 'function'; at = Object.getPrototypeOf(at) as Constructor) {
    const types = Reflect.getOwnMetadata(TYPES, at) as unknown[] | undefined;
    const tokens = Reflect.getOwnMetadata(TOKENS, at) as Record<number, unknown> | undefined;
    if (types !== undefined || tokens !== undefined) return { types: types ?? [], tokens: tokens ?? {} };
    if (at.length > 0) break;
  }
  return { types: [], tokens: {} };
}

/** Registers the constructor of a class with our tsyringe, where another copy decorated the class or the constructor is a base class's. */
export function teach(constructor: Constructor): void {
  const { types, tokens } = constructorTypes(constructor);
  if (types.length === 0 && Object.keys(tokens).length === 0) return;
  const lent = [
    [TYPES, [...types]],
    [TOKENS, { ...tokens }],
  ].filter(([key]) => !Reflect.hasOwnMetadata(key, constructor));
  for (const [key, value] of lent) Reflect.defineMetadata(key, value, constructor);
  injectable()(constructor as never);
  for (const [key] of lent) Reflect.deleteMetadata(key, constructor);
}

/** Lets a container dispose of the product of a factory too. tsyringe does so for instances that it constructed. */
export function disposeWith(container: DependencyContainer, product: unknown): void {
  const { disposables } = container as unknown as { disposables?: Set<unknown> };
  if (typeof (Object(product) as { dispose?: unknown }).dispose === 'function') disposables?.add(product);
}
