import { isReply } from './redis-line';

/** Reads settings of a server. The client of Redis does. */
export interface Configured {
  configGet(name: string): Promise<Record<string, unknown>>;
}

/** The share of the limit for subscribers that a packet may take: a server needs up to a quarter more memory for it. */
const OF_OUTPUT = 3 / 4;

/** The limit of a server with default settings, which cuts off a subscriber that is sent more than 32 MiB at once. */
export const UNKNOWN_LIMIT = 32 * 1024 * 1024 * OF_OUTPUT;

/** The bytes of a request beside the packet, at most. */
const AROUND = 4096;

/**
 * Resolves with the longest packet that a server takes, in bytes. A longer one would end connections: that of its publisher, by
 * `proto-max-bulk-len` and `client-query-buffer-limit`, or those of all subscribers, by `client-output-buffer-limit`. Some servers refuse
 * to tell their settings.
 */
export async function packetLimit(client: Configured): Promise<number> {
  const names = ['proto-max-bulk-len', 'client-query-buffer-limit', 'client-output-buffer-limit'];
  const [bulk, query, output] = await Promise.all(names.map((name) => setting(client, name)));
  return Math.min(
    // with the byte that says whether there is an offset
    numberIn(bulk) - 1,
    numberIn(query) - AROUND,
    numberIn(/pubsub (\d+)/.exec(output ?? '')?.[1]) * OF_OUTPUT,
    output === undefined ? UNKNOWN_LIMIT : Infinity,
  );
}

async function setting(client: Configured, name: string): Promise<string | undefined> {
  try {
    const { [name]: value } = await client.configGet(name);
    return typeof value === 'string' || Buffer.isBuffer(value) ? value.toString() : undefined;
  } catch (error) {
    if (isReply(error)) return undefined;
    throw error;
  }
}

/** 0 means that there is no limit. */
function numberIn(text: string | undefined): number {
  const number = Number(text ?? 0);
  return number > 0 ? number : Infinity;
}
