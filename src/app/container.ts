import { container as rootContainer, type DependencyContainer, type InjectionToken } from 'tsyringe';
import { BootError, type Resolver } from '../binding';
import type { Constructor, ModuleProvider } from '../decorators';

type Factory = (container: DependencyContainer) => unknown;

/** The container of one application, which is a child of tsyringe's own so that what is registered there is found. */
export class AppContainer implements Resolver {
  readonly container = rootContainer.createChildContainer();
  private readonly provided = new Set<InjectionToken>();

  value(token: InjectionToken, value: unknown): void {
    this.provided.add(token);
    this.container.register(token, { useValue: value });
  }

  singleton(constructor: Constructor): void {
    this.provided.add(constructor as InjectionToken);
    this.container.registerSingleton(constructor as never);
  }

  /** Registers what modules provide, and makes it. Factories are called once, here, and awaited. @throws BootError */
  async provide(providers: readonly ModuleProvider[]): Promise<void> {
    const factories: { token: InjectionToken; create: () => unknown }[] = [];
    for (const provider of providers) {
      if (typeof provider === 'function') {
        this.singleton(provider);
        continue;
      }
      const { token } = provider as { token?: InjectionToken };
      if (token === undefined) {
        throw new BootError(`a provider has no token: write { token: …, useValue: … }, or list a class.`);
      }
      this.provided.add(token);
      if ('useFactory' in provider) factories.push({ token, create: this.onDemand(token, provider.useFactory) });
      else if ('useClass' in provider) this.container.registerSingleton(token, provider.useClass as never);
      else if ('useToken' in provider) this.container.register(token, provider);
      else if ('useValue' in provider) this.container.register(token, provider);
      else throw new BootError(`the provider of ${describe(token)} has no useClass, useValue, useFactory or useToken.`);
    }
    for (const { token, create } of factories) {
      try {
        this.container.register(token, { useValue: await create() });
      } catch (cause) {
        throw unresolved(token, cause);
      }
    }
    for (const token of this.provided) this.resolve(token);
  }

  provides(token: InjectionToken): boolean {
    return this.provided.has(token) || this.container.isRegistered(token, true);
  }

  resolve(token: InjectionToken, wanted?: string): unknown {
    checkConstructor(token);
    try {
      return this.container.resolve(token);
    } catch (cause) {
      throw unresolved(token, cause, wanted);
    }
  }

  /** Until its turn comes, another factory may ask for it: a value that is there at once is made on the spot. */
  private onDemand(token: InjectionToken, factory: Factory): () => unknown {
    let made: { value: unknown } | undefined;
    const create = (): unknown => (made ??= { value: factory(this.container) }).value;
    this.container.register(token, {
      useFactory: () => {
        const value = create();
        if (!(value instanceof Promise)) return value;
        throw new Error(`${describe(token)} comes from an async factory: list its provider before those that need it`);
      },
    });
    return create;
  }
}

function describe(token: InjectionToken): string {
  return typeof token === 'function' ? token.name : typeof token === 'symbol' ? String(token) : JSON.stringify(token);
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
  if (untyped !== undefined) {
    return (
      `${untyped} has a constructor with parameters, but their types are not known: decorate it with @injectable() ` +
      `from portal-ws, with "emitDecoratorMetadata": true in tsconfig.json.`
    );
  }
  const unregistered = /Attempted to resolve unregistered dependency token: "?([^"\n]+)"?/.exec(reason)?.[1];
  if (unregistered !== undefined) {
    return `Nothing provides ${unregistered}: add { token: …, useValue: … } to the providers of a module.\n${reason}`;
  }
  return reason;
}

/** What a constructor's parameter may be declared as and the container can make nothing of. */
const NO_TOKENS = new Set<unknown>([Object, String, Number, Boolean, Array, Function, Symbol, BigInt, undefined]);

/** tsyringe would hand in an empty `new String()` or `new Object()`. */
function checkConstructor(token: InjectionToken): void {
  if (typeof token !== 'function') return;
  const types = (Reflect.getMetadata('design:paramtypes', token) as unknown[] | undefined) ?? [];
  const explicit = (Reflect.getOwnMetadata('injectionTokens', token) as Record<number, unknown> | undefined) ?? {};
  types.forEach((type, index) => {
    if (explicit[index] !== undefined || !NO_TOKENS.has(type)) return;
    const place = `${token.name}, constructor parameter ${index + 1}`;
    throw new BootError(
      type === undefined
        ? `${place}: its type is undefined; two files that import each other are the usual cause.`
        : `${place}: its type came out as ${(type as Function).name}, which names no provider. Use @Inject(token).`,
    );
  });
}
