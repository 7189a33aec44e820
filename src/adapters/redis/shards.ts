/** A server of a Redis Cluster that takes writes. */
export interface Shard {
  readonly url: string;
  /** The first and the last slot of each range. */
  readonly ranges: readonly (readonly [number, number])[];
}

type Text = Buffer | string | null;

/** Reads the reply to CLUSTER SLOTS. `asked` is the URL of the server that sent it. The others take the same user and password. */
export function shardsIn(reply: unknown, asked: string): Shard[] {
  const shards = new Map<string, [number, number][]>();
  for (const [first, last, master] of reply as [number, number, [Text, number]][]) {
    const url = new URL(asked);
    // a server that does not know its own address leaves it out
    const host = master[0]?.toString() ?? '';
    if (host !== '' && host !== '?') url.hostname = host.includes(':') ? `[${host}]` : host;
    url.port = String(master[1]);
    const ranges = shards.get(url.href) ?? [];
    shards.set(url.href, ranges);
    ranges.push([first, last]);
  }
  return Array.from(shards, ([url, ranges]) => ({ url, ranges }));
}

/** Makes a text that is equal for equal shards. */
export function fingerprint(shards: readonly Shard[]): string {
  return shards
    .flatMap(({ url, ranges }) => ranges.map(([first, last]) => `${first}-${last} ${url}`))
    .sort()
    .join();
}
