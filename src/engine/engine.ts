import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Origins } from '../handshake';
import {
  CloseCode,
  createDeflateCodec,
  PerMessageDeflate,
  type DeflateCodec,
  type DeflateParameters,
} from '../protocol';
import { Batch } from './batch';
import type { Compression } from './compression';
import type { ConnectionFacts, Handshake } from './connection';
import { Connections } from './connections';
import { Deadlines, systemClock, type Clock } from './deadlines';
import type { Endpoint } from './endpoint';
import { Flusher } from './flusher';
import { Http1Door, type DoorContext } from './http1-door';
import { resolveLimits, type Limits, type ResolvedLimits } from './limits';
import { Listener } from './listener';
import type { Observer } from './observer';
import { RawSockets } from './raw-sockets';
import { Routes, type Route } from './routes';
import { Session, type SessionContext } from './session';
import { Transport } from './transport';

export interface EngineOptions {
  /** Default 5005; 0 takes a free one. */
  port?: number;
  /** Default `localhost`: 127.0.0.1 and ::1, where the machine has both. */
  host?: string;
  /** Which pages may connect. Default: those of the same host, whatever the port. */
  origins?: Origins<Handshake>;
  limits?: Limits;
  /** permessage-deflate (RFC 7692). Default: off. */
  compression?: boolean | Compression;
  /** Serves plain HTTP requests to all paths that are no WebSocket's. */
  request?: RequestListener;
  /** Default 30 s for all connections to close; then they are terminated. */
  shutdown?: { deadlineMs?: number };
  observer?: Observer;
  clock?: Clock;
}

const DEFAULT_PORT = 5005;
const DEFAULT_HOST = 'localhost';
const DEFAULT_SHUTDOWN_MS = 30_000;

/** A WebSocket server without decorators: endpoints in, connections out. It can be closed and listen again. */
export class Engine implements SessionContext, DoorContext {
  readonly connections = new Connections();
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  readonly routes: Routes;
  readonly request: RequestListener | undefined;
  readonly batch = new Batch();
  readonly flusher = new Flusher();
  private readonly rawSockets = new RawSockets();
  /** Made with the first connection that compresses. */
  private codec: DeflateCodec | undefined;
  private readonly door = new Http1Door(this);
  private readonly listener = new Listener(() => this.door.createServer());
  private listeningPort: number | undefined;
  private closing: Promise<void> | undefined;
  /** Sessions whose `close` hook has not settled, but for those that a deadline gave up. */
  private readonly alive = new Set<Session>();
  private onQuiet: (() => void) | undefined;

  /** @throws TypeError or RangeError when an option is wrong */
  constructor(private readonly options: EngineOptions = {}) {
    this.limits = resolveLimits(options.limits);
    this.clock = options.clock ?? systemClock;
    this.deadlines = new Deadlines(this.clock);
    this.observer = options.observer ?? {};
    this.routes = new Routes(this.limits, options.origins, options.compression);
    this.request = options.request;
  }

  /** Serves an endpoint. @throws Error when its path is malformed or taken, or one of its options wrong */
  add(endpoint: Endpoint): void {
    this.routes.add(endpoint);
  }

  get admits(): boolean {
    return this.closing === undefined;
  }

  /** @throws Error while it is not listening */
  get port(): number {
    if (this.listeningPort === undefined) throw new Error('the server is not listening: call listen() first');
    return this.listeningPort;
  }

  /** Where clients connect, such as `ws://localhost:5005`. @throws Error while it is not listening */
  get url(): string {
    const host = this.options.host ?? DEFAULT_HOST;
    if (host === '0.0.0.0' || host === '::') return `ws://localhost:${this.port}`;
    return `ws://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  get listening(): boolean {
    return this.listener.listening;
  }

  /** @throws ListenError when the port cannot be had, Error when it listens already */
  async listen(): Promise<void> {
    await this.closing;
    if (this.listener.listening) throw new Error(`the server listens already on port ${this.port}`);
    const { port = DEFAULT_PORT, host = DEFAULT_HOST } = this.options;
    this.listeningPort = await this.listener.listen(port, host);
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
    this.listener.serve(stream);
  }

  prepare(route: Route, facts: ConnectionFacts, socket: Duplex, agreed?: DeflateParameters): Session {
    const deflate = agreed && new PerMessageDeflate((this.codec ??= createDeflateCodec()), agreed);
    return new Session(this, route, new Transport(socket, this.rawSockets), facts, deflate);
  }

  opened(session: Session): void {
    this.connections.add(session);
    this.alive.add(session);
    this.observer.opened?.(session.connection);
  }

  identify(session: Session): string {
    return this.connections.identify(session);
  }

  closed(session: Session): void {
    this.connections.delete(session);
  }

  ended(session: Session): void {
    this.alive.delete(session);
    if (this.alive.size === 0) this.onQuiet?.();
  }

  private async shutDown(): Promise<void> {
    this.door.refuseUndecided();
    const listenerClosed = this.listener.close();
    const cancel = this.deadlines.set(this.options.shutdown?.deadlineMs ?? DEFAULT_SHUTDOWN_MS, () => {
      for (const session of this.connections.sessions()) session.terminate();
      this.alive.clear();
      this.onQuiet?.();
    });
    for (const session of this.connections.sessions()) session.drain(CloseCode.GoingAway, 'going away');
    if (this.alive.size > 0) await new Promise<void>((resolve) => (this.onQuiet = resolve));
    this.onQuiet = undefined;
    cancel();
    this.door.close();
    this.listener.terminate();
    await listenerClosed;
    this.listeningPort = undefined;
  }
}
