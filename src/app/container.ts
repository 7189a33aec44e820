import { container as rootContainer, Lifecycle, type DependencyContainer, type InjectionToken } from 'tsyringe';
import { BootError, type Resolver, type Scope } from '../binding';
import type { Constructor, ModuleProvider } from '../decorators';
import { Connection } from '../engine';
import { inOrder, type Making } from './dependencies';
import { describe } from './describe';
import { ConnectionScope } from './connection-scope';

const READY: Making = {};

type Factory = (container: DependencyContainer) => unknown;
type Fail = (error: unknown, where: string, connection: Connection) => void;

/** The container of one application, which is a child of tsyringe's own so that what is registered there is found. */
export class AppContainer implements Resolver {
  readonly container = rootContainer.createChildContainer();
  /** What the application provides, and how it is made. */
  private readonly makings = new Map<InjectionToken, Making>();
  /** What each connection has its own of. */
  private readonly scopedTokens = new Set<InjectionToken>([Connection]);

  constructor(private readonly fail: Fail = () => {}) {}

  value(token: InjectionToken, value: unknown): void {
    this.makings.set(token, READY);
    // for tsyringe, null and undefined are no values
    this.container.register(token, { useFactory: () => value });
  }

  singleton(constructor: Constructor): void {
    this.makings.set(constructor as InjectionToken, { class: constructor });
    this.container.registerSingleton(constructor as never);
  }

  /** Registers what modules provide, and makes it. Factories are called once, here, and awaited. @throws BootError */
  async provide(providers: readonly ModuleProvider[]): Promise<void> {
    const factories = providers.flatMap((provider) => this.register(provider));
    for (const { token, make } of factories) {
      try {
        await make();
      } catch (cause) {
        throw unresolved(token, cause);
      }
    }
    for (const token of this.tokensInOrder()) this.resolve(token);
    this.checkScoped(this.scopedTokens);
  }

  /** All that the application has one of, each after what it needs itself. @throws BootError */
  tokensInOrder(): InjectionToken[] {
    const own = [...this.makings.keys()].filter((token) => !this.scopedTokens.has(token));
    return inOrder(own, (token) => this.makingFor(token, 'application'));
  }

  provides(token: InjectionToken): boolean {
    return this.makings.has(token) || this.container.isRegistered(token, true);
  }

  resolve(token: InjectionToken, wanted?: string): unknown {
    if (!this.makings.has(token) || this.scopedTokens.has(token)) {
      inOrder([token], (needed) => this.makingFor(needed, 'application'), wanted);
    }
    try {
      return this.container.resolve(token);
    } catch (cause) {
      throw unresolved(token, cause, wanted);
    }
  }

  shared(constructor: Constructor, wanted: string): unknown {
    if (!this.provides(constructor as InjectionToken)) {
      inOrder([constructor as InjectionToken], (token) => this.makingFor(token, 'application'), wanted);
      this.singleton(constructor);
    }
    return this.resolve(constructor as InjectionToken, wanted);
  }

  isScoped(token: InjectionToken): boolean {
    return token !== Connection && this.scopedTokens.has(token);
  }

  scoped(constructor: Constructor): void {
    this.checkScoped([constructor as InjectionToken]);
  }

  openScope(connection: Connection): Scope {
    return new ConnectionScope(this.container, connection, this.fail);
  }

  /** What each connection will have its own of can be made. @throws BootError */
  private checkScoped(tokens: Iterable<InjectionToken>): void {
    for (const token of inOrder(tokens, (needed) => this.makingFor(needed, 'connection'))) {
      // a singleton of tsyringe's own would be made for the first connection, and disposed of with it
      if (!this.makings.has(token) && this.container.isRegistered(token, true)) this.resolve(token);
    }
  }

  /** A factory is left for later, when all that it may ask for is registered. */
  private register(provider: ModuleProvider): { token: InjectionToken; make: () => Promise<void> }[] {
    if (typeof provider === 'function') {
      this.singleton(provider);
      return [];
    }
    const { token } = provider as { token?: InjectionToken };
    if (token === undefined) {
      throw new BootError(`a provider has no token: write { token: …, useValue: … }, or list a class.`);
    }
    if ('useFactory' in provider) {
      this.makings.set(token, READY);
      return [{ token, make: this.onDemand(token, provider.useFactory) }];
    }
    if ('useClass' in provider) {
      const { lifecycle } = provider.options ?? { lifecycle: Lifecycle.Singleton };
      this.makings.set(token, { class: provider.useClass as Constructor });
      this.container.register(token, { useClass: provider.useClass }, { lifecycle });
      if (lifecycle === Lifecycle.ContainerScoped) this.scopedTokens.add(token);
    } else if ('useToken' in provider) {
      this.makings.set(token, { token: provider.useToken });
      this.container.register(token, { useToken: provider.useToken });
    } else if ('useValue' in provider) {
      this.value(token, provider.useValue);
    } else {
      throw new BootError(`the provider of ${describe(token)} has no useClass, useValue, useFactory or useToken.`);
    }
    return [];
  }

  private makingFor(token: InjectionToken, owner: 'application' | 'connection'): Making | string | undefined {
    if (this.scopedTokens.has(token)) {
      if (owner === 'application') {
        return `each connection has its own ${describe(token)}, so what is made once cannot have one.`;
      }
      return token === Connection ? READY : this.makings.get(token);
    }
    const known = this.makings.get(token);
    if (known !== undefined) return known;
    if (this.container.isRegistered(token, true)) return READY;
    // tsyringe makes a class that nobody registered each time it is asked for
    return typeof token === 'function' ? { class: token as Constructor } : undefined;
  }

  /** Until its turn comes, another factory may ask for it: a value that is there at once is made on the spot. */
  private onDemand(token: InjectionToken, factory: Factory): () => Promise<void> {
    let made: { value: unknown } | undefined;
    const create = (): { value: unknown } => (made ??= { value: factory(this.container) });
    this.container.register(token, {
      useFactory: () => {
        const { value } = create();
        if (!(value instanceof Promise)) return value;
        throw new Error(`${describe(token)} comes from an async factory: list its provider before those that need it`);
      },
    });
    return async () => {
      const entry = create();
      entry.value = await entry.value;
    };
  }
}

function unresolved(token: InjectionToken, cause: unknown, wanted?: string): BootError {
  if (cause instanceof BootError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const place = wanted === undefined ? '' : `${wanted}: `;
  return new BootError(`${place}${describe(token)} cannot be made. ${advice(reason)}`, { cause });
}

/** tsyringe tells what is missing, in words for those who know it; say what to do. */
function advice(reason: string): string {
  const untyped = /TypeInfo not known for "?([\w$]+)"?/.exec(reason)?.[1];
  return untyped === undefined ? reason : `Decorate ${untyped} with @injectable() from portal-ws.`;
}
