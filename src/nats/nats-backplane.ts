import { setTimeout as sleep } from 'node:timers/promises';
import type { Msg, NodeConnectionOptions } from '@nats-io/transport-node';
import type { Backplane, BackplaneEvents, BackplaneHistory } from '../channels/backplane';
import { isMarker, NatsHistory, offsetOf } from './nats-history';
import { addressOf, NatsLink } from './nats-link';
import { filterOf, isWildcard, nameOf, tokensOf } from './subjects';

/** Between two attempts to connect; a random part, so that the nodes of an application do not come back all at once. */
const RETRY_MS = 250;
const RETRY_JITTER_MS = 250;
const MAX_REPLICAS = 5;
const MAX_PREFIX = 100;

const OPTIONS = new Set(['servers', 'prefix', 'replicas', 'connection']);
/** Those that this backplane cannot do without. */
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
   * The servers of one cluster, such as `nats://10.0.0.1:4222`; tried in turn. Default `nats://127.0.0.1:4222`. Name all: what a
   * server tells of the others is not used.
   */
  servers?: string | string[];
  /**
   * What all subjects and streams begin with: letters, digits, `-` and `_`, at most 100. Default `portal`. Change it for each of several
   * applications that share servers.
   */
  prefix?: string;
  /** On how many servers a stream with history is kept, 1 to 5. Default 1. Change it, to 3, when there is a cluster. Holds for new streams. */
  replicas?: number;
  /** More for the client, such as `user`, `pass`, `token`, `authenticator` or `tls`. Default: none. */
  connection?: Omit<NodeConnectionOptions, (typeof OURS)[number]>;
}

/** From `start` to `stop`. */
interface Run {
  readonly events: BackplaneEvents;
  readonly abort: AbortController;
  /** Resolves when all is closed. */
  done: Promise<void>;
  /** Also while its subscriptions are not all confirmed. */
  link: NatsLink | undefined;
  isUp: boolean;
}

/**
 * A backplane on NATS 2.9 or later. A channel `room:7` is the subject `portal.c.room.7`; channels with history are kept by JetStream.
 *
 * NATS confirms subscriptions, but no packets: what was published within the last quarter of a second before a connection broke is
 * counted as lost, though most of it may have arrived.
 */
export class NatsBackplane implements Backplane {
  readonly history: BackplaneHistory;
  private readonly servers: readonly string[];
  private readonly connection: NodeConnectionOptions;
  /** What the subjects of channels begin with. */
  private readonly root: string;
  /** As NATS has them. Kept from one run to the next. */
  private readonly wanted = new Set<string>();
  private run: Run | undefined;
  private stopping: Promise<void> = Promise.resolve();

  /** @throws TypeError, RangeError when an option is wrong */
  constructor(options: NatsBackplaneOptions = {}) {
    const { servers = 'nats://127.0.0.1:4222', prefix = 'portal', replicas = 1, connection = {} } = checked(options);
    this.servers = typeof servers === 'string' ? [servers] : [...servers];
    this.connection = { name: prefix, ...connection };
    this.root = `${prefix}.c.`;
    this.history = new NatsHistory(prefix, replicas, () => (this.run?.isUp ? this.run.link?.connection : undefined));
  }

  /** @throws Error when it was started and not stopped */
  async start(events: BackplaneEvents): Promise<void> {
    if (this.run !== undefined) throw new Error('the backplane is started already');
    const before = this.stopping;
    const run: Run = { events, abort: new AbortController(), done: before, link: undefined, isUp: false };
    this.run = run;
    await new Promise<void>((attempted) => {
      run.done = before.then(() => this.stayConnected(run, attempted)).finally(attempted);
    });
  }

  stop(): Promise<void> {
    const { run } = this;
    if (run !== undefined) {
      this.run = undefined;
      run.abort.abort();
      void run.link?.close();
      this.stopping = run.done;
    }
    return this.stopping;
  }

  async subscribe(subject: string): Promise<void> {
    const filter = this.root + filterOf(subject);
    this.wanted.add(filter);
    try {
      await this.run?.link?.subscribe(filter);
    } catch (error) {
      this.wanted.delete(filter);
      throw error;
    }
  }

  async unsubscribe(subject: string): Promise<void> {
    const filter = this.root + filterOf(subject);
    this.wanted.delete(filter);
    await this.run?.link?.unsubscribe(filter);
  }

  publish(subject: string, packet: Uint8Array): boolean {
    const { run } = this;
    if (run?.link === undefined || !run.isUp) return false;
    try {
      return run.link.publish(this.root + tokensOf(subject), packet);
    } catch {
      if (!run.link.isOpen) return false;
      // too long for NATS: it can never arrive, and to wait for the broker is no use
      report(() => run.events.onLost(1));
    }
    return true;
  }

  private async stayConnected(run: Run, attempted: () => void): Promise<void> {
    const { signal } = run.abort;
    let isDown = false;
    for (let attempt = Math.floor(Math.random() * this.servers.length); !signal.aborted; attempt++) {
      const error = await this.connect(run, attempt, () => {
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

  /** The first server that takes us, from one of them on. Rejects with the reason of the last. */
  private async open(run: Run, attempt: number): Promise<NatsLink> {
    const { signal } = run.abort;
    const deliver = (message: Msg, filter: string) => this.receive(run, message, filter);
    let reason = new Error('stopped');
    for (let tried = 0; tried < this.servers.length && !signal.aborted; tried++) {
      const server = this.servers[(attempt + tried) % this.servers.length]!;
      try {
        return await NatsLink.open(server, this.connection, deliver, signal);
      } catch (error) {
        reason = error as Error;
      }
    }
    throw reason;
  }

  /** One connection, from its first attempt to its end. Resolves with the reason why there is none any more. */
  private async connect(run: Run, attempt: number, up: () => void): Promise<Error> {
    const { signal } = run.abort;
    let link: NatsLink | undefined;
    try {
      link = await this.open(run, attempt);
      if (signal.aborted) throw signal.reason;
      run.link = link;
      for (const filter of this.wanted) link.subscribe(filter).catch(() => undefined);
      await link.settled();
      if (!signal.aborted) {
        run.isUp = true;
        up();
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

  private receive(run: Run, { subject, data, headers }: Msg, filter: string): void {
    let offset: string | undefined;
    if (headers !== undefined) {
      if (isMarker(headers)) return;
      offset = offsetOf(headers);
    }
    const name = nameOf(subject.slice(this.root.length));
    // patterns are for the names of channels: Portal's own, with a space, are not to be found by them
    if (name.includes(' ') && isWildcard(filter)) return;
    const packet = Buffer.from(data.buffer, data.byteOffset, data.length);
    report(() => run.events.onPacket(name, packet, offset));
  }
}

/** The client would stop reading, without a word, when something is thrown through it. */
function report(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
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
  // the client would ignore both, and connect without what was asked for
  if (address.protocol !== 'nats:') {
    throw new TypeError('servers: only nats:// is possible; for TLS give tls in the option connection');
  }
  if (address.hasUser) throw new TypeError('servers: give user and pass in the option connection, not in an address');
}
