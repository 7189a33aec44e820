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
  private readonly factories = new Factories(this.container);
  private readonly instances = new Instances(this.container);
  private readonly recipes = new Recipes(this.container, this.factories, this.instances);
  private readonly thrown = new Thrown();

  constructor(private readonly fail: Fail = () => {}) {}

  value(token: InjectionToken, value: unknown): void {
    this.recipes.addValue(token, value);
  }

  /** One of the class for the application, unless the class says otherwise. */
  singleton(constructor: Constructor): void {
    this.recipes.addSingleton(constructor);
  }

  /** Registers what modules provide, and makes it. Factories are called once, here, and awaited. @throws BootError */
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

  /** All that was made, in the order of dependencies. */
  made(): Instance[] {
    return this.instances.ordered(inOrder(this.recipes.all(), (token) => this.recipes.of(token)));
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

  /** Makes all that the application has one of among what is needed. @throws BootError */
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
    // one that a field holds shows on the instance only
    if (recipe.class !== undefined) refuseHooks(recipe.token, value);
    return value;
  }
}

/** With nothing registered: what tsyringe copies would be there twice. */
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
