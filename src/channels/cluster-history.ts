import type { Clock } from '../messages';
import type { Others, SharedMessage } from '../connection';
import type { BackplaneHistory, HistoryOptions } from './backplane';
import { isAway, PIECE_BYTES, type History } from './history';
import { HistoryReader, type Piece } from './history-reader';
import { historyEntryIn, unpack, type Packer } from './packet';

/** The most bytes of packets that wait until the broker has confirmed them. */
const WAITING_BYTES = 8 * 1024 * 1024;

/** Memory of a packet beside its bytes. */
const OVERHEAD = 256;

/** The pause before packets that the broker could not keep are appended again. */
const RETRY_MS = 250;

/** The longest that `stop` waits for confirmations. */
const STOP_MS = 2000;

const ALWAYS = (): boolean => true;

interface Waiting {
  readonly channel: string;
  readonly packet: Buffer;
  readonly number: number;
  readonly retention: HistoryOptions;
}

/**
 * The history that a backplane keeps. The messages of all nodes have one order there, so a message is delivered when it comes back with its
 * offset, to subscribers of this process too. Messages that may not have arrived are sent again, in order, and are kept once.
 */
export class ClusterHistory implements History {
  private readonly waiting = new Set<Waiting>();
  private waitingBytes = 0;
  private retrying: { cancel(): void } | undefined;
  private isUp = false;
  private onEmpty: (() => void) | undefined;
  private readonly reader: HistoryReader;

  /** `failed` is told of lost messages and their number, `foreign` of packets that this version of Portal cannot read. */
  constructor(
    private readonly backplane: BackplaneHistory,
    private readonly packer: Packer,
    private readonly clock: Clock,
    private readonly failed: (error: unknown, lost: number) => void,
    private readonly foreign: (channel: string) => void,
  ) {
    this.reader = new HistoryReader((channel, since, retention) => this.read(channel, since, retention), clock);
  }

  append(channel: string, message: SharedMessage, sender: string | undefined, retention: HistoryOptions): Others {
    const packet = this.packer.historyEntry(message, sender);
    const bytes = packet.length + OVERHEAD;
    if (bytes > WAITING_BYTES || this.isTooLarge(packet)) return 'too_large';
    if (this.waitingBytes + bytes > WAITING_BYTES) {
      this.failed(new Error(`a message to ${channel} is lost: ${this.waiting.size} others wait for the backplane`), 1);
      return 'lost';
    }
    const entry = { channel, packet, number: this.packer.number, retention };
    this.waiting.add(entry);
    this.waitingBytes += bytes;
    if (!this.isUp || this.retrying !== undefined) return 'kept';
    this.send(entry);
    return 'sent';
  }

  last(channel: string, retention: HistoryOptions): Promise<string> {
    return this.backplane.last(channel, retention);
  }

  after(channel: string, since: string, retention: HistoryOptions, isWanted = ALWAYS): Promise<Piece> {
    return this.reader.after(channel, since, retention, isWanted);
  }

  onUp(): void {
    this.isUp = true;
    this.resend();
  }

  onDown(): void {
    this.isUp = false;
    this.reader.forget();
    this.retrying?.cancel();
    this.retrying = undefined;
  }

  /** Waits a little for confirmations. Resolves with the number of messages that were not confirmed. */
  async stop(): Promise<number> {
    if (this.isUp && this.waiting.size > 0) {
      await new Promise<void>((resolve) => {
        const deadline = this.clock.after(STOP_MS, resolve);
        this.onEmpty = () => {
          deadline.cancel();
          resolve();
        };
      });
    }
    this.onEmpty = undefined;
    this.onDown();
    const { size } = this.waiting;
    this.waiting.clear();
    this.waitingBytes = 0;
    return size;
  }

  private async read(channel: string, since: string, retention: HistoryOptions): Promise<Piece> {
    for (let from = since; ;) {
      const packets = await this.backplane.after(channel, from, retention, PIECE_BYTES);
      const entries = packets?.flatMap(({ offset, packet }) => {
        const unpacked = unpack(packet);
        if (unpacked !== undefined) return [historyEntryIn(unpacked, offset)];
        this.foreign(channel);
        return [];
      });
      const last = packets?.at(-1);
      if (entries === undefined || entries.length > 0 || last === undefined) return entries;
      from = last.offset;
    }
  }

  private resend(): void {
    this.retrying = undefined;
    for (const entry of this.waiting) this.send(entry);
  }

  private isTooLarge(packet: Buffer): boolean {
    return packet.length > (this.backplane.maxPacketBytes ?? Infinity);
  }

  private send(entry: Waiting): void {
    const { channel, packet, number, retention } = entry;
    if (this.isTooLarge(packet)) {
      // the broker is another one than it was, or was not known yet
      this.settle(entry);
      this.failed(
        new Error(`a message of ${packet.length} bytes to ${channel} is lost: the broker keeps none of this size`),
        1,
      );
      return;
    }
    this.backplane.append(channel, packet, { node: this.packer.node, number }, retention).then(
      () => this.settle(entry),
      (error: unknown) => {
        if (!this.waiting.has(entry)) return;
        if (isAway(error)) {
          if (this.isUp) this.retrying ??= this.clock.after(RETRY_MS, () => this.resend());
          return;
        }
        this.settle(entry);
        this.failed(error, 1);
      },
    );
  }

  private settle(entry: Waiting): void {
    if (!this.waiting.delete(entry)) return;
    this.waitingBytes -= entry.packet.length + OVERHEAD;
    if (this.waiting.size === 0) this.onEmpty?.();
  }
}
