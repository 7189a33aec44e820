import { setTimeout as sleep } from 'node:timers/promises';
import type { Backplane, BackplaneEvents, BackplaneHistory } from '../channels/backplane';
import { isPattern, Names } from './names';
import { payloadOf, RedisHistory, split } from './redis-history';
import { RedisLink } from './redis-link';

/** Between two attempts to connect; a random part, so that the nodes of an application do not come back all at once. */
const RETRY_MS = 500;
const RETRY_JITTER_MS = 250;
const MAX_PREFIX = 100;

const OPTIONS = new Set(['url', 'cluster', 'prefix']);

export interface RedisBackplaneOptions {
  /**
   * The server: `redis://user:password@host:port/database`, or `rediss:` for TLS; all but the host may be left out. Default
   * `redis://127.0.0.1:6379`.
   */
  url?: string;
  /**
   * URLs of some servers of a Redis Cluster, instead of `url`; the first that answers tells of the others, to which user, password and TLS
   * are the same. Messages then go only to the servers that have subscribers, by the sharded channels of Redis 7, which know no patterns.
   * Default: no cluster.
   */
  cluster?: string[];
  /**
   * What all channels and keys begin with: letters, digits, `-`, `_` and `.`, at most 100. Default `portal`. Change it for each of several
   * applications that share a server.
   */
  prefix?: string;
}

/** From `start` to `stop`. */
interface Run {
  readonly events: BackplaneEvents;
  readonly abort: AbortController;
  /** Resolves when all is closed. */
  done: Promise<void>;
  /** Also while its subscriptions are not all confirmed. */
  link: RedisLink | undefined;
  isUp: boolean;
  /** Links that are given up, until they have no socket any more. */
  readonly closing: Set<Promise<void>>;
}

/**
 * A backplane on Redis 6 or later; channels with history, and clusters, need Redis 7. A channel `room:7` is the channel `portal:room:7`
 * of Redis, and its history a stream.
 *
 * A Redis that fails over to a replica may lose the latest messages of a history, since replicas follow a little behind.
 */
export class RedisBackplane implements Backplane {
  readonly history: BackplaneHistory;
  private readonly servers: readonly string[];
  private readonly isCluster: boolean;
  private readonly prefix: string;
  private readonly names: Names;
  /** Kept from one run to the next. */
  private readonly wanted = new Set<string>();
  private run: Run | undefined;
  private stopping: Promise<void> = Promise.resolve();

  /** @throws TypeError, RangeError when an option is wrong */
  constructor(options: RedisBackplaneOptions = {}) {
    const { url = 'redis://127.0.0.1:6379', cluster, prefix = 'portal' } = checked(options);
    this.isCluster = cluster !== undefined;
    this.servers = cluster === undefined ? [url] : [...cluster];
    this.prefix = prefix;
    this.names = new Names(prefix, this.isCluster);
    this.history = new RedisHistory(this.names, this.isCluster, () => (this.run?.isUp ? this.run.link : undefined));
  }

  /** @throws Error when it was started and not stopped */
  async start(events: BackplaneEvents): Promise<void> {
    if (this.run !== undefined) throw new Error('the backplane is started already');
    const before = this.stopping;
    const run: Run = {
      events,
      abort: new AbortController(),
      done: before,
      link: undefined,
      isUp: false,
      closing: new Set(),
    };
    this.run = run;
    await new Promise<void>((attempted) => {
      run.done = before
        .then(() => this.stayConnected(run, attempted))
        .finally(attempted)
        .then(() => Promise.all(run.closing))
        .then(() => undefined);
    });
  }

  stop(): Promise<void> {
    const { run } = this;
    if (run !== undefined) {
      this.run = undefined;
      // what is on its way leaves first; a link that is not up has nothing to wait for
      if (run.isUp) void run.link?.close();
      else run.link?.abandon(new Error('stopped'));
      run.abort.abort();
      this.stopping = run.done;
    }
    return this.stopping;
  }

  async subscribe(subject: string): Promise<void> {
    if (this.isCluster && isPattern(subject)) {
      throw new Error(`${subject}: the sharded channels of a Redis Cluster know no patterns, only names`);
    }
    this.wanted.add(subject);
    try {
      await this.run?.link?.subscribe(subject);
    } catch (error) {
      this.wanted.delete(subject);
      throw error;
    }
  }

  async unsubscribe(subject: string): Promise<void> {
    this.wanted.delete(subject);
    await this.run?.link?.unsubscribe(subject);
  }

  publish(subject: string, packet: Uint8Array): boolean {
    const { run } = this;
    return run?.link !== undefined && run.isUp && run.link.publish(subject, payloadOf(packet));
  }

  private async stayConnected(run: Run, attempted: () => void): Promise<void> {
    const { signal } = run.abort;
    let isDown = false;
    while (!signal.aborted) {
      const error = await this.attempt(run, () => {
        isDown = false;
        report(() => run.events.onUp());
        attempted();
      });
      if (signal.aborted) return;
      if (!isDown) report(() => run.events.onDown(error));
      isDown = true;
      attempted();
      await sleep(RETRY_MS + Math.random() * RETRY_JITTER_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Tries each server once, until there is a link. Resolves with the reason why there is none, or none any more. */
  private async attempt(run: Run, up: () => void): Promise<Error> {
    const { length } = this.servers;
    const first = Math.floor(Math.random() * length);
    let error = new Error('stopped');
    let wasUp = false;
    for (let tried = 0; tried < length && !wasUp && !run.abort.signal.aborted; tried++) {
      error = await this.connect(run, this.servers[(first + tried) % length]!, () => {
        wasUp = true;
        up();
      });
    }
    return error;
  }

  /** One link, from its first attempt to its end. Resolves with the reason why there is none any more. */
  private async connect(run: Run, server: string, up: () => void): Promise<Error> {
    const { signal } = run.abort;
    const lost = new Losses(run.events);
    const { prefix: name, names, isCluster } = this;
    const received = (subject: string, payload: Buffer): void => {
      const { offset, packet } = split(payload);
      report(() => run.events.onPacket(subject, packet, offset));
    };
    const link = new RedisLink({ name, names, isCluster, received, lost: () => lost.add() });
    const abandon = (): void => link.abandon(new Error('stopped'));
    try {
      signal.addEventListener('abort', abandon);
      await link.open(server);
      run.link = link;
      for (const subject of this.wanted) link.subscribe(subject).catch(() => undefined);
      await link.settled();
      signal.removeEventListener('abort', abandon);
      if (!signal.aborted) {
        run.isUp = true;
        up();
      }
      return await link.ended;
    } catch (error) {
      return link.isOpen ? (error as Error) : await link.ended;
    } finally {
      signal.removeEventListener('abort', abandon);
      run.isUp = false;
      run.link = undefined;
      link.abandon(new Error('given up'));
      // the next attempt need not wait until all is cleared away, but whoever stops does
      const closed = link.close().finally(() => run.closing.delete(closed));
      run.closing.add(closed);
    }
  }
}

/** Counts what is lost in one go, and reports it once. */
class Losses {
  private packets = 0;

  constructor(private readonly events: BackplaneEvents) {}

  add(): void {
    if (this.packets++ > 0) return;
    setImmediate(() => {
      const { packets } = this;
      this.packets = 0;
      report(() => this.events.onLost(packets));
    });
  }
}

/** The client would take it for an error of its own when something is thrown through it. */
function report(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
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

/** Does not repeat the URL in an error: there may be a password in it. */
function checkUrl(option: 'url' | 'cluster', value: unknown): void {
  if (typeof value !== 'string' || !URL.canParse(value)) throw new TypeError(`${option}: not a URL`);
  const { protocol, hostname, pathname, username, password } = new URL(value);
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw new TypeError(`${option}: a URL of Redis begins with redis: or rediss:, not ${protocol}`);
  }
  if (hostname === '') throw new TypeError(`${option}: there is no host`);
  try {
    decodeURIComponent(username + password);
  } catch (cause) {
    throw new TypeError(`${option}: the user or the password is not encoded as a URL demands`, { cause });
  }
  const database = option === 'url' ? /^\/?\d*$/ : /^\/?0?$/;
  if (!database.test(pathname)) throw new TypeError(`${option}: there is no database ${pathname.slice(1)}`);
}
