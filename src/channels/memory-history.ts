import { SharedMessage, type Others } from '../connection';
import type { Clock } from '../messages';
import type { HistoryOptions } from './backplane';
import { PIECE_BYTES, type History } from './history';
import type { Piece } from './history-reader';
import { isOffset } from './offset';
import { stamped, stampFor } from './stamp';
import type { HistoryEntry } from './history-entry';

interface Entry extends HistoryEntry {
  readonly at: number;
}

interface Log {
  readonly epoch: number;
  /** The number of the latest message. */
  n: number;
  readonly entries: Entry[];
  readonly ttl: number;
  /** The time at which the log was last used. */
  used: number;
}

/** The interval at which old messages and unused logs are dropped. */
const SWEEP_MS = 1000;

/** The history of one process without a backplane. */
export class MemoryHistory implements History {
  private readonly logs = new Map<string, Log>();
  private sweeping: { cancel(): void } | undefined;
  /** The epoch of the latest log. Two logs of a channel, one after the other, must not share an epoch. */
  private epoch: number;

  constructor(
    private readonly clock: Clock,
    private readonly deliver: (channel: string, entry: HistoryEntry) => void,
    firstEpoch = Date.now() * 1000,
  ) {
    this.epoch = firstEpoch;
  }

  append(channel: string, message: SharedMessage, sender: string | undefined, retention: HistoryOptions): Others {
    const log = this.logOf(channel, retention);
    const offset = `${log.epoch}-${++log.n}`;
    // the publisher may change its bytes later
    const own = message.isText ? message : new SharedMessage(Buffer.from(message.payload));
    const entry = { offset, message: stamped(own, stampFor(own), offset), sender, at: log.used };
    log.entries.push(entry);
    if (log.entries.length > retention.size) log.entries.shift();
    this.deliver(channel, entry);
    return 'none';
  }

  last(channel: string, retention: HistoryOptions): Promise<string> {
    const { epoch, n } = this.logOf(channel, retention);
    return Promise.resolve(`${epoch}-${n}`);
  }

  after(channel: string, since: string, retention: HistoryOptions): Promise<Piece> {
    return Promise.resolve(this.missed(channel, since, retention));
  }

  private missed(channel: string, since: string, retention: HistoryOptions): Piece {
    if (!isOffset(since)) return undefined;
    const [epoch, number] = since.split('-');
    const log = this.logOf(channel, retention);
    const from = Number(number);
    if (epoch !== String(log.epoch) || from > log.n) return undefined;
    const missed = log.n - from;
    if (missed === 0) return [];
    const { entries, used, ttl } = log;
    const first = entries[entries.length - missed];
    if (first === undefined || first.at <= used - ttl) return undefined;
    return pieceFrom(entries, entries.length - missed);
  }

  stop(): void {
    this.sweeping?.cancel();
    this.sweeping = undefined;
    this.logs.clear();
  }

  private logOf(channel: string, retention: HistoryOptions): Log {
    let log = this.logs.get(channel);
    const used = this.clock.now();
    if (log === undefined) {
      log = { epoch: ++this.epoch, n: 0, entries: [], ttl: retention.ttlSeconds * 1000, used };
      this.logs.set(channel, log);
      this.sweepLater();
    }
    log.used = used;
    return log;
  }

  private sweepLater(): void {
    this.sweeping ??= this.clock.after(SWEEP_MS, () => {
      this.sweeping = undefined;
      const now = this.clock.now();
      for (const [channel, { entries, ttl, used }] of this.logs) {
        const stale = entries.findIndex(({ at }) => at > now - ttl);
        entries.splice(0, stale === -1 ? entries.length : stale);
        if (used <= now - ttl) this.logs.delete(channel);
      }
      if (this.logs.size > 0) this.sweepLater();
    });
  }
}

/** Returns the entries from an index on that fit into a piece, and at least one: a slow reader must not keep all of them in memory. */
function pieceFrom(entries: readonly Entry[], from: number): readonly HistoryEntry[] {
  let to = from;
  for (let bytes = 0; to < entries.length && bytes < PIECE_BYTES; to++) bytes += entries[to]!.message.length;
  return entries.slice(from, to);
}
