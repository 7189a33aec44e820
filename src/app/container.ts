import { container as rootContainer, Lifecycle, type DependencyContainer, type InjectionToken } from 'tsyringe';
import type { Resolver, Scope } from '../binding';
import { Connection } from '../connection';
import { ownClass } from '../copies';
import { BootError, type Constructor, type ModuleProvider } from '../decorators';
import { ConnectionScope } from './connection-scope';
import { inOrder, type Owner } from './dependencies';
import { describe } from './describe';
import { Factories } from './factories';
import { refuseHooks } from './hooks';
import { Instances, type Instance } from './instances';
import { Recipes } from './recipes';
import { delayed, registrationsOf } from './registrations';
import { Thrown } from './thrown';

type Fail = (error: unknown, where: string, connection: Connection) => void;
/** `context` is `undefined` for a call that is not tsyringe's own. */
type Resolve = (token: InjectionToken, context?: unknown, ...rest: unknown[]) => unknown;

/** Methods of tsyringe's container, which calls them itself as well. */
type Methods = { resolve: Resolve; resolveAll: Resolve; createChildContainer: () => DependencyContainer };

/**
 * Makes and resolves the providers of one application, in a child of tsyringe's container. Each call of that container comes by here, so that
 * a class is registered when it is first asked for, and each instance is noted.
 */
export class AppContainer implements Resolver {
  readonly container = this.watched(emptyChild());
  private readonly factories = new Factories(this.container);
  private readonly instances = new Instances(this.container);
  private readonly recipes = new Recipes(this.container, this.factories, this.instances);
  private readonly thrown = new Thrown();

  constructor(private readonly fail: Fail = () => {}) {}

  value(token: InjectionToken, value: unknown): void {
    this.recipes.addValue(token, value);
  }

  /** Registers a class of which the application has one instance, unless the class says otherwise. */
  singleton(constructor: Constructor): void {
    this.recipes.addSingleton(constructor);
  }

  /** Registers the providers of modules and makes them. Calls each factory once and awaits it. @throws BootError */
  async provide(providers: readonly ModuleProvider[]): Promise<void> {
    for (const provider of providers) this.recipes.addProvider(provider);
    for (const recipe of this.factories.all()) {
      try {
        const product = await this.instances.during(recipe, () => this.factories.finish(recipe));
        this.instances.note(recipe, product, true);
      } catch (cause) {
        throw unresolved(recipe.token, cause);
      }
    }
    this.make(this.recipes.all());
  }

  /** All instances, each after its dependencies. */
  made(): Instance[] {
    return this.instances.ordered(inOrder(this.recipes.all(), (token) => this.recipes.of(token)));
  }

  /** Waits for factories that still run when a mistake is found. Never rejects. */
  async settled(): Promise<void> {
    for (const [recipe, product] of await this.factories.settled()) this.instances.note(recipe, product, true);
  }

  /** The instances made before a mistake was found, in the order in which they were made. */
  madeSoFar(): Instance[] {
    return this.instances.all();
  }

  /** From now on calls `tell` with each further instance that belongs to the application. */
  tellOfFurther(tell: (instance: Instance) => void): void {
    this.instances.tellOfFurther(tell);
  }

  /** True for a token that an instance has asked for, or will for a connection, and for one that is registered with tsyringe. */
  isNeeded(token: InjectionToken): boolean {
    const own = ownClass(token);
    return this.recipes.isNeeded(own) || registrationsOf(own).length > 0;
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
    return own !== Connection && this.recipes.isOfConnection(own);
  }

  scoped(token: InjectionToken): void {
    const own = ownClass(token);
    this.recipes.addScoped(own);
    this.prepare(own, 'connection');
  }

  openScope(connection: Connection): Scope {
    return new ConnectionScope(this.container, connection, this.fail);
  }

  /** Makes the application's instances among all that a token needs. @throws BootError */
  private prepare(token: InjectionToken, owner: Owner, wanted = describe(token)): void {
    this.make([{ token, owner, place: wanted, all: false, optional: false }]);
  }

  private make(wanted: Parameters<typeof inOrder>[0]): void {
    for (const recipe of inOrder(wanted, (token) => this.recipes.of(token))) {
      if (recipe.lifecycle !== Lifecycle.Singleton || this.instances.has(recipe)) continue;
      try {
        this.container.resolve(this.recipes.keyOf(recipe));
      } catch (cause) {
        throw unresolved(recipe.token, cause);
      }
    }
  }

  /** Lets calls of a container and its children come by `resolved`. */
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
    const registered = this.recipes.registered(token);
    if (registered === undefined) {
      this.recipes.need(token);
      const isKnown =
        (this.recipes.has(token) && token !== Connection) || typeof token === 'object' || container.isRegistered(token);
      if (!isKnown && this.recipes.of(token).length > 0) {
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
    // a hook in a field is seen on the instance only
    if (recipe.class !== undefined) refuseHooks(recipe.token, value);
    return value;
  }
}

/** A child without registrations: those that tsyringe copies would be there twice. */
function emptyChild(): DependencyContainer {
  const child = rootContainer.createChildContainer();
  child.reset();
  return child;
}

function unresolved(token: InjectionToken, cause: unknown, wanted?: string): BootError {
  if (cause instanceof BootError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const place = wanted === undefined ? '' : `${wanted}: `;
  return new BootError(`${place}${describe(token)} cannot be made. ${reason}`, { cause });
}
