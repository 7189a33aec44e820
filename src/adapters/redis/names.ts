import { partsOf, wildcardAt } from '../../channels';

/** The number of slots over which a Redis Cluster spreads keys and channels. */
export const SLOTS = 16384;

/**
 * The channels and keys of Redis for subjects. A prefix has no colon and no `@`, so two prefixes never have the same name. All databases of
 * a server share their channels, so the names of channels have the number of the database. Keys are in their database anyway.
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

  /** Makes the glob for PSUBSCRIBE. It matches more than the pattern does, since a `*` of Redis matches colons too. */
  glob(pattern: string): string {
    const parts = partsOf(pattern);
    const globs = parts.map((part, index) =>
      wildcardAt(parts, index) === undefined ? part.replace(/[*?[\]\\^]/g, '\\$&') : part,
    );
    return this.beginOfChannels + globs.join(':');
  }

  /** Returns the subject of a channel that a glob has matched. */
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

/** Returns the slot of a key or channel: the hash of the text in its first braces, or of all of it. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open);
  const hashed = Buffer.from(close > open + 1 ? key.slice(open + 1, close) : key);
  let crc = 0;
  for (const byte of hashed) crc = ((crc << 8) ^ CRC[(crc >> 8) ^ byte]!) & 0xffff;
  return crc % SLOTS;
}
