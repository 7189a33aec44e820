import { connect as openSocket } from 'node:net';
import type { Msg, NatsConnection, NodeConnectionOptions, Subscription } from '@nats-io/transport-node';
import { transport } from './packages';

const CONNECT_MS = 3000;
const TICK_MS = 250;
/** Ticks after which an idle connection is pinged: a second. A busy one is pinged with each tick, so that few packets are unconfirmed. */
const IDLE_TICKS = 4;
/** Silent ticks after which a server is given up: with the second between two pings, within four seconds. */
const SILENT_TICKS = 11;
/** The most bytes that are held until the server has confirmed them, or is given up. */
const MAX_BYTES_ON_THE_WAY = 32 * 1024 * 1024;

export type LinkOptions = Omit<NodeConnectionOptions, 'servers'>;

/**
 * One connection to a server, from its opening to its end. It never comes back.
 *
 * The client of NATS could reconnect by itself, but would hold packets that are published meanwhile in memory, let requests wait for
 * their timeouts, and could not be stopped before the first connection.
 */
export class NatsLink {
  /** Resolves with the reason when the connection has ended. */
  readonly ended: Promise<Error>;
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly refused = new Map<string, Error>();
  private readonly waiting = new Set<() => void>();
  private readonly timer: NodeJS.Timeout;
  private nextRoundTrip: Promise<void> | undefined;
  private failure: Error | undefined;
  private hasEnded = false;
  private published = 0;
  private bytes = 0;
  private confirmedBytes = 0;
  private confirmed = 0;
  private idleTicks = 0;
  private silentTicks = 0;
  /** Called when the server refuses a packet. */
  onUnsent: ((subject: string, error: Error) => void) | undefined;
  /** Called when the server refuses a subscription, since there are too many. It does not say which. */
  onUnsubscribed: ((error: Error) => void) | undefined;
  private bytesSeen = 0;
  private subscribed = 0;

  /** A second connection for reading histories, which may be much. */
  private reading: Promise<NatsConnection> | undefined;

  private constructor(
    readonly connection: NatsConnection,
    private readonly deliver: (message: Msg, subscription: string) => void,
    private readonly connect: () => Promise<NatsConnection>,
  ) {
    this.timer = setInterval(() => this.tick(), TICK_MS);
    void this.hear();
    this.ended = connection.closed().then((error) => this.end(error));
  }

  /** Rejects with the reason when it cannot connect. `signal` gives up. */
  static async open(
    server: string,
    options: LinkOptions,
    deliver: (message: Msg, subscription: string) => void,
    signal: AbortSignal,
  ): Promise<NatsLink> {
    if (options.tls?.handshakeFirst !== true) await greeted(server, signal);
    const connect = (): Promise<NatsConnection> =>
      transport.connect({
        ...options,
        servers: [server],
        timeout: CONNECT_MS,
        reconnect: false,
        ignoreClusterUpdates: true,
        noAsyncTraces: true,
      });
    return new NatsLink(await connect(), deliver, connect);
  }

  /** Resolves with the second connection. It is made when it is needed, and again when it has ended. */
  reads(): Promise<NatsConnection> {
    if (!this.isOpen) return Promise.reject(new transport.ClosedConnectionError());
    return (this.reading ??= this.openReads());
  }

  /** Closes the second connection. */
  async endReads(): Promise<void> {
    const { reading } = this;
    this.reading = undefined;
    await reading?.then((connection) => connection.close()).catch(() => undefined);
  }

  /** The number of packets that the server has not confirmed. */
  get unconfirmed(): number {
    return this.published - this.confirmed;
  }

  /** The longest packet that the server takes, in bytes. */
  get maxPacketBytes(): number | undefined {
    return this.connection.info?.max_payload;
  }

  /** Subscriptions that the server refuses. */
  get refusals(): ReadonlyMap<string, Error> {
    return this.refused;
  }

  get isOpen(): boolean {
    return !this.hasEnded && !this.connection.isClosed();
  }

  /**
   * Returns `false` when too much is on the way.
   * @throws Error when the connection has ended
   * @throws Error when the server takes no packets of this length
   */
  publish(subject: string, packet: Uint8Array): boolean {
    const onTheWay = this.bytes - this.confirmedBytes;
    if (onTheWay > MAX_BYTES_ON_THE_WAY) return false;
    this.connection.publish(subject, packet);
    this.published++;
    this.bytes += packet.length;
    // the next tick would ask later
    if (onTheWay > MAX_BYTES_ON_THE_WAY / 4 && this.waiting.size === 0) void this.roundTrip();
    return true;
  }

  /** Resolves when the server has confirmed the subscription, or the connection has ended. Rejects when the server refuses it. */
  async subscribe(subject: string): Promise<void> {
    if (!this.subscriptions.has(subject) && this.isOpen) {
      this.subscribed++;
      this.refused.delete(subject);
      this.subscriptions.set(subject, this.connection.subscribe(subject, { callback: this.callback(subject) }));
    }
    await this.roundTrip();
    const refused = this.refused.get(subject);
    if (refused !== undefined) throw refused;
  }

  unsubscribe(subject: string): Promise<void> {
    this.subscriptions.get(subject)?.unsubscribe();
    this.subscriptions.delete(subject);
    this.refused.delete(subject);
    return this.roundTrip();
  }

  /** Resolves when all subscriptions hold or are refused, also those that were asked for meanwhile. Rejects when the connection ends. */
  async settled(): Promise<void> {
    for (let seen = -1; seen !== this.subscribed;) {
      seen = this.subscribed;
      await this.roundTrip();
    }
    if (this.hasEnded) throw await this.ended;
  }

  /** Resolves when the server has handled everything that was sent before, or the connection has ended. */
  roundTrip(): Promise<void> {
    // calls of one turn share a ping
    return (this.nextRoundTrip ??= new Promise((resolve) => {
      this.waiting.add(resolve);
      queueMicrotask(() => this.ping(resolve));
    }));
  }

  /** Resolves when all published packets have left, or the server does not answer. */
  async close(): Promise<void> {
    await this.endReads();
    await this.roundTrip();
    await this.connection.close();
    await this.ended;
  }

  /** Listens for refusals, which the server sends without being asked. Ends with the connection. */
  private async hear(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type !== 'error') continue;
      const { error } = status;
      if (error instanceof transport.PermissionViolationError) {
        if (error.operation === 'publish') this.onUnsent?.(error.subject, error);
      } else if (error.message.toLowerCase().includes('maximum subscriptions')) {
        this.onUnsubscribed?.(error);
      }
    }
  }

  private openReads(): Promise<NatsConnection> {
    const reading = this.connect();
    const forget = (): void => {
      if (this.reading === reading) this.reading = undefined;
    };
    reading.then((connection) => connection.closed()).then(forget, forget);
    return reading;
  }

  private ping(done: () => void): void {
    this.nextRoundTrip = undefined;
    const { published, bytes } = this;
    if (!this.isOpen) return this.answered(done);
    this.idleTicks = 0;
    this.connection.flush().then(
      () => {
        this.confirmed = published;
        this.confirmedBytes = bytes;
        this.silentTicks = 0;
        this.answered(done);
      },
      () => this.answered(done),
    );
  }

  private answered(done: () => void): void {
    this.waiting.delete(done);
    done();
  }

  /**
   * Counts ticks, not time, so that a process that was blocked reads what has come before it gives up. The client's own heartbeat would
   * wait for the socket to drain before it closes a connection, which never happens when the server is frozen.
   */
  private tick(): void {
    const { inBytes } = this.connection.stats();
    if (inBytes !== this.bytesSeen) this.silentTicks = 0;
    this.bytesSeen = inBytes;
    if (this.waiting.size > 0) {
      if (++this.silentTicks < SILENT_TICKS) return;
      this.failure ??= new Error('the NATS server does not answer');
      this.connection.close().catch(() => undefined);
    } else if (this.unconfirmed > 0 || ++this.idleTicks >= IDLE_TICKS) {
      void this.roundTrip();
    }
  }

  private end(error: Error | void): Error {
    this.hasEnded = true;
    clearInterval(this.timer);
    // the client does not settle promises of its flush()
    for (const done of this.waiting) done();
    this.waiting.clear();
    return this.failure ?? error ?? new Error('the NATS server closed the connection');
  }

  private callback(subscription: string): (error: Error | null, message: Msg) => void {
    return (error, message) => {
      if (error === null) return this.deliver(message, subscription);
      this.subscriptions.delete(subscription);
      this.refused.set(subscription, error);
    };
  }
}

/**
 * Rejects unless the server sends a greeting. The client leaves a socket behind with each server that takes a connection and says nothing,
 * as a frozen one does (its `close()` skips transports that are not connected yet), and cannot be told to give up.
 */
async function greeted(server: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { host, port } = addressOf(server);
  const socket = openSocket({ host, port });
  const stop = () => socket.destroy();
  signal.addEventListener('abort', stop);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('data', () => resolve());
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the NATS server closed the connection')));
      socket.setTimeout(CONNECT_MS, () => reject(new Error('the NATS server does not answer')));
    });
  } finally {
    signal.removeEventListener('abort', stop);
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

/**
 * Reads an address such as `nats://host:4222`, in which all but the host may be left out.
 * @throws TypeError when it is not an address
 */
export function addressOf(server: string): { protocol: string; host: string; port: number; hasUser: boolean } {
  const url = new URL(server.includes('://') ? server : `nats://${server}`);
  if (url.hostname === '') throw new TypeError('no host');
  return {
    protocol: url.protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 4222 : Number(url.port),
    hasUser: url.username !== '' || url.password !== '',
  };
}
