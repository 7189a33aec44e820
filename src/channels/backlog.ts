import type { HistoryEntry } from './history-entry';

/** The most bytes that wait; a single message may have more. */
const MAX_BYTES = 256 * 1024;

/** Memory of a message beside its bytes. */
const OVERHEAD = 128;

/** Messages that wait until earlier ones have been read. When they are too many the backlog forgets all: the history has them. */
export class Backlog {
  private entries: HistoryEntry[] = [];
  private bytes = 0;
  private whole = true;

  /** `false` once messages were forgotten. */
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

/** Returns a backlog that holds nothing, for messages that are read again anyway. */
export function forgotten(): Backlog {
  const backlog = new Backlog();
  backlog.forget();
  return backlog;
}
