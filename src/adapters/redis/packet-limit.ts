import { isReply } from './redis-line';

/** Who can be asked for the settings of a server; the client of Redis is one. */
export interface Configured {
  configGet(name: string): Promise<Record<string, unknown>>;
}

/** Of its limit for subscribers, a packet may take so much: the memory that a server takes for it is up to a quarter more. */
const OF_OUTPUT = 3 / 4;

/** What a server allows that has its default settings: a subscriber that is sent more than 32 MiB at once is cut off. */
export const UNKNOWN_LIMIT = 32 * 1024 * 1024 * OF_OUTPUT;

/** What stands around a packet in a request. */
const AROUND = 4096;

/**
 * The longest packet that a server takes. A longer one would end connections: that of who publishes it, for `proto-max-bulk-len` and
 * `client-query-buffer-limit`, or those of all subscribers, for `client-output-buffer-limit`. Not every server lets itself be asked.
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
