import { partsOf, wildcardAt } from '../../channels';

/** How many slots the keys and channels of a Redis Cluster are spread over. */
export const SLOTS = 16384;

/**
 * What subjects are called in Redis. The prefix has no colon and no `@`, so that no name of one prefix can be one of another. All databases
 * of a server share their channels, so the number is in the names of those; keys are in their database.
 */
export class Names {
  private readonly begin: string;
  private readonly beginOfChannels: string;

  constructor(
    prefix: string,
    private readonly isCluster: boolean,
    database = 0,
  ) {
    this.begin = `${prefix}:`;
    this.beginOfChannels = database === 0 ? this.begin : `${prefix}@${database}:`;
  }

  channel(subject: string): string {
    return this.isCluster ? this.tag(subject) : this.beginOfChannels + subject;
  }

  /** For PSUBSCRIBE; another for each pattern. Matches more than the pattern does: a `*` of Redis goes on over colons. */
  glob(pattern: string): string {
    const parts = partsOf(pattern);
    const globs = parts.map((part, index) =>
      wildcardAt(parts, index) === undefined ? part.replace(/[*?[\]\\^]/g, '\\$&') : part,
    );
    return this.beginOfChannels + globs.join(':');
  }

  /** Of a channel that a glob has matched. */
  subject(channel: string): string {
    return channel.slice(this.beginOfChannels.length);
  }

  /** All keys of a subject, and in a cluster its channel, are in the same slot. */
  key(subject: string, kind: string): string {
    return `${this.tag(subject)}:${kind}`;
  }

  /** A hash tag ends at the first closing brace. */
  private tag(subject: string): string {
    const safe = subject.replace(/[%}]/g, (character) => (character === '}' ? '%7D' : '%25'));
    return `{${this.begin}${safe}}`;
  }
}

/** CRC-16/XMODEM, https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ */
const CRC = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** The slot of a key or channel: that of what stands in its first braces, where something does. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open);
  const hashed = Buffer.from(close > open + 1 ? key.slice(open + 1, close) : key);
  let crc = 0;
  for (const byte of hashed) crc = ((crc << 8) ^ CRC[(crc >> 8) ^ byte]!) & 0xffff;
  return crc % SLOTS;
}
