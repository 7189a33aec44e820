import cluster from 'node:cluster';
import type { Duplex } from 'node:stream';
import { checkOptions, type Endpoint, type Route } from '../connection';
import type { ForeignServer } from './attach/foreign-server';
import type { Connections } from './connections';
import { createEngine, type EngineParts } from './create-engine';
import { ENGINE_OPTIONS, PLACE, type EngineOptions } from './engine-options';
import { placesIn, urlOf, type Place } from './places';
import type { ServerSettings } from './servers';
import { shutDown } from './shut-down';
import type { TlsUpdate } from './tls';

const DEFAULT_SHUTDOWN_MS = 30_000;

interface Address {
  /** `undefined` for a Unix socket. */
  readonly port: number | undefined;
  readonly url: string;
}

/** A WebSocket server without decorators. A closed engine can listen again. */
export class Engine {
  private readonly parts: EngineParts;
  /** In the order in which `listen` was called. */
  private addresses: Address[] = [];
  private closing: Promise<void> | undefined;

  /**
   * @throws TypeError for a wrong option
   * @throws RangeError for a number out of range
   */
  constructor(private readonly options: EngineOptions = {}) {
    checkOptions(options, ENGINE_OPTIONS);
    this.parts = createEngine(options);
  }

  /** The open connections. */
  get connections(): Connections {
    return this.parts.connections;
  }

  /**
   * Serves an endpoint.
   * @throws Error for a path that is malformed or taken
   * @throws TypeError for a wrong option
   * @throws RangeError for a limit out of range
   */
  add(endpoint: Endpoint): void {
    this.parts.routes.add(endpoint);
  }

  /** @internal The endpoint of a path. */
  find(path: string): Route | undefined {
    return this.parts.routes.find(path)?.endpoint;
  }

  /** The first port that the engine listens on. @throws Error while it listens on none */
  get port(): number {
    const { port } = this.addresses.find((address) => address.port !== undefined) ?? this.address;
    if (port === undefined) throw new Error('the server listens on a Unix socket, which has no port');
    return port;
  }

  /** The URL for clients, such as `ws://localhost:5005`. @throws Error while the engine does not listen */
  get url(): string {
    return this.address.url;
  }

  private get address(): Address {
    const [first] = this.addresses;
    if (first === undefined) throw new Error('the server is not listening: call listen() first');
    return first;
  }

  get listening(): boolean {
    return this.parts.listener.listening;
  }

  /**
   * Listens at the place in the options, or at a further place.
   * @throws ListenError when the place cannot be had
   * @throws TypeError for a wrong place
   * @throws Error when the engine listens already and no place is given
   */
  async listen(place?: Place): Promise<void> {
    if (place !== undefined) checkOptions(place, PLACE, 'the place to listen at');
    await this.closing;
    if (place === undefined && this.listening) throw new Error(`the server listens already at ${this.url}`);
    const places = placesIn(place ?? this.options);
    const settings = this.settingsOf(place);
    const ports = await this.parts.listener.listen(places, settings);
    const scheme = settings.tls === undefined ? 'ws' : 'wss';
    this.addresses.push(...places.map((at, index) => ({ port: ports[index], url: urlOf(scheme, at, ports[index]) })));
  }

  /**
   * Serves WebSockets on a server of `node:http`, `https` or `http2` that somebody else listens with. Returns a function that
   * detaches the engine.
   * @throws TypeError for another object
   * @throws Error for a server that is attached already
   */
  attach(server: ForeignServer): () => void {
    return this.parts.attachments.attach(server);
  }

  get attached(): boolean {
    return this.parts.attachments.size > 0;
  }

  /** Serves one client over any stream, as over a connection to a port. */
  serve(stream: Duplex): void {
    this.parts.portless.serve(stream);
  }

  /**
   * Replaces the given keys and certificates for later connections.
   * @throws Error without TLS
   * @throws TypeError for a key or certificate that cannot be used; nothing is changed then
   */
  updateTls(update: TlsUpdate): void {
    const { tls, listener } = this.parts;
    if (tls === undefined) throw new Error('there is no TLS to update: set the option tls');
    tls.replace(update);
    for (const server of listener.open) server.updateTls(tls);
  }

  /**
   * Stops: takes no new connections, closes all connections with 1001 once their messages are handled, and terminates the rest
   * at the deadline. `listen` may be called again.
   */
  close(): Promise<void> {
    this.closing ??= this.shutDown().finally(() => (this.closing = undefined));
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    try {
      await shutDown(this.parts, this.options.shutdown?.deadlineMs ?? DEFAULT_SHUTDOWN_MS);
      this.addresses = [];
    } finally {
      this.parts.upgrader.start();
    }
  }

  /** The options, except where the place has its own. */
  private settingsOf(place?: Place): ServerSettings {
    const tls = place?.tls === false ? undefined : this.parts.tls;
    return {
      tls,
      http2: place?.http2 ?? this.options.http2 ?? tls !== undefined,
      proxyProtocol: place?.proxyProtocol ?? this.options.proxyProtocol ?? false,
      sharesPort: cluster.isWorker || (place ?? this.options).reusePort === true,
    };
  }
}
