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

/** How tsyringe keeps what was registered. */
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
 * What was registered with tsyringe itself for a token: by `@singleton`, `@scoped`, `@registry` and its kin, or `container.register`.
 * No public method tells the lifecycle, so its registry is read (microsoft/tsyringe `dependency-container.ts`).
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

/** What is injected for a parameter. */
export interface Need {
  readonly token: InjectionToken;
  /** All that is provided for the token, not the last. */
  readonly all: boolean;
  /** It may be missing. */
  readonly optional: boolean;
}

/** What a parameter needs by what tsyringe recorded for it: its token, and who transforms that. */
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

/** `delay(() => Token)`, of whichever copy of tsyringe: its token, and the same of our tsyringe. Undefined for any other token. */
export function delayed(token: unknown): { readonly target: InjectionToken; readonly own: InjectionToken } | undefined {
  if (typeof token !== 'object' || token === null || !('wrap' in token)) return undefined;
  const later = token as Delayed;
  return { target: later.wrap(), own: delay(() => later.wrap() as never) };
}

const TYPES = 'design:paramtypes';
const TOKENS = 'injectionTokens';

/** The types of a constructor's parameters, and the tokens said explicitly, by index. */
export interface ConstructorTypes {
  readonly types: readonly unknown[];
  readonly tokens: Readonly<Record<number, unknown>>;
}

/**
 * A class that has no constructor of its own has that of its base, with the tokens said there; tsyringe knows the types only.
 * One with parameters that nobody decorated has none that are known.
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

/** Tells our tsyringe how a class is made that another copy of it decorated, or that has its constructor from a base class. */
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

/** tsyringe disposes of what it constructed itself only; so of the product of a factory too. */
export function disposeWith(container: DependencyContainer, product: unknown): void {
  const { disposables } = container as unknown as { disposables?: Set<unknown> };
  if (typeof (Object(product) as { dispose?: unknown }).dispose === 'function') disposables?.add(product);
}
