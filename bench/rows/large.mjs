const SIZES = { '64k': 64 * 1024, '1m': 1024 * 1024, '16m': 16 * 1024 * 1024 };
const SCENARIOS = { binary: 'echo', text: 'echo-text' };
const CONNECTIONS = [4, 64];

const common = { workload: 'echo', inFlight: 1, portal: 'portal-controller', peer: 'ws' };
const application = { label: 'in an application', server: 'portal-controller', inApplication: true };

/** Messages of `large.mjs`: each size as bytes and as text, on a few connections and on many. */
export const largeRows = Object.entries(SIZES).flatMap(([size, bytes]) =>
  Object.entries(SCENARIOS).flatMap(([kind, scenario]) =>
    CONNECTIONS.map((connections) => ({
      ...common,
      name: `large-${kind}-${size}-${connections}`,
      title: `controller, ${size} ${kind} echo, ${connections} connections, 1 in flight`,
      scenario,
      kind,
      bytes,
      connections,
      must: 0.4,
      wanted: 0.25,
      also: [application, 'portal-engine', 'ws+bufferutil', 'bun'],
    })),
  ),
);
