import type { Msg, NodeConnectionOptions } from '@nats-io/transport-node';
import { Connector, report, type Run } from '../shared';
import type { Backplane, BackplaneEvents, BackplaneHistory } from '../../channels';
import { isMarker, NatsHistory, offsetOf } from './nats-history';
import { addressOf, NatsLink } from './nats-link';
import { filterOf, isWildcard, nameOf, tokensOf } from './subjects';

const PAUSE = { ms: 250, jitterMs: 250 };
const MAX_REPLICAS = 5;
const MAX_PREFIX = 100;

const OPTIONS = new Set(['servers', 'prefix', 'replicas', 'connection']);
/** Options of the client that this backplane sets itself. */
const OURS = [
  'servers',
  'port',
  'noEcho',
  'timeout',
  'waitOnFirstConnect',
  'ignoreClusterUpdates',
  'ignoreAuthErrorAbort',
  'noAsyncTraces',
  'reconnect',
  'reconnectDelayHandler',
  'reconnectJitter',
  'reconnectJitterTLS',
  'reconnectTimeWait',
  'reconnectToServer',
  'maxReconnectAttempts',
] as const satisfies (keyof NodeConnectionOptions)[];

export interface NatsBackplaneOptions {
  /**
   * The servers of one cluster, such as `nats://10.0.0.1:4222`, tried in turn. Default `nats://127.0.0.1:4222`. Name all of them: Portal
   * does not use the addresses that a server announces.
   */
  servers?: string | string[] | undefined;
  /**
   * The beginning of all subjects and streams: 1 to 100 letters, digits, `-` and `_`. Default `portal`. Change it for each of several
   * applications that share servers.
   */
  prefix?: string | undefined;
  /** The number of servers that keep a stream with history, 1 to 5. Default 1. Change it to 3 for a cluster. It holds for new streams. */
  replicas?: number | undefined;
  /** Further options of the client, such as `user`, `pass`, `token`, `authenticator` or `tls`. Default: none. */
  connection?: Omit<NodeConnectionOptions, (typeof OURS)[number]> | undefined;
}

/**
 * A backplane on NATS 2.9 or later. A channel `room:7` is the subject `portal.c.room.7`; channels with history are kept by JetStream.
 *
 * NATS confirms subscriptions, but no packets: those that were published within the last quarter of a second before a connection broke
 * count as lost, though most of them may have arrived.
 */
export class NatsBackplane implements Backplane {
  readonly history: BackplaneHistory;
  /** The longest packet, as the last server said. */
  private limit: number | undefined;
  private readonly servers: readonly string[];
  private readonly connection: NodeConnectionOptions;
  /** The beginning of the subjects of channels. */
  private readonly root: string;
  /** The subscribed subjects, by their names in NATS. Kept from one run to the next. */
  private readonly wanted = new Map<string, string>();
  private readonly connector = new Connector<NatsLink>(PAUSE, (run, up) => this.connect(run, up));

  /**
   * @throws TypeError when an option has the wrong type or does not exist
   * @throws RangeError when an option is out of range
   */
  constructor(options: NatsBackplaneOptions = {}) {
    const { servers = 'nats://127.0.0.1:4222', prefix = 'portal', replicas = 1, connection = {} } = checked(options);
    this.servers = typeof servers === 'string' ? [servers] : [...servers];
    this.connection = { name: prefix, ...connection };
    this.root = `${prefix}.c.`;
    const connected = () => this.connector.up?.connection;
    this.history = new NatsHistory(
      prefix,
      replicas,
      connected,
      () => this.limit,
      () => this.connector.up,
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
    return this.connector.stop(({ link }) => void link?.close());
  }

  async subscribe(subject: string): Promise<void> {
    const filter = this.root + filterOf(subject);
    this.wanted.set(filter, subject);
    try {
      await this.connector.link?.subscribe(filter);
    } catch (error) {
      this.wanted.delete(filter);
      throw error;
    }
  }

  async unsubscribe(subject: string): Promise<void> {
    const filter = this.root + filterOf(subject);
    this.wanted.delete(filter);
    await this.connector.link?.unsubscribe(filter);
  }

  publish(subject: string, packet: Uint8Array): boolean {
    const { up, events } = this.connector;
    if (up === undefined) return false;
    try {
      return up.publish(this.root + tokensOf(subject), packet);
    } catch {
      if (!up.isOpen) return false;
      // the name is too long for NATS: the packet can never arrive, however long it waits
      report(() => events?.onLost(1));
    }
    return true;
  }

  /** Connects to the first server that lets us in, from a random one on. Rejects with the reason of the last. */
  private async open(run: Run<NatsLink>): Promise<NatsLink> {
    const { signal } = run;
    const deliver = (message: Msg, filter: string) => this.receive(run, message, filter);
    const first = Math.floor(Math.random() * this.servers.length);
    let reason = new Error('stopped');
    for (let tried = 0; tried < this.servers.length && !signal.aborted; tried++) {
      const server = this.servers[(first + tried) % this.servers.length]!;
      try {
        return await NatsLink.open(server, this.connection, deliver, signal);
      } catch (error) {
        reason = error as Error;
      }
    }
    throw reason;
  }

  /** Makes one link. Resolves with the reason when it has ended or could not be made. */
  private async connect(run: Run<NatsLink>, up: () => void): Promise<Error> {
    const { signal } = run;
    let link: NatsLink | undefined;
    try {
      link = await this.open(run);
      if (signal.aborted) throw signal.reason;
      run.link = link;
      this.limit = link.maxPacketBytes;
      link.onUnsent = (subject, error) => this.unsent(run, subject, error);
      link.onUnsubscribed = (error) => report(() => run.events.onRefused?.('a channel', error));
      for (const filter of this.wanted.keys()) link.subscribe(filter).catch(() => undefined);
      await link.settled();
      if (!signal.aborted) up();
      for (const [filter, error] of link.refusals) {
        report(() => run.events.onRefused?.(this.wanted.get(filter) ?? filter, error));
      }
      return await link.ended;
    } catch (error) {
      return error as Error;
    } finally {
      run.isUp = false;
      await link?.close();
      run.link = undefined;
      const lost = link?.unconfirmed ?? 0;
      if (lost > 0) report(() => run.events.onLost(lost));
    }
  }

  private unsent({ events }: Run<NatsLink>, subject: string, error: Error): void {
    // requests to JetStream have an answer
    if (subject.startsWith(this.root)) report(() => events.onLost(1, error));
  }

  private receive(run: Run<NatsLink>, { subject, data, headers }: Msg, filter: string): void {
    let offset: string | undefined;
    if (headers !== undefined) {
      if (isMarker(headers)) return;
      offset = offsetOf(headers);
    }
    const name = nameOf(subject.slice(this.root.length));
    // patterns do not stand for Portal's own names, which have a space
    if (name.includes(' ') && isWildcard(filter)) return;
    const packet = Buffer.from(data.buffer, data.byteOffset, data.length);
    report(() => run.events.onPacket(name, packet, offset));
  }
}

function checked(options: NatsBackplaneOptions): NatsBackplaneOptions {
  const { servers = [], prefix = 'portal', replicas = 1, connection = {} } = options;
  for (const name of Object.keys(options)) {
    if (!OPTIONS.has(name)) throw new TypeError(`NatsBackplane has no option ${name}`);
  }
  const list: unknown = typeof servers === 'string' ? [servers] : servers;
  if (!Array.isArray(list)) throw new TypeError('servers: not an address or an array of addresses');
  if (options.servers !== undefined && list.length === 0) throw new RangeError('servers: there is none');
  for (const server of list) checkServer(server);
  if (typeof prefix !== 'string') throw new TypeError('prefix: not a string');
  if (!/^[\w-]+$/.test(prefix) || prefix.length > MAX_PREFIX) {
    throw new RangeError(`prefix: 1 to ${MAX_PREFIX} letters, digits, "-" and "_", not ${JSON.stringify(prefix)}`);
  }
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > MAX_REPLICAS) {
    throw new RangeError(`replicas: 1 to ${MAX_REPLICAS}, not ${replicas}`);
  }
  if (typeof connection !== 'object' || connection === null) throw new TypeError('connection: not an object');
  for (const name of OURS) {
    if (name in connection) throw new TypeError(`connection: ${name} is not to be changed`);
  }
  return options;
}

function checkServer(server: unknown): void {
  let address;
  try {
    if (typeof server !== 'string') throw new TypeError('not a string');
    address = addressOf(server);
  } catch (cause) {
    throw new TypeError(`servers: not an address: ${String(server)}`, { cause });
  }
  // the client would ignore both, and connect without TLS or without the user
  if (address.protocol !== 'nats:') {
    throw new TypeError('servers: only nats:// is possible; for TLS give tls in the option connection');
  }
  if (address.hasUser) throw new TypeError('servers: give user and pass in the option connection, not in an address');
}
