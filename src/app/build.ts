import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { compileController, type Report, type Timing } from '../binding';
import { Channels } from '../channels';
import { allOf, given, type Endpoint, type Observer } from '../connection';
import { BootError, pathOf, type Constructor, type ModuleProvider, type WebSocketPathOptions } from '../decorators';
import { type Clock, systemClock } from '../messages';
import { Connections, Engine } from '../server';
import { AppContainer } from './container';
import { describe } from './describe';
import { DEFAULT_DEADLINE_MS, Lifecycle, type LifecycleHooks } from './lifecycle';
import { logObserver } from './log-observer';
import { consoleLogger, guardedLogger } from './logger';
import { readModules } from './module-graph';
import { checkOptions, type PortalOptions } from './options';
import { checkProvider } from './provider-check';

/** The parts of a built application. */
export interface ApplicationParts {
  readonly name: string;
  readonly container: DependencyContainer;
  readonly engine: Engine;
  readonly lifecycle: Lifecycle;
  /** True where SIGTERM and SIGINT close the application. */
  readonly signals: boolean;
}

type Modules = ReturnType<typeof readModules>;

/** Changes that a test makes to an application. */
export interface Tested {
  /** Providers that take the place of those of the modules with the same token. */
  readonly overrides: readonly ModuleProvider[];
}

/**
 * Puts the parts of an application together. After a mistake, ends all that was made before.
 * @throws as `createApp` does
 */
export async function buildParts(
  root: Constructor,
  options: PortalOptions,
  tested?: Tested,
): Promise<ApplicationParts> {
  checkOptions(options);
  const overrides = tested?.overrides ?? [];
  const modules = readModules(root);
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
  const channels = new Channels({ backplane, history }, clock, channelEvents(observer, lifecycle));
  // before all others, which may use it, and after them
  lifecycle.add(new ChannelsLife(channels), false);
  const engine = new Engine({ ...rest, shutdown: { deadlineMs }, clock, observer, subscriptions: channels.hub });
  const report: Report = (error, where, connection) => {
    if (!connection.hasTold(error)) observer.failed?.(error, where, connection);
  };
  const timing = timingFor(observer, clock);
  const container = new AppContainer(report);
  container.value(Connections, engine.connections);
  container.value(Channels, channels);
  const isSpiedOn = tested !== undefined;
  const binding = given({ guards, interceptors, filters, validation, limits: options.limits, isSpiedOn });
  try {
    await provide(container, modules, overrides);
    addControllers(engine, modules.controllers, (controller) =>
      compileController(controller, container, report, binding, timing),
    );
    refuseStray(overrides, modules, container);
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

function channelEvents(observer: Observer, lifecycle: Lifecycle): ConstructorParameters<typeof Channels>[2] {
  return {
    failed: (error, where) => observer.failed?.(error, where),
    onDown: (error, node) => observer.backplaneDown?.(error, node),
    onGap: (gap, node) => {
      observer.backplaneGap?.(gap, node);
      void lifecycle.tellOfGap(gap);
    },
    onLost: (messages) => observer.backplaneLost?.(messages),
    onStopped: (node) => observer.backplaneStopped?.(node),
    onPublished: observer.published && ((others) => observer.published?.(others)),
  };
}

/** `undefined` where no observer hears of handled calls. */
function timingFor(observer: Observer, clock: Clock): Timing | undefined {
  return (
    observer.handled && {
      now: () => clock.now(),
      handled: (call, ms, error) => observer.handled?.(call, ms, error),
    }
  );
}

/** Makes the modules, their controllers and providers, with overrides in the place of those with the same token. */
async function provide(
  container: AppContainer,
  { modules, controllers, providers }: Modules,
  overrides: readonly ModuleProvider[],
): Promise<void> {
  const replaced = new Set(overrides.map(tokenOf));
  const own = [...controllers.filter(isSingleton), ...modules].filter((constructor) => !replaced.has(constructor));
  for (const constructor of own) container.singleton(constructor);
  await container.provide([...providers.filter((provider) => !replaced.has(tokenOf(provider))), ...overrides]);
}

/** @throws BootError for a controller that cannot be compiled, or whose path cannot be served */
function addControllers(
  engine: Engine,
  controllers: readonly Constructor[],
  compile: (controller: Constructor) => Endpoint,
): void {
  const owners = new Map<string, Constructor>();
  for (const controller of controllers) {
    refuseTakenPath(controller, owners);
    const endpoint = compile(controller);
    try {
      engine.add(endpoint);
    } catch (cause) {
      throw new BootError(`${controller.name}: ${(cause as Error).message}`, { cause });
    }
  }
}

/** Starts and stops the channels with the application. A backplane that was never started has nothing to stop. */
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

/** @throws BootError for an override that takes nothing's place: the real thing would stay in the test */
function refuseStray(
  overrides: readonly ModuleProvider[],
  { modules, controllers, providers }: Modules,
  container: AppContainer,
): void {
  const listed = new Set([...providers.map(tokenOf), ...controllers, ...modules, Connections, Channels]);
  for (const token of overrides.map(tokenOf) as InjectionToken[]) {
    if (listed.has(token) || container.isNeeded(token)) continue;
    const name = describe(token);
    const namesake = [...listed].some((other) => describe(other as InjectionToken) === name);
    const why = namesake
      ? `it is not the ${name} that is provided, but another of that name`
      : 'nothing that is made when the application starts needs it, and no module lists it';
    throw new BootError(`override: there is no ${name} to take the place of: ${why}.`);
  }
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
