import type { BackplaneHistory, HistoryOptions, KeptPacket, PacketId } from '../../channels';
import type { Names } from './names';
import { away, failure, isAway, isForgotten, isOutOfMemory } from './redis-line';
import { script, type RedisLink, type Script } from './redis-link';

/** Keys live so much longer than packets, so that a node that was away for a while finds the packets that it appended. */
const SLACK_SECONDS = 600;

/** The bytes that are read in one request. */
const PIECE_BYTES = 1024 * 1024;

/** An offset may come from a client. Both numbers are exact in Lua. */
const OFFSET = /^([1-9]\d{0,15})-(0|[1-9]\d{0,14})$/;

/** The beginning of all scripts. A stream has one epoch as long as it lives, so its last id names the epoch. */
const BEGIN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local epoch, last
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then epoch, last = string.match(info[i + 1], '^(%d+)-(%d+)$') end
  end
end
`;

/**
 * The first line makes Redis refuse the script as a whole where it would refuse a write. So without memory all packets that are on their
 * way are refused, not only the first. When there are many nodes, those that have not appended anything for as long as the keys live are
 * forgotten.
 */
const APPEND = script(`#!lua
${BEGIN}
local node, number, previous, size, life, publish, channel, packet = unpack(ARGV)
number, life = tonumber(number), tonumber(life)
local entry = redis.call('HGET', KEYS[2], node)
local before = entry and tonumber(string.match(entry, '^%d+')) or -1
if number <= before then return 0 end
if tonumber(previous) > before then
  return redis.error_reply('TRYAGAIN an earlier packet of the node is not kept yet')
end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '=', size, (epoch or string.format('%.0f', now)) .. '-*',
  't', string.format('%.0f', now), 'p', packet)
if not entry and redis.call('HLEN', KEYS[2]) >= 100 then
  local all = redis.call('HGETALL', KEYS[2])
  for i = 1, #all, 2 do
    if tonumber(string.match(all[i + 1], '%d+$')) < now - life then redis.call('HDEL', KEYS[2], all[i]) end
  end
end
redis.call('HSET', KEYS[2], node, string.format('%.0f %.0f', number, now))
redis.call('PEXPIRE', KEYS[1], life)
redis.call('PEXPIRE', KEYS[2], life)
redis.call(publish, channel, string.char(#id) .. id .. packet)
return 1
`);

const LAST = script(`${BEGIN}
local id = epoch and (epoch .. '-' .. last)
if not id then
  id = redis.call('XADD', KEYS[1], 'MAXLEN', '=', 0, string.format('%.0f-1', now), 't', '0')
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return id
`);

/**
 * Other clients wait while a script runs. So the script reads only a piece, and at most a thousand entries, in steps of as many entries as
 * are likely to fit.
 */
const AFTER = script(`${BEGIN}
local n, kept = tonumber(ARGV[2]), {}
last = tonumber(last)
if epoch ~= ARGV[1] or n > last then return false end
local most, bytes, step = tonumber(ARGV[4]), 0, 1
while n < last and bytes < most and #kept < 1000 do
  local entries = redis.call('XRANGE', KEYS[1], string.format('(%s-%.0f', epoch, n), '+', 'COUNT', step)
  for _, entry in ipairs(entries) do
    if bytes >= most then break end
    n = n + 1
    if entry[1] ~= string.format('%s-%.0f', epoch, n) then return false end
    if #kept == 0 and tonumber(entry[2][2]) < now - tonumber(ARGV[3]) then return false end
    kept[#kept + 1] = entry[2][4]
    bytes = bytes + #entry[2][4]
  end
  if #entries == 0 then return false end
  step = math.max(1, math.min(step * 4, 100, math.floor((most - bytes) / (bytes / #kept + 1))))
end
return kept
`);

/**
 * Packets of a subject that were sent and are not confirmed, each with the one before it. If one failed and the next succeeded, the first
 * could not be appended again, because its number is not greater. So the server is told which packet must be there before each.
 */
class Unconfirmed {
  private readonly previous = new Map<number, number>();
  private latest = -1;

  get isEmpty(): boolean {
    return this.previous.size === 0;
  }

  /** Returns the number of the packet that must be there before this one, or -1. */
  add(number: number): number {
    let before = this.previous.get(number);
    if (before === undefined) {
      before = this.latest < number ? this.latest : -1;
      this.previous.set(number, before);
      this.latest = Math.max(this.latest, number);
    }
    return this.previous.has(before) ? before : -1;
  }

  /** The packet is kept, or never will be. */
  delete(number: number): void {
    const before = this.previous.get(number);
    if (before === undefined) return;
    this.previous.delete(number);
    if (this.latest === number) this.latest = before;
    // replies come in order, so that the next one is near the beginning
    for (const [next, expected] of this.previous) {
      if (expected !== number) continue;
      this.previous.set(next, before);
      break;
    }
  }
}

/** The history of subjects in Redis Streams. The id of an entry is its offset. */
export class RedisHistory implements BackplaneHistory {
  private link: RedisLink | undefined;
  private readonly unconfirmed = new Map<string, Unconfirmed>();

  /** `up` returns the link when it is up. */
  constructor(
    private readonly names: Names,
    private readonly isCluster: boolean,
    private readonly up: () => RedisLink | undefined,
    private readonly limit: () => number | undefined = () => undefined,
  ) {}

  get maxPacketBytes(): number | undefined {
    return this.limit();
  }

  async append(
    subject: string,
    packet: Uint8Array,
    { node, number }: PacketId,
    retention: HistoryOptions,
  ): Promise<void> {
    const link = this.current();
    if (link.isReadOnly) throw away('it is a replica, which takes no writes');
    const key = `${node} ${subject}`;
    let unconfirmed = this.unconfirmed.get(key);
    if (unconfirmed === undefined) this.unconfirmed.set(key, (unconfirmed = new Unconfirmed()));
    const settle = (): void => {
      unconfirmed.delete(number);
      if (unconfirmed.isEmpty && this.unconfirmed.get(key) === unconfirmed) this.unconfirmed.delete(key);
    };
    try {
      await link.evaluate(APPEND, this.keys(subject), [
        node,
        String(number),
        String(unconfirmed.add(number)),
        String(retention.size),
        lifeOf(retention),
        this.isCluster ? 'SPUBLISH' : 'PUBLISH',
        this.names.channel(subject),
        Buffer.from(packet.buffer, packet.byteOffset, packet.length),
      ]);
      settle();
    } catch (cause) {
      const error = failure(cause);
      if (!isAway(error)) settle();
      throw error;
    }
  }

  async last(subject: string, retention: HistoryOptions): Promise<string> {
    const id = await this.ask(LAST, subject, [lifeOf(retention)]);
    return (id as Buffer).toString('latin1');
  }

  async after(
    subject: string,
    since: string,
    retention: HistoryOptions,
    maxBytes = Infinity,
  ): Promise<KeptPacket[] | undefined> {
    const kept: KeptPacket[] = [];
    for (let from = since, bytes = 0; bytes < maxBytes;) {
      const piece = await this.piece(subject, from, retention, Math.min(maxBytes, PIECE_BYTES));
      if (piece === undefined) return undefined;
      kept.push(...piece);
      if (piece.length === 0 || maxBytes <= PIECE_BYTES) break;
      from = piece.at(-1)!.offset;
      for (const { packet } of piece) bytes += packet.length;
    }
    return kept;
  }

  private async piece(
    subject: string,
    since: string,
    retention: HistoryOptions,
    maxBytes: number,
  ): Promise<KeptPacket[] | undefined> {
    const [, epoch, n] = OFFSET.exec(since) ?? [];
    if (epoch === undefined || n === undefined) return undefined;
    const ttl = String(Math.floor(retention.ttlSeconds * 1000));
    const packets = (await this.ask(AFTER, subject, [epoch, n, ttl, String(maxBytes)], 'reads')) as Buffer[] | null;
    return packets?.map((packet, i) => ({ offset: `${epoch}-${Number(n) + 1 + i}`, packet }));
  }

  /** Runs a script that reads. One that the server has forgotten is sent again at once, since the order of reads does not matter. */
  private async ask(
    script: Script,
    subject: string,
    parameters: string[],
    line: 'commands' | 'reads' = 'commands',
  ): Promise<unknown> {
    const link = this.current();
    const evaluate = (): Promise<unknown> => link.evaluate(script, this.keys(subject), parameters, line);
    try {
      return await evaluate().catch((error: unknown) => {
        if (isForgotten(error)) return evaluate();
        throw error;
      });
    } catch (error) {
      // a server without memory may answer later
      throw isOutOfMemory(error) ? away((error as Error).message, error) : failure(error);
    }
  }

  /** @throws Error with `retry` while the server is away */
  private current(): RedisLink {
    const link = this.up();
    if (link === undefined) throw away('not connected');
    // callers send all packets again, from the first
    if (link !== this.link) this.unconfirmed.clear();
    return (this.link = link);
  }

  /** All scripts name both keys, so that a user whose rights cover some keys may use all scripts. */
  private keys(subject: string): string[] {
    return [this.names.key(subject, 'stream'), this.names.key(subject, 'nodes')];
  }
}

/** A payload is the length of the offset in one byte, the offset, and the packet. This one has no offset. */
export function payloadOf(packet: Uint8Array): Buffer {
  const payload = Buffer.allocUnsafe(1 + packet.length);
  payload[0] = 0;
  payload.set(packet, 1);
  return payload;
}

export function split(payload: Buffer): { offset: string | undefined; packet: Buffer } {
  const end = 1 + (payload[0] ?? 0);
  return { offset: end === 1 ? undefined : payload.toString('latin1', 1, end), packet: payload.subarray(end) };
}

function lifeOf({ ttlSeconds }: HistoryOptions): string {
  return String(Math.floor((ttlSeconds + SLACK_SECONDS) * 1000));
}
