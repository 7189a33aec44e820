import cluster from 'node:cluster';
import type { Duplex } from 'node:stream';
import { createDeflateCodec, PerMessageDeflate, type DeflateCodec, type DeflateParameters } from '../protocol';
import { Admission } from './upgrade/admission';
import type { Answers } from './answers';
import { Batch } from '../transport';
import { Budget } from './budget';
import type { ConnectionFacts } from '../connection';
import { Connections } from './connections';
import { Deadlines, systemClock, type Clock } from '../messages';
import type { Endpoint } from '../connection';
import { ENGINE_OPTIONS, PLACE } from './engine-options';
import { Flusher } from '../transport';
import { Attachments } from './attach/attachments';
import type { ForeignServer } from './attach/foreign-server';
import { Upgrader, type UpgraderContext } from './upgrade/upgrader';
import { Http1Upgrade } from './upgrade/http1-upgrade';
import { Http2Connect } from './upgrade/http2-connect';
import { Heartbeat } from './heartbeat';
import { DEFAULT_LIMITS, resolveLimits, type ResolvedLimits } from '../connection';
import { Listener, ListenError, type Exact, type Place } from './listener';
import { closeGradually } from './close-gradually';
import { fileLimit, memoryLimit } from './machine';
import type { Observer } from '../connection';
import { allOf } from '../connection';
import { checkOptions } from '../connection';
import { ClientAddresses } from './upgrade/client-addresses';
import { PlainRequests } from './upgrade/plain-requests';
import { RawSockets } from '../transport';
import { Routes, type Route } from '../connection';
import { ConnectionDriver } from '../connection';
import type { DriverContext } from '../connection';
import { NO_CHANNELS, type Subscriptions } from '../connection';
import { OwnServer, type ServerSettings } from './servers';
import { Tls, type TlsUpdate } from './tls';
import { Transport } from '../transport';
import { setImmediate } from '../transport';
import type { EngineOptions } from './engine-options';

const DEFAULT_PORT = 5005;
const DEFAULT_HOST = 'localhost';
const DEFAULT_SHUTDOWN_MS = 30_000;

/** A WebSocket server without decorators: endpoints in, connections out. It can be closed and listen again. */
export class Engine implements DriverContext, UpgraderContext {
  readonly connections = new Connections();
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  readonly routes: Routes;
  readonly admission: Admission;
  readonly budget: Budget;
  readonly subscriptions: Subscriptions;
  private readonly heartbeat: Heartbeat | undefined;
  readonly batch = new Batch();
  readonly flusher = new Flusher();
  private readonly rawSockets = new RawSockets();
  /** Made with the first connection that compresses. */
  private codec: DeflateCodec | undefined;
  private readonly upgrader = new Upgrader(this);
  private readonly answers: Answers;
  private readonly http1: Http1Upgrade;
  private readonly tls: Tls | undefined;
  private readonly listener: Listener<ServerSettings>;
  private readonly attachments: Attachments;
  /** Serves streams that came through no port. */
  private portless: OwnServer | undefined;
  private readonly createPortless: () => OwnServer;
  /** Where it listens, in the order in which that was asked for. */
  private addresses: { readonly port: number | undefined; readonly url: string }[] = [];
  private closing: Promise<void> | undefined;
  /** Drivers whose `close` hook has not settled, but for those that a deadline gave up; one that never settles is not kept. */
  private alive = new WeakSet<ConnectionDriver>();
  private aliveCount = 0;
  private onQuiet: (() => void) | undefined;

  /** @throws TypeError or RangeError when an option is wrong */
  constructor(private readonly options: EngineOptions = {}) {
    checkOptions(options, ENGINE_OPTIONS);
    this.limits = resolveLimits(options.limits, limitsOfMachine());
    this.clock = options.clock ?? systemClock;
    this.deadlines = new Deadlines(this.clock);
    this.observer = allOf([options.observer ?? {}]);
    this.subscriptions = options.subscriptions ?? NO_CHANNELS;
    const failed = (error: unknown, what: string): void => this.observer.failed?.(error, what);
    this.routes = new Routes(this.limits, options.origins, options.compression, failed);
    this.admission = new Admission(this);
    this.budget = new Budget(this.limits.maxTotalBufferedBytes, () => this.connections.drivers());
    if (options.heartbeat !== false) {
      this.heartbeat = new Heartbeat(this.clock, () => this.connections.drivers(), options.heartbeat);
    }
    const { upgrader, limits, deadlines } = this;
    const addresses = new ClientAddresses(options.trustedProxies);
    const plain = new PlainRequests(upgrader, {
      listener: options.request,
      ready: options.health === true ? () => this.ready : undefined,
      failed: (error) => this.observer.failed?.(error, 'the request listener'),
    });
    this.answers = plain.answers;
    const http1 = new Http1Upgrade({ upgrader, addresses, limits, deadlines, plain });
    const http2 = new Http2Connect({ upgrader, addresses, limits, deadlines, plain });
    this.http1 = http1;
    this.tls = options.tls && new Tls(options.tls, (error) => this.observer.failed?.(error, 'tls.SNICallback'));
    const context = { limits, deadlines, addresses, http1, http2 };
    this.listener = new Listener(
      (settings) => new OwnServer(context, settings),
      (error) => this.observer.failed?.(error, 'taking a connection'),
    );
    this.attachments = new Attachments({ upgrader, http1, http2, deadlines, limits });
    const portless = { tls: undefined, http2: false, proxyProtocol: false, sharesPort: false };
    this.createPortless = () => new OwnServer(context, portless);
  }

  /** Serves an endpoint. @throws Error when its path is malformed or taken, or one of its options wrong */
  add(endpoint: Endpoint): void {
    this.routes.add(endpoint);
  }

  get admits(): boolean {
    return this.closing === undefined;
  }

  /** The first port that it listens on. @throws Error while it listens on none */
  get port(): number {
    const { port } = this.addresses.find((address) => address.port !== undefined) ?? this.address;
    if (port === undefined) throw new Error('the server listens on a Unix socket, which has no port');
    return port;
  }

  /** Where clients connect, such as `ws://localhost:5005`. @throws Error while it is not listening */
  get url(): string {
    return this.address.url;
  }

  private get address(): { readonly port: number | undefined; readonly url: string } {
    const [first] = this.addresses;
    if (first === undefined) throw new Error('the server is not listening: call listen() first');
    return first;
  }

  get listening(): boolean {
    return this.listener.listening;
  }

  /**
   * Listens where the options say, or at a further place.
   * @throws ListenError when that cannot be had, TypeError for what is no place, Error when it listens already and no place is given
   */
  async listen(place?: Place): Promise<void> {
    if (place !== undefined) checkOptions(place, PLACE, 'the place to listen at');
    await this.closing;
    if (place === undefined && this.listener.listening) throw new Error(`the server listens already at ${this.url}`);
    const places = placesIn(place ?? this.options);
    const settings = this.settingsOf(place);
    const ports = await this.listener.listen(places, settings);
    const scheme = settings.tls === undefined ? 'ws' : 'wss';
    this.addresses.push(...places.map((at, index) => ({ port: ports[index], url: urlOf(scheme, at, ports[index]) })));
  }

  /** Serves the WebSockets of a server that somebody else listens with. Returns what takes that back. */
  attach(server: ForeignServer): () => void {
    return this.attachments.attach(server);
  }

  get attached(): boolean {
    return this.attachments.size > 0;
  }

  /**
   * Replaces keys and certificates for connections that come later; what is not given stays.
   * @throws Error without TLS, TypeError for what cannot be used, which changes nothing
   */
  updateTls(update: TlsUpdate): void {
    if (this.tls === undefined) throw new Error('there is no TLS to update: set the option tls');
    this.tls.replace(update);
    for (const server of this.listener.open) server.updateTls(this.tls);
  }

  /**
   * Stops: takes no new connections, closes all with 1001 once what they sent is handled, and terminates those that
   * are left at the deadline. `listen` may be called again.
   */
  close(): Promise<void> {
    this.closing ??= this.shutDown().finally(() => (this.closing = undefined));
    return this.closing;
  }

  /** Serves one client over any stream, as if it had connected to a port. */
  serve(stream: Duplex): void {
    this.portless ??= this.createPortless();
    this.portless.front.emit('connection', stream);
  }

  prepare(route: Route, facts: ConnectionFacts, socket: Duplex, agreed?: DeflateParameters): ConnectionDriver {
    const deflate = agreed && new PerMessageDeflate((this.codec ??= createDeflateCodec()), agreed);
    return new ConnectionDriver(this, route, new Transport(socket, this.rawSockets), facts, deflate);
  }

  opened(driver: ConnectionDriver): void {
    this.connections.add(driver);
    this.alive.add(driver);
    this.aliveCount++;
    this.heartbeat?.begin(driver);
    this.observer.opened?.(driver.connection);
  }

  identify(driver: ConnectionDriver): string {
    return this.connections.identify(driver);
  }

  closed(driver: ConnectionDriver): void {
    this.connections.delete(driver);
    this.admission.release(driver.route, driver.connection.handshake.remoteAddress);
  }

  ended(driver: ConnectionDriver): void {
    if (this.alive.delete(driver) && --this.aliveCount === 0) this.onQuiet?.();
  }

  private get ready(): boolean {
    return this.admits && (this.listening || this.attached);
  }

  private async shutDown(): Promise<void> {
    this.upgrader.refuseUndecided();
    this.listener.drain();
    const deadlineMs = this.options.shutdown?.deadlineMs ?? DEFAULT_SHUTDOWN_MS;
    let cancelDeadline!: () => void;
    const deadline = new Promise<void>((resolve) => (cancelDeadline = this.deadlines.set(deadlineMs, resolve)));
    const cancelDrain = closeGradually([...this.connections.drivers()], deadlineMs, this.clock);
    await Promise.race([deadline, Promise.all([this.quiet(), this.answers.drain()])]);
    for (const driver of this.connections.drivers()) driver.terminate('shutdown.deadlineMs');
    this.alive = new WeakSet();
    this.aliveCount = 0;
    this.onQuiet = undefined;
    // the last words are on their way by then
    await new Promise(setImmediate);
    cancelDrain();
    this.heartbeat?.stop();
    this.attachments.detachAll();
    const listenerClosed = this.listener.close();
    // requests that came meanwhile
    await Promise.race([deadline, this.answers.drain()]);
    cancelDeadline();
    this.http1.close();
    this.listener.terminate();
    this.portless?.terminate();
    this.answers.reset();
    await listenerClosed;
    this.addresses = [];
  }

  /** Resolves when the hooks of all connections have settled. */
  private async quiet(): Promise<void> {
    if (this.aliveCount > 0) await new Promise<void>((resolve) => (this.onQuiet = resolve));
  }

  /** A place may speak otherwise than the options say. */
  private settingsOf(place?: Place): ServerSettings {
    const tls = place?.tls === false ? undefined : this.tls;
    return {
      tls,
      http2: place?.http2 ?? this.options.http2 ?? tls !== undefined,
      proxyProtocol: place?.proxyProtocol ?? this.options.proxyProtocol ?? false,
      sharesPort: cluster.isWorker || (place ?? this.options).reusePort === true,
    };
  }
}

/** Node opens some twenty for itself. */
const OTHER_FILES = 32;

/** What is not read may take a quarter of the memory; some files are left for other things than connections. */
function limitsOfMachine(): ResolvedLimits {
  const files = fileLimit();
  return {
    ...DEFAULT_LIMITS,
    ...(files !== undefined && {
      maxConnections: Math.max(1, files - Math.min(1024, Math.max(OTHER_FILES, files >> 4))),
    }),
    maxTotalBufferedBytes: Math.floor(memoryLimit() / 4),
  };
}

function urlOf(scheme: 'ws' | 'wss', place: Exact, port: number | undefined): string {
  if ('socketPath' in place) return `${scheme}+unix:${place.socketPath}`;
  const { host } = place;
  const isAny = host === '0.0.0.0' || host === '::';
  return `${scheme}://${isAny ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A port, a Unix socket, or both. */
function placesIn({ port, host = DEFAULT_HOST, socketPath, reusePort = false }: Omit<Place, 'tls'>): Exact[] {
  if (socketPath === undefined) return [{ port: port ?? DEFAULT_PORT, host, reusePort }];
  if (port !== undefined) return [{ port, host, reusePort }, { socketPath }];
  if (reusePort) throw new ListenError('`reusePort` needs a port: a Unix socket belongs to one process');
  return [{ socketPath }];
}
