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
