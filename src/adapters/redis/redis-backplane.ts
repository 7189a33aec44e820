import { Connector, report, type Run } from '../shared';
import { isPattern, type Backplane, type BackplaneEvents, type BackplaneHistory } from '../../channels';
import { Names } from './names';
import { payloadOf, RedisHistory, split } from './redis-history';
import { RedisLink } from './redis-link';

const PAUSE = { ms: 500, jitterMs: 250 };
const MAX_PREFIX = 100;

const OPTIONS = new Set(['url', 'cluster', 'prefix']);

export interface RedisBackplaneOptions {
  /**
   * The URL of the server: `redis://user:password@host:port/database`, or `rediss:` for TLS. All but the host may be left out. Applications
   * on two databases of a server do not hear each other. Default `redis://127.0.0.1:6379`.
   */
  url?: string | undefined;
  /**
   * The URLs of some servers of a Redis Cluster, instead of `url`. The first that answers names the others, which take the same user,
   * password and TLS. Messages go only to the servers that have subscribers, by the sharded channels of Redis 7, which know no patterns.
   * Default: no cluster.
   */
  cluster?: string[] | undefined;
  /**
   * The beginning of all channels and keys: 1 to 100 letters, digits, `-`, `_` and `.`. Default `portal`. Change it for each of several
   * applications that share a server.
   */
  prefix?: string | undefined;
}

/**
 * A backplane on Redis 6 or later; channels with history, and clusters, need Redis 7. A channel `room:7` is the channel `portal:room:7`
 * of Redis, or `portal@3:room:7` where the database is 3, and its history a stream.
 *
 * When Redis fails over to a replica, the latest messages of a history may be lost: replicas follow a little behind.
 */
export class RedisBackplane implements Backplane {
  readonly history: BackplaneHistory;
  /** The longest packet, as the last link found it. */
  private limit: number | undefined;
  private readonly servers: readonly string[];
  private readonly isCluster: boolean;
  private readonly prefix: string;
  private readonly names: Names;
  /** The subscriptions, kept from one run to the next. */
  private readonly wanted = new Set<string>();
  /** Links that were given up and still have sockets. */
  private readonly closing = new Set<Promise<void>>();
  private readonly connector = new Connector<RedisLink>(
    PAUSE,
    (run, up) => this.attempt(run, up),
    async () => void (await Promise.all(this.closing)),
  );

  /**
   * @throws TypeError when an option has the wrong type or does not exist
   * @throws RangeError when an option is out of range
   */
  constructor(options: RedisBackplaneOptions = {}) {
    const { url = 'redis://127.0.0.1:6379', cluster, prefix = 'portal' } = checked(options);
    this.isCluster = cluster !== undefined;
    this.servers = cluster === undefined ? [url] : [...cluster];
    this.prefix = prefix;
    this.names = new Names(prefix, this.isCluster, databaseOf(this.servers[0]!));
    this.history = new RedisHistory(
      this.names,
      this.isCluster,
      () => this.connector.up,
      () => this.limit,
    );
  }

  get maxPacketBytes(): number | undefined {
    return this.limit;
  }

  /** Rejects when the backplane was started and not stopped. */
  start(events: BackplaneEvents): Promise<void> {
    return this.connector.start(events);
  }

  stop(): Promise<void> {
    return this.connector.stop(({ isUp, link }) => {
      // published packets leave first; a link that is not up has none
      if (isUp) void link?.close();
      else link?.abandon(new Error('stopped'));
    });
  }

  async subscribe(subject: string): Promise<void> {
    if (this.isCluster && isPattern(subject)) {
      throw new Error(`${subject}: the sharded channels of a Redis Cluster know no patterns, only names`);
    }
    this.wanted.add(subject);
    try {
      await this.connector.link?.subscriptions.subscribe(subject);
    } catch (error) {
      this.wanted.delete(subject);
      throw error;
    }
  }

  async unsubscribe(subject: string): Promise<void> {
    this.wanted.delete(subject);
    await this.connector.link?.subscriptions.unsubscribe(subject);
  }

  publish(subject: string, packet: Uint8Array): boolean {
    return this.connector.up?.publish(subject, payloadOf(packet)) === true;
  }

  /** Tries each server once, until there is a link. Resolves with the reason when there is none, or when it has ended. */
  private async attempt(run: Run<RedisLink>, up: () => void): Promise<Error> {
    const { length } = this.servers;
    const first = Math.floor(Math.random() * length);
    let error = new Error('stopped');
    let wasUp = false;
    for (let tried = 0; tried < length && !wasUp && !run.signal.aborted; tried++) {
      error = await this.connect(run, this.servers[(first + tried) % length]!, () => {
        wasUp = true;
        up();
      });
    }
    return error;
  }

  /** Makes one link. Resolves with the reason when it has ended or could not be made. */
  private async connect(run: Run<RedisLink>, server: string, up: () => void): Promise<Error> {
    const { signal } = run;
    const lost = new Losses(run.events);
    const { prefix: name, names, isCluster } = this;
    const received = (subject: string, payload: Buffer): void => {
      const { offset, packet } = split(payload);
      report(() => run.events.onPacket(subject, packet, offset));
    };
    const link = new RedisLink({ name, names, isCluster, received, lost: (reason) => lost.add(reason) });
    const abandon = (): void => link.abandon(new Error('stopped'));
    try {
      signal.addEventListener('abort', abandon);
      await link.open(server);
      run.link = link;
      this.limit = link.maxPacketBytes;
      const refused = new Map<string, Error>();
      for (const subject of this.wanted) {
        link.subscriptions.subscribe(subject).catch((error: Error) => refused.set(subject, error));
      }
      await link.settled();
      signal.removeEventListener('abort', abandon);
      if (!signal.aborted) up();
      for (const [subject, error] of refused) report(() => run.events.onRefused?.(subject, error));
      return await link.ended;
    } catch (error) {
      return link.isOpen ? (error as Error) : await link.ended;
    } finally {
      signal.removeEventListener('abort', abandon);
      run.isUp = false;
      run.link = undefined;
      link.abandon(new Error('given up'));
      // `stop` waits until the sockets are closed, the next attempt need not
      const closed = link.close().finally(() => this.closing.delete(closed));
      this.closing.add(closed);
    }
  }
}

/** Counts packets that are lost in one turn of the event loop, and reports them once. */
class Losses {
  private packets = 0;
  private reason: Error | undefined;

  constructor(private readonly events: BackplaneEvents) {}

  add(reason: Error): void {
    this.reason = reason;
    if (this.packets++ > 0) return;
    setImmediate(() => {
      const { packets } = this;
      this.packets = 0;
      report(() => this.events.onLost(packets, this.reason));
    });
  }
}

function checked(options: RedisBackplaneOptions): RedisBackplaneOptions {
  const { url, cluster, prefix = 'portal' } = options;
  for (const name of Object.keys(options)) {
    if (!OPTIONS.has(name)) throw new TypeError(`RedisBackplane has no option ${name}`);
  }
  if (url !== undefined && cluster !== undefined) throw new TypeError('url and cluster: give one of them, not both');
  if (url !== undefined) checkUrl('url', url);
  if (cluster !== undefined) {
    if (!Array.isArray(cluster)) throw new TypeError('cluster: not an array of URLs');
    if (cluster.length === 0) throw new RangeError('cluster: there is no URL');
    for (const server of cluster) checkUrl('cluster', server);
  }
  if (typeof prefix !== 'string') throw new TypeError('prefix: not a string');
  if (!/^[\w.-]+$/.test(prefix) || prefix.length > MAX_PREFIX) {
    throw new RangeError(`prefix: 1 to ${MAX_PREFIX} letters, digits, "-", "_" and ".", not ${JSON.stringify(prefix)}`);
  }
  return options;
}

/** Reads the number of the database as the client of Redis does. */
function databaseOf(url: string): number {
  return Number(new URL(url).pathname.slice(1));
}

/** Its errors do not repeat the URL, which may have a password. */
function checkUrl(option: 'url' | 'cluster', value: unknown): void {
  if (typeof value !== 'string' || !URL.canParse(value)) throw new TypeError(`${option}: not a URL`);
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(value);
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw new TypeError(`${option}: a URL of Redis begins with redis: or rediss:, not ${protocol}`);
  }
  if (hostname === '') throw new TypeError(`${option}: there is no host`);
  try {
    decodeURIComponent(username + password);
  } catch (cause) {
    throw new TypeError(`${option}: the user or the password is not encoded as a URL demands`, { cause });
  }
  if (search !== '' || hash !== '') {
    throw new TypeError(`${option}: nothing is read behind the database, which is a number such as /3`);
  }
  const database = option === 'url' ? /^\/?\d*$/ : /^\/?0?$/;
  if (!database.test(pathname)) throw new TypeError(`${option}: there is no database ${pathname.slice(1)}`);
}
