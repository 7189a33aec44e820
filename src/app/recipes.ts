import { Lifecycle, type DependencyContainer, type InjectionToken, type Provider } from 'tsyringe';
import { Connection } from '../connection';
import { otherMajorOf, ownClass } from '../copies';
import { BootError, type Constructor, type ModuleProvider } from '../decorators';
import { knownNeeds, type Recipe } from './dependencies';
import { describe } from './describe';
import { refuseAsync, there, type Factories, type Factory } from './factories';
import { refuseHooks } from './hooks';
import type { Instances } from './instances';
import { delayed, disposeWith, registrationsOf, teach } from './registrations';

/** A recipe with the provider that tsyringe gets for it. */
export interface Registered {
  readonly recipe: Recipe;
  readonly provider: Provider;
}

/**
 * The recipes of one application: providers that a module lists, that are registered with tsyringe, and classes that were asked for. Each is
 * registered with the container under a key of its own, and its token as an alias of the key.
 */
export class Recipes {
  private readonly byToken = new Map<InjectionToken, Recipe[]>([
    [Connection, [{ token: Connection, lifecycle: Lifecycle.ContainerScoped, asked: new Set() }]],
  ]);
  private readonly byKey = new Map<InjectionToken, Registered>();
  private readonly keys = new Map<Recipe, symbol>();
  /** Tokens that were asked for. */
  private readonly needed = new Set<InjectionToken>();
  /** Classes whose lifecycle is being found out. */
  private readonly judged = new Set<InjectionToken>();

  constructor(
    private readonly container: DependencyContainer,
    private readonly factories: Factories,
    private readonly instances: Instances,
  ) {}

  /** Those of all tokens but `Connection`. */
  all(): Recipe[] {
    return [...this.byToken.values()].flat().filter(({ token }) => token !== Connection);
  }

  has(token: InjectionToken): boolean {
    return this.byToken.has(token);
  }

  keyOf(recipe: Recipe): symbol {
    return this.keys.get(recipe)!;
  }

  /** `undefined` for a token that is no key of a recipe. */
  registered(key: InjectionToken): Registered | undefined {
    return this.byKey.get(key);
  }

  /** Notes that a token was asked for. */
  need(token: InjectionToken): void {
    this.needed.add(token);
  }

  isNeeded(token: InjectionToken): boolean {
    return this.needed.has(token);
  }

  addValue(token: InjectionToken, value: unknown): void {
    // for tsyringe, null and undefined are no values
    const recipe = this.add({ token, lifecycle: Lifecycle.Singleton }, { useFactory: () => value });
    this.instances.note(recipe, value, false);
  }

  /** A class of which the application has one, unless the class says otherwise. */
  addSingleton(constructor: Constructor): void {
    const listed = this.byToken.get(constructor as InjectionToken) ?? [];
    if (listed.some((recipe) => recipe.class === constructor)) return;
    this.addClass(constructor, constructor as InjectionToken, lifecycleSaidBy(constructor) ?? Lifecycle.Singleton);
  }

  /** A class of which each connection has its own, unless its token is provided. */
  addScoped(token: InjectionToken): void {
    if (this.byToken.has(token) || typeof token !== 'function') return;
    this.addClass(token as Constructor, token, Lifecycle.ContainerScoped);
  }

  /** An item of a module's providers. @throws BootError */
  addProvider(provider: ModuleProvider): void {
    if (typeof provider === 'function') {
      this.addSingleton(provider);
      return;
    }
    const { token, options } = provider as { token?: InjectionToken; options?: { lifecycle: Lifecycle } };
    if (token === undefined) {
      throw new BootError(`a provider has no token: write { token: …, useValue: … }, or list a class.`);
    }
    const lifecycle = options?.lifecycle;
    if ('useFactory' in provider) {
      this.addFactory(token, provider.useFactory, lifecycle ?? Lifecycle.Singleton);
    } else if ('useClass' in provider) {
      const constructor = (delayed(provider.useClass)?.target ?? provider.useClass) as Constructor;
      this.addClass(constructor, token, lifecycle ?? lifecycleSaidBy(constructor) ?? Lifecycle.Singleton);
    } else if ('useToken' in provider) {
      const alias = ownClass(delayed(provider.useToken)?.target ?? provider.useToken);
      this.add({ token, alias, lifecycle: lifecycle ?? Lifecycle.Transient }, { useToken: alias });
    } else if ('useValue' in provider) {
      this.addValue(token, provider.useValue);
    } else {
      throw new BootError(`the provider of ${describe(token)} has no useClass, useValue, useFactory or useToken.`);
    }
  }

  private addFactory(token: InjectionToken, factory: Factory, lifecycle: Lifecycle): void {
    if (lifecycle === Lifecycle.Singleton) {
      const recipe = this.add({ token, lifecycle }, { useFactory: () => this.factories.productNow(recipe) });
      this.factories.add(recipe, factory);
      return;
    }
    refuseAsync(token, factory);
    // tsyringe has no lifecycles for factories, but for tokens that lead to one
    const key = Symbol(describe(token));
    this.container.register(key, {
      useFactory: (container) => {
        const product = there(token, factory(container));
        // the application would keep them for ever
        if (container !== this.container && !this.instances.knows(product)) {
          refuseHooks(token, product);
          disposeWith(container, product);
        }
        return product;
      },
    });
    this.add({ token, lifecycle }, { useToken: key });
  }

  private addClass(constructor: Constructor, token: InjectionToken, lifecycle: Lifecycle, unlisted = false): Recipe {
    teach(constructor);
    return this.add({ token, class: constructor, lifecycle, unlisted }, { useClass: constructor as never });
  }

  private add(how: Omit<Recipe, 'asked'>, provider: Provider): Recipe {
    const { token, lifecycle } = how;
    const recipe: Recipe = { ...how, asked: new Set() };
    const key = Symbol(describe(token));
    this.byToken.set(token, [...(this.byToken.get(token) ?? []), recipe]);
    this.byKey.set(key, { recipe, provider });
    this.keys.set(recipe, key);
    const isKept = 'useClass' in provider || 'useToken' in provider;
    try {
      this.container.register(key, provider as never, { lifecycle: isKept ? lifecycle : Lifecycle.Transient });
      this.container.register(token, { useToken: key });
    } catch {
      // tokens that lead to each other, of which inOrder tells
    }
    return recipe;
  }

  /** The recipes of a token. A class without any gets one for itself. */
  of(token: InjectionToken): readonly Recipe[] {
    this.needed.add(token);
    const known = this.byToken.get(token);
    if (known !== undefined) return known;
    // registered by the application with its own container: nothing is known of that
    if (this.container.isRegistered(token)) return [{ token, lifecycle: Lifecycle.Transient, asked: new Set() }];
    const registrations = registrationsOf(token);
    for (const { provider, options } of registrations) this.adopt(token, provider, options.lifecycle);
    if (registrations.length === 0 && canBeMade(token) && !this.judged.has(token)) {
      this.judged.add(token);
      const lifecycle = this.needsConnection(token) ? Lifecycle.ContainerScoped : Lifecycle.Singleton;
      this.judged.delete(token);
      this.addClass(token, token, lifecycle, true);
    }
    return this.byToken.get(token) ?? [];
  }

  /** Takes over a registration with tsyringe: each application has instances of its own. */
  private adopt(token: InjectionToken, provider: Provider, lifecycle: Lifecycle): void {
    if ('useClass' in provider) {
      this.addClass((delayed(provider.useClass)?.target ?? provider.useClass) as Constructor, token, lifecycle);
    } else if ('useToken' in provider) {
      const alias = ownClass(delayed(provider.useToken)?.target ?? provider.useToken);
      this.add({ token, alias, lifecycle }, { useToken: alias });
    } else {
      this.add(
        { token, lifecycle },
        'useValue' in provider ? { useFactory: () => provider.useValue as unknown } : provider,
      );
    }
  }

  /** True where each connection has its own. */
  isOfConnection(token: InjectionToken, asked = new Set<InjectionToken>()): boolean {
    if (asked.has(token)) return false;
    asked.add(token);
    const recipe = this.of(token).at(-1);
    if (recipe === undefined || recipe.lifecycle === Lifecycle.Singleton) return false;
    if (recipe.lifecycle === Lifecycle.ContainerScoped) return true;
    if (recipe.alias !== undefined) return this.isOfConnection(recipe.alias, asked);
    return recipe.class !== undefined && this.needsConnection(recipe.class, asked);
  }

  private needsConnection(constructor: Constructor, asked = new Set<InjectionToken>()): boolean {
    return knownNeeds(constructor).some(
      ({ token }) => delayed(token) === undefined && this.isOfConnection(ownClass(token), asked),
    );
  }
}

/** The lifecycle that `@singleton` or `@scoped` gives a class. */
function lifecycleSaidBy(constructor: Constructor): Lifecycle | undefined {
  const last = registrationsOf(constructor as InjectionToken).at(-1);
  const isOfClass = last !== undefined && 'useClass' in last.provider && last.provider.useClass === constructor;
  return isOfClass ? last.options.lifecycle : undefined;
}

/** True for a class of the application or of its packages. A global such as `Date` is no provider, and an arrow function no class. */
function canBeMade(token: InjectionToken): token is InjectionToken & Constructor {
  if (typeof token !== 'function' || (token as { prototype?: object }).prototype === undefined) return false;
  return (globalThis as Record<string, unknown>)[token.name] !== token && otherMajorOf(token) === undefined;
}
