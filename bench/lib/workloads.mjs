import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from './proc.mjs';

const SETTLE_MS = 500;
/** Connections that come and go before memory is measured, so that code and pools exist already. */
const FOREGOERS = 200;
/** Connections that exchange a message at a time before memory is measured, so that their peaks are not. */
const LANES = 16;

/** A server that stays up from round to round: connected and warmed up once. */
function lasting(unit, method, optionsOf, { connects = true } = {}) {
  const sample = (contestant, durationMs) =>
    contestant.cpuPerUnit(method, { durationMs, ...optionsOf(contestant.row, contestant.facts) });
  return {
    unit,
    async prepare(contestant, { warmUpMs }) {
      await contestant.start();
      if (connects) {
        await contestant.connect();
        await contestant.prepare();
      }
      await sample(contestant, contestant.row.warmUpMs ?? warmUpMs);
    },
    sample: (contestant, { roundMs }) => sample(contestant, roundMs),
  };
}

/** A new server for each sample. */
function fresh(unit, measure) {
  return {
    unit,
    fresh: true,
    prepare: async () => {},
    async sample(contestant) {
      try {
        await contestant.start();
        return await measure(contestant);
      } finally {
        await contestant.stop();
      }
    },
  };
}

async function memoryPerConnection(contestant) {
  const { server, load, row } = contestant;
  const settled = async () => {
    for (let times = 0; times < 2; times++) {
      await sleep(SETTLE_MS);
      await server.collectGarbage();
    }
    return residentBytes(server.pid);
  };
  const connect = async (connections) => {
    await contestant.connect(connections);
    if (row.kind === undefined) return;
    await contestant.prepare();
    await load.call('once', { lanes: LANES });
  };
  await connect(FOREGOERS);
  await load.call('disconnect');
  const before = await settled();
  await connect(row.connections);
  return ((await settled()) - before) / row.connections / 1024;
}

/** All workloads. A row names its workload and gives it the numbers it needs. */
export const workloads = {
  /** A message, connections, inFlight; `window`: connections at work, all when absent; `spread`: in turn over all. */
  echo: lasting('µs CPU/message', 'echo', ({ inFlight, connections, window = connections, spread = false }) => ({
    inFlight,
    window,
    spread,
  })),
  /** A message, connections, together (messages in one packet). */
  broadcast: lasting('µs CPU/delivery', 'broadcast', ({ together }) => ({ together })),
  /** lanes (connections at a time). */
  handshakes: lasting('µs CPU/handshake', 'handshakes', ({ lanes }, { port }) => ({ lanes, port }), {
    connects: false,
  }),
  /** connections; with a message, each of them exchanges it once. */
  memory: fresh('KiB/connection', memoryPerConnection),
  /** A value that the server reports itself. */
  boot: fresh('ms', async ({ facts }) => facts.bootMs),
};
