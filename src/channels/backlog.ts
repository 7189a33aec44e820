import type { HistoryEntry } from './history-entry';

/** What may wait, in bytes; one message may have more. */
const MAX_BYTES = 256 * 1024;

/** What a message takes beside its bytes. */
const OVERHEAD = 128;

/** Messages that came while those before them are still read. When there are too many they are forgotten: the history has them. */
export class Backlog {
  private entries: HistoryEntry[] = [];
  private bytes = 0;
  private whole = true;

  /** Whether nothing was forgotten. */
  get isWhole(): boolean {
    return this.whole;
  }

  add(entry: HistoryEntry): void {
    if (!this.whole) return;
    this.bytes += entry.message.length + OVERHEAD;
    if (this.bytes > MAX_BYTES && this.entries.length > 0) this.forget();
    else this.entries.push(entry);
  }

  forget(): void {
    this.whole = false;
    this.entries = [];
  }

  [Symbol.iterator](): Iterator<HistoryEntry> {
    return this.entries.values();
  }
}

/** One that holds nothing, since all is read again. */
export function forgotten(): Backlog {
  const backlog = new Backlog();
  backlog.forget();
  return backlog;
}
