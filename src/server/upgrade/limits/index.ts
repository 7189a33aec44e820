import type { ConnectionLimit } from './connection-limit';
import { maxConnections } from './max-connections';
import { maxConnectionsPerAddress } from './max-connections-per-address';

export type { ConnectionLimit };

/** All limits on connections, in the order in which they are checked. Their names and defaults are in `connection/limits.ts`. */
export const CONNECTION_LIMITS: readonly ConnectionLimit[] = [maxConnections, maxConnectionsPerAddress];
