import type { Others, SharedMessage } from '../connection';
import type { HistoryOptions } from './backplane';
import { checkNameOrPattern } from './channel-name';
import { takesRest } from './channel-pattern';
import type { Piece } from './history-reader';
import { PatternTree } from './pattern-tree';

export type { Others };

/** Keeps messages, and delivers each in its turn when it is kept. */
export interface History {
  append(channel: string, message: SharedMessage, sender: string | undefined, retention: HistoryOptions): Others;
  /** Resolves with the offset of the latest message. */
  last(channel: string, retention: HistoryOptions): Promise<string>;
  /**
   * Resolves with some messages right after an offset, the oldest first. `isWanted` is asked before they are read, which may be later; the
   * piece is empty when it returns `false`. Default: always wanted.
   */
  after(channel: string, since: string, retention: HistoryOptions, isWanted?: () => boolean): Promise<Piece>;
}

/** The bytes that are read of a history at once; a single message may have more. */
export const PIECE_BYTES = 256 * 1024;

/** Handles the error of a request that may wait until the backplane is back. @throws any other error */
export function ifAway(error: unknown): undefined {
  if (!isAway(error)) throw error;
}

export function isAway(error: unknown): boolean {
  return (error as { retry?: boolean } | undefined)?.retry === true;
}

/** The channels that have history, by name or pattern. */
export class HistoryRules {
  private readonly names = new Map<string, HistoryOptions>();
  private readonly patterns = new PatternTree<HistoryOptions & { readonly pattern: string }>();

  /**
   * @throws TypeError for an option that does not exist
   * @throws RangeError for a number that is out of range
   * @throws ChannelError for a key that is neither a name nor a pattern
   */
  constructor(rules: Readonly<Record<string, HistoryOptions>>) {
    for (const [channel, retention] of Object.entries(rules)) {
      checkOptions(channel, retention);
      const { size, ttlSeconds } = retention;
      if (checkNameOrPattern(channel) === 'pattern') this.patterns.set(channel, { size, ttlSeconds, pattern: channel });
      else this.names.set(channel, { size, ttlSeconds });
    }
  }

  /** Finds the closest rule: a name before patterns, `*` before `**`, and then a longer pattern before a shorter one. */
  retentionOf(channel: string): HistoryOptions | undefined {
    const named = this.names.get(channel);
    if (named !== undefined) return named;
    let best: (HistoryOptions & { readonly pattern: string }) | undefined;
    this.patterns.match(channel, (rule) => {
      if (best === undefined || isCloser(rule.pattern, best.pattern)) best = rule;
    });
    return best;
  }
}

function isCloser(pattern: string, other: string): boolean {
  return takesRest(pattern) === takesRest(other) ? pattern.length > other.length : takesRest(other);
}

function checkOptions(channel: string, retention: unknown): void {
  const { size, ttlSeconds, ...rest } = Object(retention) as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new TypeError(`history of ${channel}: there is no ${JSON.stringify(unknown)}`);
  if (!Number.isInteger(size) || (size as number) < 1) {
    throw new RangeError(`history of ${channel}: size must be a whole number of messages from 1, not ${String(size)}`);
  }
  if (typeof ttlSeconds !== 'number' || !(ttlSeconds > 0 && ttlSeconds <= MAX_TTL)) {
    throw new RangeError(
      `history of ${channel}: ttlSeconds must be from above 0 to ${MAX_TTL}, not ${String(ttlSeconds)}`,
    );
  }
}

/** A year, in seconds. */
const MAX_TTL = 366 * 24 * 3600;
