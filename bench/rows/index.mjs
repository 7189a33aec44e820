import { broadcastRows } from './broadcast.mjs';
import { channelRows } from './channels.mjs';
import { compressionRows } from './compression.mjs';
import { connectionRows } from './connections.mjs';
import { controllerRows } from './controller.mjs';
import { echoRows } from './echo.mjs';
import { eventRows } from './events.mjs';
import { flatnessRows } from './flatness.mjs';
import { largeRows } from './large.mjs';

/**
 * All rows, in the order of the table. A row is data:
 *
 * - `name`, `title`
 * - `workload`: one of `lib/workloads.mjs`, and the numbers that it asks for
 * - `scenario`: what the servers do with a message
 * - `inApplication`: true for the heap of an application around it
 * - its message: `kind` (one of `load/payloads.mjs`), `bytes`, `compressed` (permessage-deflate, each way)
 * - `portal`, `peer`, `also`: names of `servers/index.mjs`, or `{ label, server, … }` with numbers of their own;
 *   `also` are measured for information
 * - `speaks`: one of `load/dialects.mjs`, where a server wants more than WebSocket
 * - `warmUpMs`: in place of the plan's
 * - `must`, `wanted`: upper bounds of portal / peer, or of the value itself where there is no peer
 */
export const rows = [
  ...echoRows,
  ...compressionRows,
  ...controllerRows,
  ...eventRows,
  ...broadcastRows,
  ...channelRows,
  ...connectionRows,
  ...flatnessRows,
  // `large.mjs` measures all of them
  ...largeRows.filter(({ connections, bytes }) => connections === 4 && bytes >= 1024 * 1024),
];
