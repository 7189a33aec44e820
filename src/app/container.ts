import {
  container as rootContainer,
  Lifecycle,
  type DependencyContainer,
  type InjectionToken,
  type Provider,
} from 'tsyringe';
import { BootError } from '../decorators';
import type { Resolver, Scope } from '../binding';
import { otherMajorOf, ownClass } from '../copies';
import type { Constructor, ModuleProvider } from '../decorators';
import { Connection } from '../connection';
import { ConnectionScope } from './connection-scope';
import { inOrder, knownNeeds, type Recipe, type Owner } from './dependencies';
import { describe } from './describe';
import { Factories, refuseAsync, there, type Factory } from './factories';
import { refuseHooks } from './hooks';
import { Instances, type Instance } from './instances';
import { Thrown } from './thrown';
import { delayed, disposeWith, registrationsOf, teach } from './registrations';

type Fail = (error: unknown, where: string, connection: Connection) => void;
/** `context`: undefined where it is not tsyringe that asks. */
type Resolve = (token: InjectionToken, context?: unknown, ...rest: unknown[]) => unknown;

/** tsyringe's container, whose own calls of these methods come by as well. */
type Methods = { resolve: Resolve; resolveAll: Resolve; createChildContainer: () => DependencyContainer };

/**
 * The container of one application: a child of tsyringe's own, in which everything that is asked for is registered, under a key of its
 * own that says who makes it, and how often.
 */
export class AppContainer implements Resolver {
  readonly container = this.watched(emptyChild());
  private readonly recipes = new Map<InjectionToken, Recipe[]>([
    [Connection, [{ token: Connection, lifecycle: Lifecycle.ContainerScoped, asked: new Set() }]],
  ]);
  private readonly byKey = new Map<InjectionToken, Registered>();
  private readonly keys = new Map<Recipe, symbol>();
  /** Tokens that somebody asked for. */
  private readonly needed = new Set<InjectionToken>();
  /** Classes of which it is being found out who has them. */
  private readonly judged = new Set<InjectionToken>();
  private readonly factories = new Factories(this.container);
  private readonly instances = new Instances(this.container);
  private readonly thrown = new Thrown();

  constructor(private readonly fail: Fail = () => {}) {}

  value(token: InjectionToken, value: unknown): void {
    // for tsyringe, null and undefined are no values
    const recipe = this.add({ token, lifecycle: Lifecycle.Singleton }, { useFactory: () => value });
    this.instances.note(recipe, value, false);
  }

  singleton(constructor: Constructor): void {
    const listed = this.recipes.get(constructor as InjectionToken) ?? [];
    if (listed.some((recipe) => recipe.class === constructor)) return;
    this.addClass(constructor, constructor as InjectionToken, lifecycleSaidBy(constructor) ?? Lifecycle.Singleton);
  }

  /** Registers what modules provide, and makes it. Factories are called once, here, and awaited. @throws BootError */
  async provide(providers: readonly ModuleProvider[]): Promise<void> {
    for (const provider of providers) this.register(provider);
    for (const recipe of this.factories.all()) {
      try {
        const product = await this.instances.during(recipe, () => this.factories.finish(recipe));
        this.instances.note(recipe, product, true);
      } catch (cause) {
        throw unresolved(recipe.token, cause);
      }
    }
    this.make(this.listed());
  }

  /** All that was made, in the order of dependencies. */
  made(): Instance[] {
    return this.instances.ordered(inOrder(this.listed(), (token) => this.makingsOf(token)));
  }

  /** Waits for the factories that are still at work when a mistake is found. Never rejects. */
  async settled(): Promise<void> {
    for (const [recipe, product] of await this.factories.settled()) this.instances.note(recipe, product, true);
  }

  /** What was made before a mistake was found, in the order in which it was. */
  madeSoFar(): Instance[] {
    return this.instances.all();
  }

  /** From now on tells of each further instance that the application has one of. */
  tellOfFurther(tell: (instance: Instance) => void): void {
    this.instances.tellOfFurther(tell);
  }

  /** Whether anything that was made, or will be for a connection, has asked for a token, or it is registered with tsyringe. */
  isNeeded(token: InjectionToken): boolean {
    const own = ownClass(token);
    return this.needed.has(own) || registrationsOf(own).length > 0;
  }

  provides(token: InjectionToken): boolean {
    const own = ownClass(token);
    return this.recipes.has(own) || this.container.isRegistered(own, true) || registrationsOf(own).length > 0;
  }

  resolve(token: InjectionToken, wanted?: string): unknown {
    this.prepare(token, 'application', wanted);
    try {
      return this.container.resolve(token);
    } catch (cause) {
      throw unresolved(token, cause, wanted);
    }
  }

  shared(constructor: Constructor, wanted: string): unknown {
    return this.resolve(constructor as InjectionToken, wanted);
  }

  isScoped(token: InjectionToken): boolean {
    const own = ownClass(token);
    return own !== Connection && this.isOfConnection(own);
  }

  scoped(token: InjectionToken): void {
    const own = ownClass(token);
    if (!this.recipes.has(own) && typeof own === 'function') {
      this.addClass(own as Constructor, own, Lifecycle.ContainerScoped);
    }
    this.prepare(own, 'connection');
  }

  openScope(connection: Connection): Scope {
    return new ConnectionScope(this.container, connection, this.fail);
  }

  /** Makes all that the application has one of among what is needed. @throws BootError */
  private prepare(token: InjectionToken, owner: Owner, wanted = describe(token)): void {
    this.make([{ token, owner, place: wanted, all: false, optional: false }]);
  }

  private make(wanted: Parameters<typeof inOrder>[0]): void {
    for (const recipe of inOrder(wanted, (token) => this.makingsOf(token))) {
      if (recipe.lifecycle !== Lifecycle.Singleton || this.instances.has(recipe)) continue;
      try {
        this.container.resolve(this.keys.get(recipe)!);
      } catch (cause) {
        throw unresolved(recipe.token, cause);
      }
    }
  }

  private listed(): Recipe[] {
    return [...this.recipes.values()].flat().filter(({ token }) => token !== Connection);
  }

  private register(provider: ModuleProvider): void {
    if (typeof provider === 'function') {
      this.singleton(provider);
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
      this.value(token, provider.useValue);
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
    this.recipes.set(token, [...(this.recipes.get(token) ?? []), recipe]);
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

  /** All that provide a token; a class that nobody registered provides itself. */
  private makingsOf(token: InjectionToken): readonly Recipe[] {
    this.needed.add(token);
    const known = this.recipes.get(token);
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
    return this.recipes.get(token) ?? [];
  }

  /** What is registered with tsyringe is made by each application for itself. */
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

  private isOfConnection(token: InjectionToken, asked = new Set<InjectionToken>()): boolean {
    if (asked.has(token)) return false;
    asked.add(token);
    const recipe = this.makingsOf(token).at(-1);
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

  /** Lets the container, and all that come from it, register what they are asked for and nobody registered. */
  private watched(container: DependencyContainer): DependencyContainer {
    const methods = container as unknown as Methods;
    const { resolve, resolveAll, createChildContainer } = methods;
    const watch = (original: Resolve): Resolve => {
      return (token, context, ...rest) =>
        this.thrown.restore(context !== undefined, () =>
          this.resolved(container, token, (own) => original.call(container, own, context, ...rest)),
        );
    };
    methods.resolve = watch(resolve);
    methods.resolveAll = watch(resolveAll);
    methods.createChildContainer = () => this.watched(createChildContainer.call(container));
    return container;
  }

  private resolved(
    container: DependencyContainer,
    wanted: InjectionToken,
    resolve: (token: InjectionToken) => unknown,
  ): unknown {
    const token = delayed(wanted)?.own ?? ownClass(wanted);
    const registered = this.byKey.get(token);
    if (registered === undefined) {
      this.needed.add(token);
      const isKnown =
        (this.recipes.has(token) && token !== Connection) || typeof token === 'object' || container.isRegistered(token);
      if (!isKnown && this.makingsOf(token).length > 0) {
        this.prepare(token, container === this.container ? 'application' : 'connection');
      }
      return resolve(token);
    }
    const { recipe, provider } = registered;
    if (container === this.container) return this.instances.make(recipe, () => resolve(token));
    if (recipe.lifecycle === Lifecycle.Singleton) return this.container.resolve(token);
    if (recipe.lifecycle === Lifecycle.ContainerScoped && !container.isRegistered(token)) {
      container.register(token, provider as never, { lifecycle: Lifecycle.ContainerScoped });
    }
    const value = resolve(token);
    // one that a field holds shows on the instance only
    if (recipe.class !== undefined) refuseHooks(recipe.token, value);
    return value;
  }
}

interface Registered {
  readonly recipe: Recipe;
  readonly provider: Provider;
}

/** With nothing registered: what tsyringe copies would be there twice. */
function emptyChild(): DependencyContainer {
  const child = rootContainer.createChildContainer();
  child.reset();
  return child;
}

/** What `@singleton` or `@scoped` says of a class. */
function lifecycleSaidBy(constructor: Constructor): Lifecycle | undefined {
  const last = registrationsOf(constructor as InjectionToken).at(-1);
  const isOfClass = last !== undefined && 'useClass' in last.provider && last.provider.useClass === constructor;
  return isOfClass ? last.options.lifecycle : undefined;
}

/** A class of the application's own, or of its packages. What is global, such as `Date`, is no provider, and an arrow function no class. */
function canBeMade(token: InjectionToken): token is InjectionToken & Constructor {
  if (typeof token !== 'function' || (token as { prototype?: object }).prototype === undefined) return false;
  return (globalThis as Record<string, unknown>)[token.name] !== token && otherMajorOf(token) === undefined;
}

function unresolved(token: InjectionToken, cause: unknown, wanted?: string): BootError {
  if (cause instanceof BootError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const place = wanted === undefined ? '' : `${wanted}: `;
  return new BootError(`${place}${describe(token)} cannot be made. ${reason}`, { cause });
}
