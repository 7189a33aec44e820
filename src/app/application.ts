import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { BootError } from '../decorators';
import { compileController, type Report, type Timing } from '../binding';
import { Channels } from '../channels';
import { pathOf, type Constructor, type ModuleProvider, type WebSocketPathOptions } from '../decorators';
import { Connections, Engine, type ForeignServer, type Place, type TlsUpdate } from '../server';
import { systemClock } from '../messages';
import { given } from '../connection';
import { allOf } from '../connection';
import { AppContainer } from './container';
import { describe } from './describe';
import { DEFAULT_DEADLINE_MS, Lifecycle, type LifecycleHooks } from './lifecycle';
import { logObserver } from './log-observer';
import { onceAskedToEnd } from './signals';
import { consoleLogger, guardedLogger } from './logger';
import { readModules } from './module-graph';
import { checkOptions, type PortalOptions } from './options';
import { checkProvider } from './provider-check';

/** What an application is made of. */
export interface ApplicationParts {
  readonly name: string;
  readonly container: DependencyContainer;
  readonly engine: Engine;
  readonly lifecycle: Lifecycle;
  /** Whether SIGTERM and SIGINT close it. */
  readonly signals: boolean;
}

/** A built application. Two of them share nothing. */
export class Application {
  readonly name: string;
  /** The application's own tsyringe container. */
  readonly container: DependencyContainer;
  /** @internal */
  protected readonly engine: Engine;
  /** @internal */
  protected readonly lifecycle: Lifecycle;
  private readonly signals: boolean;
  private stopListeningToSignals: (() => void) | undefined;
  private closing: Promise<void> | undefined;
  /** Nobody will listen again when that fails. */
  private once = false;
  /** What `listen` and `attach` are at. */
  private readonly opening = new Set<Promise<unknown>>();

  /** @internal Applications are made by `createApp`. */
  constructor({ name, container, engine, lifecycle, signals }: ApplicationParts) {
    this.signals = signals;
    this.name = name;
    this.container = container;
    this.engine = engine;
    this.lifecycle = lifecycle;
  }

  /** The open connections. */
  get connections(): Connections {
    return this.engine.connections;
  }

  /** The port it listens on. @throws Error while it does not */
  get port(): number {
    return this.engine.port;
  }

  /** Such as `ws://localhost:5005`. @throws Error while it does not listen */
  get url(): string {
    return this.engine.url;
  }

  /**
   * Calls `onInit` of all that the application consists of, unless it runs already, then takes connections: where the options
   * say, or at a further place. Resolves without that when it was closed meanwhile.
   * @throws ListenError when the port cannot be had; what an `onInit` throws
   */
  listen(place?: Place): Promise<void> {
    return this.running(() => this.engine.listen(place), undefined);
  }

  /** @internal The same where nobody can try again: when it fails, all that was made is ended. */
  async launch(): Promise<void> {
    this.once = true;
    await this.listen();
    this.once = false;
  }

  /**
   * Serves WebSockets on a server of `node:http`, `https` or `http2` that somebody else made and listens with. Paths that no
   * controller serves are left to its other listeners. Resolves with what takes all of it back.
   * @throws what an `onInit` throws; TypeError for what is no such server
   */
  attach(server: ForeignServer): Promise<() => void> {
    return this.running(
      () => this.engine.attach(server),
      () => {},
    );
  }

  /**
   * Replaces keys and certificates; connections that are open go on, later ones get the new.
   * @throws Error without TLS, TypeError for what cannot be used, which changes nothing
   */
  updateTls(update: TlsUpdate): void {
    this.engine.updateTls(update);
  }

  /**
   * Ends what `listen` and `attach` are at, after the `onInit` that is being waited for. Takes no more connections, closes those
   * that there are with 1001 once what they sent is handled, and terminates the rest at `shutdown.deadlineMs`; then calls
   * `onShutdown` of all that was made or started, and `dispose` of what the application made itself. What has not settled at the
   * deadline is logged and waited for no longer. `listen` starts it again.
   */
  close(): Promise<void> {
    this.closing ??= this.shutDown().finally(() => (this.closing = undefined));
    return this.closing;
  }

  /** Does what takes connections in a started application; one that takes none then is stopped again. */
  private async running<T>(open: () => Promise<T> | T, otherwise: T): Promise<T> {
    const opening = this.begin(open, otherwise);
    this.opening.add(opening);
    try {
      return await opening;
    } finally {
      this.opening.delete(opening);
    }
  }

  private async begin<T>(open: () => Promise<T> | T, otherwise: T): Promise<T> {
    await this.closing;
    if (this.signals) this.stopListeningToSignals ??= onceAskedToEnd(() => void this.close());
    try {
      return (await this.lifecycle.start(this.once)) ? await open() : otherwise;
    } catch (error) {
      if (!this.engine.listening && !this.engine.attached) {
        await (this.once ? this.lifecycle.end() : this.lifecycle.stop());
        this.ignoreSignals();
      }
      throw error;
    }
  }

  private async shutDown(): Promise<void> {
    const deadline = this.lifecycle.deadline();
    this.lifecycle.interrupt();
    await deadline.allows(Promise.allSettled(this.opening));
    await this.engine.close();
    await this.lifecycle.end(deadline);
    this.ignoreSignals();
  }

  private ignoreSignals(): void {
    this.stopListeningToSignals?.();
    this.stopListeningToSignals = undefined;
  }
}

/**
 * Builds an application from its module, without listening.
 * @throws BootError for every mistake that shows before the first connection; TypeError, RangeError for wrong options
 */
export async function createApp(root: Constructor, options: PortalOptions = {}): Promise<Application> {
  return new Application(await buildParts(root, options));
}

/** Builds an application and starts it. @throws what `createApp` and `listen` throw */
export async function bootstrap(root: Constructor, options: PortalOptions = {}): Promise<Application> {
  const app = await createApp(root, options);
  await app.launch();
  return app;
}

/** What a test does to an application. */
export interface Tested {
  /** Providers that take the place of those of the modules with the same token. */
  readonly overrides: readonly ModuleProvider[];
}

export async function buildParts(
  root: Constructor,
  options: PortalOptions,
  tested?: Tested,
): Promise<ApplicationParts> {
  checkOptions(options);
  const overrides = tested?.overrides ?? [];
  const { modules, controllers, providers } = readModules(root);
  for (const provider of overrides) checkProvider(provider, 'override');
  const {
    name = root.name,
    logger = consoleLogger,
    observers = [],
    guards,
    interceptors,
    filters,
    validation,
    backplane,
    history,
    clock = systemClock,
    ...rest
  } = options;
  const observer = allOf([logObserver(guardedLogger(logger)), ...observers]);
  const failed = (error: unknown, where: string): void => observer.failed?.(error, where);
  const { deadlineMs = DEFAULT_DEADLINE_MS, signals = false } = rest.shutdown ?? {};
  const lifecycle = new Lifecycle([], failed, { clock, deadlineMs });
  const channels = new Channels({ backplane, history }, clock, {
    failed,
    onDown: (error, node) => observer.backplaneDown?.(error, node),
    onGap: (gap, node) => {
      observer.backplaneGap?.(gap, node);
      void lifecycle.tellOfGap(gap);
    },
    onLost: (messages) => observer.backplaneLost?.(messages),
    onStopped: (node) => observer.backplaneStopped?.(node),
    onPublished: observer.published && ((others) => observer.published?.(others)),
  });
  // before all others, which may use it, and after them
  lifecycle.add(new ChannelsLife(channels), false);
  const engine = new Engine({ ...rest, shutdown: { deadlineMs }, clock, observer, subscriptions: channels.hub });
  const report: Report = (error, where, connection) => {
    if (!connection.hasTold(error)) observer.failed?.(error, where, connection);
  };
  const timing: Timing | undefined = observer.handled && {
    now: () => clock.now(),
    handled: (call, ms, error) => observer.handled?.(call, ms, error),
  };
  const container = new AppContainer(report);
  container.value(Connections, engine.connections);
  container.value(Channels, channels);
  const replaced = new Set(overrides.map(tokenOf));
  const own = [...controllers.filter(isSingleton), ...modules].filter((constructor) => !replaced.has(constructor));
  const binding = given({
    guards,
    interceptors,
    filters,
    validation,
    limits: options.limits,
    isSpiedOn: tested !== undefined,
  });
  const owners = new Map<string, Constructor>();
  try {
    for (const constructor of own) container.singleton(constructor);
    await container.provide([...providers.filter((provider) => !replaced.has(tokenOf(provider))), ...overrides]);
    for (const controller of controllers) {
      refuseTakenPath(controller, owners);
      const endpoint = compileController(controller, container, report, binding, timing);
      try {
        engine.add(endpoint);
      } catch (cause) {
        throw new BootError(`${controller.name}: ${(cause as Error).message}`, { cause });
      }
    }
    const listed = new Set([...providers.map(tokenOf), ...controllers, ...modules, Connections, Channels]);
    for (const override of overrides) refuseStray(tokenOf(override), listed, container);
    for (const { instance, own } of container.made()) lifecycle.add(instance, own);
  } catch (error) {
    const deadline = lifecycle.deadline();
    await deadline.allows(container.settled());
    for (const { instance, own } of container.madeSoFar()) lifecycle.add(instance, own);
    await lifecycle.end(deadline);
    throw error;
  }
  container.tellOfFurther(({ instance, own }) => lifecycle.add(instance, own));
  return { name, container: container.container, engine, lifecycle, signals };
}

/** A backplane that was never started has nothing to stop. */
class ChannelsLife implements LifecycleHooks {
  private started = false;

  constructor(private readonly channels: Channels) {}

  async onInit(): Promise<void> {
    await this.channels.start();
    this.started = true;
  }

  async onShutdown(): Promise<void> {
    if (!this.started) return;
    this.started = false;
    await this.channels.stop();
  }
}

function tokenOf(provider: ModuleProvider): unknown {
  return typeof provider === 'function' ? provider : provider.token;
}

/** An override that takes nothing's place would leave the real thing in the test. */
function refuseStray(token: unknown, listed: ReadonlySet<unknown>, container: AppContainer): void {
  const own = token as InjectionToken;
  if (listed.has(token) || container.isNeeded(own)) return;
  const name = describe(own);
  const namesake = [...listed].some((other) => describe(other as InjectionToken) === name);
  const why = namesake
    ? `it is not the ${name} that is provided, but another of that name`
    : 'nothing that is made when the application starts needs it, and no module lists it';
  throw new BootError(`override: there is no ${name} to take the place of: ${why}.`);
}

function isSingleton(controller: Constructor): boolean {
  // what they are is judged later
  return pathOf<WebSocketPathOptions | null | undefined>(controller)?.options?.scope !== 'connection';
}

/** Patterns that differ only in the names of their parameters match the same paths. */
function refuseTakenPath(controller: Constructor, owners: Map<string, Constructor>): void {
  const pattern = pathOf(controller)?.pattern;
  if (typeof pattern !== 'string') return;
  const shape = pattern.replace(/:[A-Za-z0-9_]+/g, ':');
  const owner = owners.get(shape);
  if (owner !== undefined) throw new BootError(`${owner.name} and ${controller.name} both serve the path ${pattern}.`);
  owners.set(shape, controller);
}
