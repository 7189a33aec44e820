import { redis } from './packages';

const CONNECT_MS = 3000;
/** Ticks after which an idle connection is pinged: a second. */
const IDLE_TICKS = 2;
/** Silent ticks after which a server is given up: with the second between two pings, within four seconds. */
const SILENT_TICKS = 6;

/** The first words of replies that mean: this server cannot serve now. It may after a while, or another server may. */
const LEAVE = new Set(['LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'MOVED', 'BUSY', 'NOAUTH']);
/** The first words of replies that mean: try this again later. MISCONF says that the disk is full, READONLY that it is a replica. */
const LATER = new Set([...LEAVE, 'READONLY', 'TRYAGAIN', 'ASK', 'NOSCRIPT', 'NOREPLICAS', 'MISCONF']);

const codeOf = (error: Error): string => error.message.split(' ', 1)[0]!;

/** True for an error that the server answered with: the connection has not failed. */
export const isReply = (error: unknown): error is Error => error instanceof redis.ErrorReply;

/** True where the server does not have the script. Since Redis 7.4 it keeps only the latest 500 that came with EVAL. */
export const isForgotten = (error: unknown): boolean => isReply(error) && codeOf(error) === 'NOSCRIPT';

export const isOutOfMemory = (error: unknown): boolean => isReply(error) && codeOf(error) === 'OOM';

export const isReadOnly = (error: unknown): boolean => isReply(error) && codeOf(error) === 'READONLY';

/** True where the server cannot serve. After any other error reply the server is there. */
export const isRefusal = (error: unknown): boolean => isReply(error) && LEAVE.has(codeOf(error));

interface Away extends Error {
  readonly retry: true;
}

/** Makes the error with which a request of the history rejects: `retry` is `true` where another attempt may succeed. */
export function failure(cause: unknown): Error {
  if (isReply(cause) && !LATER.has(codeOf(cause))) return cause;
  return away((cause as Error).message, cause);
}

export function away(reason: string, cause?: unknown): Away {
  return Object.assign(new Error(`the Redis server is away: ${reason}`, { cause }), { retry: true } as const);
}

export function isAway(error: Error): error is Away {
  return (error as Partial<Away>).retry === true;
}

const create = (url: string, name: string, signal: AbortSignal) =>
  redis.createClient({
    url,
    name,
    RESP: 3,
    socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false, signal },
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    // a timeout would be a timer for each command; the connection is watched instead
    commandOptions: { timeout: 0, typeMapping: { [redis.RESP_TYPES.BLOB_STRING]: Buffer } },
  });

/** A TLS socket takes a signal too, but the client's types do not say so. */
type Client = ReturnType<typeof create>;

/**
 * One connection, from its opening to its end. It never comes back.
 *
 * The client of Redis could reconnect by itself and has timeouts for silent servers. But its reconnecting has no moment at which all
 * subscriptions of several connections are known to hold, and `socketTimeout` begins anew with each write, so that it never ends while
 * one publishes to a frozen server, and ends at once after our own event loop was blocked.
 */
export class RedisLine {
  readonly client: Client;
  /** Settles when the attempt to connect is over. */
  readonly connected: Promise<unknown>;
  /** The hashes of scripts that the server has. */
  readonly scripts = new Set<string>();
  private readonly abort = new AbortController();
  private isWaiting = true;
  private hasEnded = false;
  private idleTicks = 0;
  private silentTicks = 0;

  /** `failed` is called, perhaps more than once, when the connection is of no use any more. `pinged` may replace PING. */
  constructor(
    readonly url: string,
    name: string,
    private readonly failed: (error: Error) => void,
    private readonly pinged: (line: RedisLine) => Promise<unknown> = (line) => line.client.ping(),
  ) {
    this.client = create(url, name, this.abort.signal);
    this.client.on('error', (error: Error) => this.fail(error));
    this.client.on('sharded-channel-moved', () => this.fail(new Error('a slot of the cluster has moved')));
    // the client forgets that it was destroyed when it was about to connect
    const destroyed = () => this.hasEnded && this.client.destroy();
    this.client.on('connect', destroyed).on('ready', destroyed);
    this.connected = this.client.connect();
    this.connected.then(
      () => (this.isWaiting = false),
      (error: Error) => this.fail(error),
    );
  }

  /** To be called when something came. */
  readonly heard = (): void => {
    this.silentTicks = 0;
  };

  /** Resolves when the server has done all that it was told before. Rejects when the connection ends. */
  ping(): Promise<unknown> {
    return this.pinged(this);
  }

  /** To be called each half second. Counts calls, not time, so that a process that was blocked reads what has come before it gives up. */
  tick(): void {
    if (this.isWaiting) {
      if (++this.silentTicks >= SILENT_TICKS) this.fail(new Error('the Redis server does not answer'));
      return;
    }
    if (++this.idleTicks < IDLE_TICKS) return;
    this.idleTicks = 0;
    this.silentTicks = 0;
    this.isWaiting = true;
    this.ping().then(
      () => (this.isWaiting = false),
      (error: Error) => this.refused(error),
    );
  }

  /** Rejects all requests at once. Resolves when the socket is closed. */
  async end(): Promise<void> {
    this.hasEnded = true;
    this.client.destroy();
    this.abort.abort();
    await this.connected.catch(() => undefined);
  }

  /** Redis may refuse a PING with MISCONF, while its disk is full, or with NOPERM, and publish all the same. */
  private refused(error: Error): void {
    if (isReply(error) && !isRefusal(error)) this.isWaiting = false;
    else this.fail(error);
  }

  private fail(error: Error): void {
    if (!this.hasEnded) this.failed(error);
  }
}
