import type { Backplane, BackplaneEvents, HistoryOptions, KeptPacket, PacketId } from '../../src';
import { isPattern } from '../../src/channels/channel-pattern';
import { PatternTree } from '../../src/channels/pattern-tree';

interface Log {
  n: number;
  readonly kept: (KeptPacket & { readonly at: number })[];
  readonly byNode: Map<string, number>;
}

/** A broker in memory. Packets arrive in a later turn, as from a socket. */
export class MemoryBus {
  readonly backplanes = new Set<BusBackplane>();
  readonly logs = new Map<string, Log>();
  epoch = 1;
  isUp = true;
  /** The number of packets that subscriptions got. */
  delivered = 0;

  /** The backplane of one process. */
  connect(): BusBackplane {
    return new BusBackplane(this);
  }

  send(subject: string, packet: Buffer, offset?: string): void {
    for (const backplane of this.backplanes) {
      for (let copies = backplane.copies(subject); copies > 0; copies--) {
        this.delivered++;
        setImmediate(() => backplane.receive(subject, packet, offset));
      }
    }
  }

  /** Cuts the bus off from all processes. */
  goDown(): void {
    this.isUp = false;
    for (const backplane of this.backplanes) backplane.cut();
  }

  comeUp(): void {
    this.isUp = true;
    for (const backplane of this.backplanes) backplane.restore();
  }

  /** Deletes all history, and begins a new epoch. */
  forget(): void {
    this.logs.clear();
    this.epoch++;
  }

  logOf(subject: string): Log {
    let log = this.logs.get(subject);
    if (log === undefined) this.logs.set(subject, (log = { n: 0, kept: [], byNode: new Map() }));
    return log;
  }
}

const refusal = (subject: string): Error => new Error(`no permission for ${subject}`);
const away = (): Error => Object.assign(new Error('the bus is away'), { retry: true });

export class BusBackplane implements Backplane {
  private events: BackplaneEvents | undefined;
  private isUp = false;
  /** The number of packets it has sent. */
  published = 0;
  readonly subjects = new Set<string>();
  /** The longest packet that it takes, with history or without. */
  maxPacketBytes: number | undefined;
  private readonly patterns = new PatternTree<string>();
  /** Subjects that the broker refuses. */
  readonly refused = new Set<string>();
  /** Called before each append; may throw. */
  onAppend: () => void = () => undefined;
  /** Called before missed packets are read; may throw. */
  onAfter: (subject: string) => void = () => undefined;

  constructor(private readonly bus: MemoryBus) {}

  start(events: BackplaneEvents): Promise<void> {
    this.events = events;
    this.bus.backplanes.add(this);
    if (this.bus.isUp) this.restore();
    else events.onDown(away());
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.bus.backplanes.delete(this);
    this.events = undefined;
    this.isUp = false;
    return Promise.resolve();
  }

  /** Ends without a word, as in a process that is killed. */
  die(): void {
    this.bus.backplanes.delete(this);
    this.isUp = false;
  }

  cut(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.events?.onDown(away());
  }

  restore(): void {
    if (this.isUp || this.events === undefined) return;
    this.isUp = true;
    this.events.onUp();
    for (const subject of this.subjects) if (this.refused.has(subject)) this.refuse(subject, refusal(subject));
  }

  lose(packets: number, reason?: Error): void {
    this.events?.onLost(packets, reason);
  }

  refuse(subject: string, error: Error): void {
    this.events?.onRefused?.(subject, error);
  }

  subscribe(subject: string): Promise<void> {
    if (this.isUp && this.refused.has(subject)) return Promise.reject(refusal(subject));
    this.subjects.add(subject);
    if (isPattern(subject)) this.patterns.set(subject, subject);
    return Promise.resolve();
  }

  unsubscribe(subject: string): Promise<void> {
    this.subjects.delete(subject);
    this.patterns.delete(subject);
    return Promise.resolve();
  }

  publish(subject: string, packet: Uint8Array): boolean {
    if (!this.isUp) return false;
    this.published++;
    this.bus.send(subject, Buffer.from(packet));
    return true;
  }

  /** The number of its subscriptions that match. */
  copies(subject: string): number {
    let copies = this.isUp && this.subjects.has(subject) ? 1 : 0;
    if (this.isUp) this.patterns.match(subject, () => copies++);
    return copies;
  }

  receive(subject: string, packet: Buffer, offset: string | undefined): void {
    if (this.isUp) this.events?.onPacket(subject, packet, offset);
  }

  readonly history = {
    maxPacketBytes: undefined as number | undefined,

    append: (subject: string, packet: Uint8Array, id: PacketId, keep: HistoryOptions): Promise<void> => {
      if (!this.isUp) return Promise.reject(away());
      try {
        this.onAppend();
      } catch (error) {
        return Promise.reject(error);
      }
      const log = this.bus.logOf(subject);
      if (id.number <= (log.byNode.get(id.node) ?? 0)) return Promise.resolve();
      log.byNode.set(id.node, id.number);
      const offset = `${this.bus.epoch}-${++log.n}`;
      log.kept.push({ offset, packet: Buffer.from(packet), at: Date.now() });
      if (log.kept.length > keep.size) log.kept.shift();
      this.bus.send(subject, Buffer.from(packet), offset);
      return Promise.resolve();
    },

    last: (subject: string): Promise<string> => {
      if (!this.isUp) return Promise.reject(away());
      return Promise.resolve(`${this.bus.epoch}-${this.bus.logOf(subject).n}`);
    },

    after: (
      subject: string,
      since: string,
      { ttlSeconds }: HistoryOptions,
      maxBytes = Infinity,
    ): Promise<KeptPacket[] | undefined> => {
      if (!this.isUp) return Promise.reject(away());
      try {
        this.onAfter(subject);
      } catch (error) {
        return Promise.reject(error);
      }
      const { n, kept } = this.bus.logOf(subject);
      const [epoch, number] = since.split('-');
      const missed = n - Number(number);
      if (epoch !== String(this.bus.epoch) || !(missed >= 0 && missed <= kept.length))
        return Promise.resolve(undefined);
      const packets = kept.slice(kept.length - missed);
      if (packets[0] !== undefined && packets[0].at <= Date.now() - ttlSeconds * 1000)
        return Promise.resolve(undefined);
      let bytes = 0;
      const end = packets.findIndex(({ packet }) => (bytes += packet.length) >= maxBytes) + 1;
      const piece = end === 0 ? packets : packets.slice(0, end);
      return Promise.resolve(piece.map(({ offset, packet }) => ({ offset, packet })));
    },
  };
}
