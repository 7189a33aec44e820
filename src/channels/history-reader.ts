import { deferred, type Clock } from '../messages';
import type { HistoryOptions } from './backplane';
import { PieceCache } from './piece-cache';
import type { HistoryEntry } from './history-entry';

/** Messages of a channel that follow each other. `undefined`: one of them is gone, or may be. */
export type Piece = readonly HistoryEntry[] | undefined;

/** The most pieces that are read at once, each of another channel. */
const AT_ONCE = 4;

interface Request {
  readonly since: string;
  readonly retention: HistoryOptions;
  /** One function for each caller. */
  readonly wanted: (() => boolean)[];
  readonly piece: Promise<Piece>;
  readonly settle: (piece: Piece | Promise<never>) => void;
}

/**
 * Reads the history of a backplane for many callers, a few pieces at once. Callers that want the same piece share one request, and callers
 * that come a little later get the piece from a cache.
 */
export class HistoryReader {
  /** Requests that wait, by channel and offset. */
  private readonly waiting = new Map<string, Map<string, Request>>();
  /** Channels with a request that waits and none that runs. */
  private readonly ready = new Set<string>();
  private readonly busy = new Set<string>();
  private readonly cache: PieceCache;

  /** `read` reads the piece right after an offset, which is empty where nothing follows. */
  constructor(
    private readonly read: (channel: string, since: string, retention: HistoryOptions) => Promise<Piece>,
    clock: Clock,
  ) {
    this.cache = new PieceCache(clock);
  }

  /** `isWanted` is asked when the turn of the request comes. A piece that no caller wants any more is not read, and resolves as empty. */
  after(channel: string, since: string, retention: HistoryOptions, isWanted: () => boolean): Promise<Piece> {
    let requests = this.waiting.get(channel);
    if (requests === undefined) this.waiting.set(channel, (requests = new Map<string, Request>()));
    let request = requests.get(since);
    if (request === undefined) requests.set(since, (request = requested(since, retention)));
    request.wanted.push(isWanted);
    if (!this.busy.has(channel)) this.ready.add(channel);
    this.next();
    return request.piece;
  }

  /** Forgets all pieces. */
  forget(): void {
    this.cache.clear();
  }

  private next(): void {
    for (const channel of this.ready) {
      if (this.busy.size === AT_ONCE) return;
      this.ready.delete(channel);
      const request = this.take(channel);
      if (request !== undefined) void this.serve(channel, request);
    }
  }

  /** Takes the first request that has to be read, and settles those before it. */
  private take(channel: string): Request | undefined {
    const requests = this.waiting.get(channel)!;
    for (const [since, request] of requests) {
      requests.delete(since);
      const known = this.cache.find(channel, since);
      if (known !== undefined) request.settle(known);
      else if (request.wanted.some((isWanted) => isWanted())) return request;
      else request.settle([]);
    }
    this.waiting.delete(channel);
    return undefined;
  }

  private async serve(channel: string, { since, retention, settle }: Request): Promise<void> {
    this.busy.add(channel);
    try {
      const messages = await this.read(channel, since, retention);
      if (messages !== undefined) this.cache.add(channel, since, messages);
      settle(messages);
    } catch (error) {
      settle(Promise.reject(error));
    } finally {
      this.busy.delete(channel);
      this.ready.add(channel);
      this.next();
    }
  }
}

function requested(since: string, retention: HistoryOptions): Request {
  const { promise: piece, resolve: settle } = deferred<Piece>();
  return { since, retention, wanted: [], piece, settle };
}
