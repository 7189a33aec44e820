import type { DependencyContainer } from 'tsyringe';
import { BootError, compileController, type Report } from '../binding';
import { pathOf, type Constructor } from '../decorators';
import { Connections, Engine } from '../engine';
import { AppContainer } from './container';
import { logObserver } from './log-observer';
import { consoleLogger } from './logger';
import { readModules } from './module-graph';
import { checkOptions, type PortalOptions } from './options';

/** A built application. Two of them share nothing. */
export class Application {
  /** @internal Applications are made by `createApp`. */
  constructor(
    readonly name: string,
    /** The application's own tsyringe container. */
    readonly container: DependencyContainer,
    private readonly engine: Engine,
  ) {}

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

  /** Takes connections. @throws ListenError when the port cannot be had */
  listen(): Promise<void> {
    return this.engine.listen();
  }

  /**
   * Takes no more connections, closes those that there are with 1001 once what they sent is handled, and terminates
   * the rest at `shutdown.deadlineMs`. `listen` starts it again.
   */
  close(): Promise<void> {
    return this.engine.close();
  }
}

/**
 * Builds an application from its module, without listening.
 * @throws BootError for every mistake that shows before the first connection; TypeError, RangeError for wrong options
 */
export async function createApp(root: Constructor, options: PortalOptions = {}): Promise<Application> {
  checkOptions(options);
  const { name = root.name, logger = consoleLogger, ...engineOptions } = options;
  const observer = logObserver(logger);
  const engine = new Engine({ ...engineOptions, observer });
  const { controllers, providers } = readModules(root);
  const container = new AppContainer();
  container.value(Connections, engine.connections);
  for (const controller of controllers) container.singleton(controller);
  await container.provide(providers);

  const report: Report = (error, where, connection) => observer.failed?.(error, where, connection);
  const owners = new Map<string, Constructor>();
  for (const controller of controllers) {
    refuseTakenPath(controller, owners);
    const endpoint = compileController(controller, container, report);
    try {
      engine.add(endpoint);
    } catch (cause) {
      throw new BootError(`${controller.name}: ${(cause as Error).message}`, { cause });
    }
  }
  return new Application(name, container.container, engine);
}

/** Builds an application and starts it. @throws what `createApp` and `listen` throw */
export async function bootstrap(root: Constructor, options: PortalOptions = {}): Promise<Application> {
  const app = await createApp(root, options);
  await app.listen();
  return app;
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
