import type { DependencyContainer } from 'tsyringe';
import type { Constructor } from '../decorators';
import type { Connections, Engine, ForeignServer, Place, TlsUpdate } from '../server';
import { buildParts, type ApplicationParts } from './build';
import type { Lifecycle } from './lifecycle';
import type { PortalOptions } from './options';
import { onceAskedToEnd } from './signals';

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
  /** True while `launch` runs: after a failure nobody can listen again. */
  private once = false;
  /** Calls of `listen` and `attach` that have not settled. */
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

  /** The port that the application listens on. @throws Error while it does not listen */
  get port(): number {
    return this.engine.port;
  }

  /** Such as `ws://localhost:5005`. @throws Error while it does not listen */
  get url(): string {
    return this.engine.url;
  }

  /**
   * Starts the application, unless it runs already, by calling each `onInit`; then listens where the options say, or at a further place.
   * Resolves without listening where `close` was called meanwhile.
   * @throws ListenError for a port or socket that cannot be listened on
   * @throws the error of an `onInit`
   */
  listen(place?: Place): Promise<void> {
    return this.running(() => this.engine.listen(place), undefined);
  }

  /** @internal Listens, and ends all that was made where that fails. */
  async launch(): Promise<void> {
    this.once = true;
    await this.listen();
    this.once = false;
  }

  /**
   * Serves WebSockets on a server of `node:http`, `https` or `http2` that the caller has made and listens with. Paths without a controller
   * are left to the server's other listeners. Resolves with a function that takes Portal off the server.
   * @throws TypeError for anything but such a server
   * @throws the error of an `onInit`
   */
  attach(server: ForeignServer): Promise<() => void> {
    return this.running(
      () => this.engine.attach(server),
      () => {},
    );
  }

  /**
   * Replaces keys and certificates for later connections; open ones stay.
   * @throws Error without TLS
   * @throws TypeError for a key or certificate that cannot be used; nothing has changed then
   */
  updateTls(update: TlsUpdate): void {
    this.engine.updateTls(update);
  }

  /**
   * Stops the application, in this order:
   * - It takes no more connections. A `listen` or `attach` under way ends after the `onInit` that it waits for.
   * - Open connections are closed with 1001 once their messages are handled.
   * - `onShutdown` is called of all that was made or started, and `dispose` of all that the application made itself.
   *
   * At `shutdown.deadlineMs` connections are terminated, and anything that has not settled is logged and waited for no longer. `listen`
   * starts the application again.
   */
  close(): Promise<void> {
    this.closing ??= this.shutDown().finally(() => (this.closing = undefined));
    return this.closing;
  }

  /** Starts the application and calls `open`. Where that fails, and no connections are taken, stops it again. */
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
 * @throws BootError for a mistake in the modules, providers or controllers
 * @throws TypeError for a wrong option
 * @throws RangeError for a number out of its range
 */
export async function createApp(root: Constructor, options: PortalOptions = {}): Promise<Application> {
  return new Application(await buildParts(root, options));
}

/** Builds an application and listens. @throws the errors of `createApp` and `Application.listen` */
export async function bootstrap(root: Constructor, options: PortalOptions = {}): Promise<Application> {
  const app = await createApp(root, options);
  await app.launch();
  return app;
}
