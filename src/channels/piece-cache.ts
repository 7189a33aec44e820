import type { Clock } from '../messages';
import type { HistoryEntry } from './history-entry';

/** The most bytes of pieces; those that were used longest ago go first. */
const MAX_BYTES = 8 * 1024 * 1024;
/** The longest time that a piece stays. */
const LIFETIME_MS = 5000;

/** Memory of a message beside its bytes. */
const OVERHEAD = 256;

interface Entry {
  readonly channel: string;
  readonly since: string;
  readonly messages: readonly HistoryEntry[];
  readonly bytes: number;
}

/** Pieces of histories that were read a moment ago. The messages right after an offset never change, so a piece does not become wrong. */
export class PieceCache {
  private readonly byChannel = new Map<string, Set<Entry>>();
  /** In the order of their last use. */
  private readonly entries = new Set<Entry>();
  private bytes = 0;
  private clearing: { cancel(): void } | undefined;

  constructor(private readonly clock: Clock) {}

  /** Returns the messages right after an offset; `undefined` where none are known. */
  find(channel: string, since: string): readonly HistoryEntry[] | undefined {
    for (const entry of this.byChannel.get(channel) ?? []) {
      const { messages } = entry;
      const at = entry.since === since ? 0 : messages.findIndex(({ offset }) => offset === since) + 1;
      if ((at === 0 && entry.since !== since) || at === messages.length) continue;
      this.entries.delete(entry);
      this.entries.add(entry);
      return at === 0 ? messages : messages.slice(at);
    }
    return undefined;
  }

  add(channel: string, since: string, messages: readonly HistoryEntry[]): void {
    const bytes = messages.reduce((sum, { message }) => sum + message.length + OVERHEAD, 0);
    if (bytes === 0 || bytes > MAX_BYTES) return;
    const entry = { channel, since, messages, bytes };
    let entries = this.byChannel.get(channel);
    if (entries === undefined) this.byChannel.set(channel, (entries = new Set()));
    entries.add(entry);
    this.entries.add(entry);
    this.bytes += bytes;
    for (const oldest of this.entries) {
      if (this.bytes <= MAX_BYTES) break;
      this.delete(oldest);
    }
    this.clearing ??= this.clock.after(LIFETIME_MS, () => this.clear());
  }

  clear(): void {
    this.clearing?.cancel();
    this.clearing = undefined;
    this.byChannel.clear();
    this.entries.clear();
    this.bytes = 0;
  }

  private delete(entry: Entry): void {
    const { channel } = entry;
    const entries = this.byChannel.get(channel)!;
    entries.delete(entry);
    if (entries.size === 0) this.byChannel.delete(channel);
    this.entries.delete(entry);
    this.bytes -= entry.bytes;
  }
}
