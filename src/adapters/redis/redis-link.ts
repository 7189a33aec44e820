import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred } from '../../messages';
import { SLOTS, slotOf, type Names } from './names';
import { UNKNOWN_LIMIT, packetLimit } from './packet-limit';
import { RedisLine, isReadOnly, isRefusal, isReply } from './redis-line';
import { RedisSubscriptions } from './redis-subscriptions';
import { fingerprint, shardsIn, type Shard } from './shards';

const TICK_MS = 500;
/** The interval at which a replica is asked for its role. */
const ROLE_MS = 1000;
/** The most such intervals between two connections that look for another server at its address. There are fewer at first. */
const MAX_LOOK = 30;

/** The most bytes that are held for a server until it confirms them. A frozen one is given up within four seconds. */
const MAX_BYTES_ON_THE_WAY = 32 * 1024 * 1024;

export interface LinkOptions {
  /** The beginning of the connections' names in the server's list of clients. */
  readonly name: string;
  readonly names: Names;
  readonly isCluster: boolean;
  readonly received: (subject: string, payload: Buffer) => void;
  /** A packet that was published may not have arrived. */
  readonly lost: (reason: Error) => void;
}

/** The connections to one server. */
interface Lines {
  readonly commands: RedisLine;
  readonly subscriptions: RedisLine;
  /** For reading histories, which may be much. Made when it is needed, and again when it has ended. */
  reads?: RedisLine | undefined;
}

interface LineOptions {
  /** Called when the line is of no use any more. Default: the link ends. */
  readonly failed?: () => void;
  /** Replaces PING. */
  readonly pinged?: (line: RedisLine) => Promise<unknown>;
}

export interface Script {
  readonly text: string;
  readonly hash: string;
}

export function script(text: string): Script {
  return { text, hash: createHash('sha1').update(text).digest('hex') };
}

/**
 * The connections to a server, or to the servers of a cluster, from their opening to their end. When one ends all end, and they never come
 * back: a link is whole or has ended.
 *
 * The client of a cluster would follow slots that move and servers that fail. But a subscription that moves has a gap that nobody is told
 * of, and the client forgets one that moves while a command is under way. Here the link ends, and the next begins with the slots as they
 * are then.
 */
export class RedisLink {
  private readonly ending = deferred<Error>();
  /** Resolves with the reason when the link has ended. */
  readonly ended = this.ending.promise;
  private hasEnded = false;
  private readonly lines = new Set<RedisLine>();
  private readonly closing = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  readonly subscriptions: RedisSubscriptions;
  private servers: Lines[] = [];
  /** By slot. Without a cluster, the first has all keys and channels. */
  private slots: Lines[] = [];
  private shards = '';
  private bytesOnTheWay = 0;
  /** The longest packet that all servers take. */
  maxPacketBytes = UNKNOWN_LIMIT;
  private readOnly = false;

  constructor(private readonly options: LinkOptions) {
    const { names, isCluster, received } = options;
    this.subscriptions = new RedisSubscriptions({
      names,
      isCluster,
      received,
      isOpen: () => this.isOpen,
      lineOf: (channel) => this.linesOf(channel).subscriptions,
      failed: (error) => this.check(error),
    });
    this.timer = setInterval(() => {
      for (const line of this.lines) line.tick();
    }, TICK_MS);
  }

  get isOpen(): boolean {
    return !this.hasEnded;
  }

  /** `true` where the server is known to be a replica. */
  get isReadOnly(): boolean {
    return this.readOnly;
  }

  /** Rejects when one of the servers cannot be reached, or cannot serve. */
  async open(server: string): Promise<void> {
    if (this.options.isCluster) await this.openCluster(server);
    else this.servers = this.slots = [this.linesTo(server)];
    await Promise.all(Array.from(this.lines, ({ connected }) => connected));
    await Promise.all(this.servers.map(({ commands }) => this.probe(commands)));
    const limits = await Promise.all(this.servers.map(({ commands }) => packetLimit(commands.client)));
    this.maxPacketBytes = Math.min(...limits);
  }

  /** Resolves when all subscriptions hold or are refused, also those that were asked for meanwhile. Rejects when the link has ended. */
  async settled(): Promise<void> {
    await this.subscriptions.settled();
    if (this.hasEnded) throw await this.ended;
  }

  /** Returns `false` when the link has ended, or too much is on the way. */
  publish(subject: string, payload: Buffer): boolean {
    if (this.hasEnded || this.bytesOnTheWay > MAX_BYTES_ON_THE_WAY) return false;
    const { isCluster, names } = this.options;
    const channel = names.channel(subject);
    const line = this.linesOf(channel).commands;
    const { length } = payload;
    this.bytesOnTheWay += length;
    line.client.sendCommand([isCluster ? 'SPUBLISH' : 'PUBLISH', channel, payload]).then(
      () => {
        this.bytesOnTheWay -= length;
        line.heard();
      },
      (error: Error) => {
        this.bytesOnTheWay -= length;
        this.check(error);
        this.options.lost(error);
      },
    );
    return true;
  }

  /**
   * Runs a script on the server that has the first key. Scripts by way of `commands` run in the order of the calls where their subject is
   * the same. Those by way of `reads` hold up nothing else.
   */
  async evaluate(
    { text, hash }: Script,
    keys: string[],
    parameters: (string | Buffer)[],
    by: 'commands' | 'reads' = 'commands',
  ): Promise<unknown> {
    const lines = this.linesOf(keys[0]!);
    const line = by === 'commands' ? lines.commands : await this.readsOf(lines);
    // EVAL leaves the script with the server, unless the server refuses it
    const isThere = line.scripts.has(hash);
    try {
      const reply = await line.client.sendCommand([
        isThere ? 'EVALSHA' : 'EVAL',
        isThere ? hash : text,
        String(keys.length),
        ...keys,
        ...parameters,
      ]);
      line.heard();
      line.scripts.add(hash);
      return reply;
    } catch (error) {
      if (isReply(error) && error.message.startsWith('NOSCRIPT')) line.scripts.delete(hash);
      this.check(error as Error);
      throw error;
    }
  }

  /** Resolves when all published packets have left, or the server does not answer, and all sockets are closed. */
  async close(): Promise<void> {
    if (!this.hasEnded) {
      const pings = this.servers.map(({ commands }) => commands.connected.then(() => commands.ping()));
      await Promise.race([Promise.allSettled(pings), this.ended]);
    }
    this.abandon(new Error('closed'));
    await Promise.all(this.closing);
  }

  /** Ends the link without waiting for anything. */
  abandon(error: Error): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearInterval(this.timer);
    for (const line of this.lines) this.closeLine(line);
    this.ending.resolve(error);
  }

  private async openCluster(server: string): Promise<void> {
    const first = this.line(server, 'slots');
    await first.connected;
    const shards = await this.shardsBy(first);
    this.endLine(first);
    if (this.hasEnded) throw await this.ended;
    this.slots = new Array<Lines>(SLOTS);
    this.shards = fingerprint(shards);
    for (const { url, ranges } of shards) {
      const lines = this.linesTo(url);
      this.servers.push(lines);
      for (const [from, to] of ranges) this.slots.fill(lines, from, to + 1);
    }
    if (Object.keys(this.slots).length < SLOTS) throw new Error('some slots of the cluster have no server');
  }

  private async shardsBy(line: RedisLine): Promise<Shard[]> {
    return shardsIn(await line.client.sendCommand(['CLUSTER', 'SLOTS']), line.url);
  }

  private linesTo(url: string): Lines {
    const watch = async (line: RedisLine): Promise<void> => {
      const shards = fingerprint(await this.shardsBy(line));
      if (shards !== this.shards) this.abandon(new Error('the slots of the cluster have moved'));
    };
    const ping = (line: RedisLine): Promise<unknown> => {
      // a replica does not refuse plain channels, but packets that are published there do not reach subscribers of its master
      void takesWrites(line).then((isWritable) => {
        if (isWritable === false) void this.awaitWrites();
      }, ignore);
      return line.client.ping();
    };
    return {
      commands: this.line(url, 'commands', { pinged: this.options.isCluster ? watch : ping }),
      subscriptions: this.line(url, 'subscriptions'),
    };
  }

  private line(url: string, purpose: string, { failed, pinged }: LineOptions = {}): RedisLine {
    const abandon = (error: Error): void => this.abandon(error);
    const line = new RedisLine(url, `${this.options.name}-${purpose}`, failed ?? abandon, pinged);
    this.lines.add(line);
    return line;
  }

  /** A server that has just started answers before it can serve. */
  private async probe({ client }: RedisLine): Promise<void> {
    await client.ping().catch((error: unknown) => {
      if (!isReply(error) || isRefusal(error)) throw error;
    });
    if (!this.options.isCluster) return;
    const info = await client.sendCommand<Buffer | string>(['CLUSTER', 'INFO']);
    if (!info.toString().includes('cluster_state:ok')) throw new Error('the cluster is down');
  }

  /** The server that has a key or channel. */
  private linesOf(key: string): Lines {
    return this.slots[this.options.isCluster ? slotOf(key) : 0]!;
  }

  private async readsOf(lines: Lines): Promise<RedisLine> {
    if (this.hasEnded) throw await this.ended;
    if (lines.reads === undefined) {
      const failed = (): void => {
        if (lines.reads === line) lines.reads = undefined;
        this.endLine(line);
      };
      const line = this.line(lines.commands.url, 'reads', { failed });
      lines.reads = line;
    }
    await lines.reads.connected;
    return lines.reads;
  }

  /** Ends a line without which the others go on. */
  private endLine(line: RedisLine): void {
    if (this.lines.delete(line)) this.closeLine(line);
  }

  private closeLine(line: RedisLine): void {
    const closed = line.end().finally(() => this.closing.delete(closed));
    this.closing.add(closed);
  }

  private check(error: Error): void {
    if (isReadOnly(error) && !this.options.isCluster) void this.awaitWrites();
    else if (isRefusal(error) || isReadOnly(error)) this.abandon(error);
  }

  /**
   * The server has become a replica, where plain channels go on. The history goes on when the server takes writes again. The link ends when
   * another server that takes writes is found at its address.
   */
  private async awaitWrites(): Promise<void> {
    if (this.readOnly) return;
    this.readOnly = true;
    const { commands } = this.servers[0]!;
    for (let second = 1, look = 1; this.readOnly; second++) {
      await sleep(ROLE_MS, undefined, { ref: false });
      if (this.hasEnded) return;
      if ((await takesWrites(commands).catch(() => false)) !== false) {
        this.readOnly = false;
      } else if (second === look) {
        // the address may be meant to lead to a replica
        look += Math.min(look, MAX_LOOK);
        if (await this.findsWritable(commands.url)) this.abandon(new Error('the server is a replica now'));
      }
    }
  }

  private async findsWritable(url: string): Promise<boolean> {
    const line: RedisLine = this.line(url, 'role', { failed: () => this.endLine(line) });
    try {
      await line.connected;
      return (await takesWrites(line)) === true;
    } catch {
      return false;
    } finally {
      this.endLine(line);
    }
  }
}

/** Resolves with `undefined` where the server refuses to tell its role. */
async function takesWrites({ client }: RedisLine): Promise<boolean | undefined> {
  try {
    const [role] = await client.sendCommand<(Buffer | string)[]>(['ROLE']);
    return role?.toString() === 'master';
  } catch (error) {
    if (isReply(error) && !isRefusal(error)) return undefined;
    throw error;
  }
}

function ignore(): void {}
