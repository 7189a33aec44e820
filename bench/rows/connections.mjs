const common = { scenario: 'echo', portal: 'portal-engine', peer: 'ws', also: ['bun'] };

export const connectionRows = [
  {
    ...common,
    name: 'memory-idle-10000',
    title: 'resident memory of an idle connection, 10,000 of them',
    workload: 'memory',
    connections: 10_000,
    must: 1,
    wanted: 0.7,
  },
  {
    ...common,
    name: 'handshakes',
    title: 'connect, upgrade and close, 32 at a time',
    workload: 'handshakes',
    lanes: 32,
    // a handshake runs through much code, and a second holds few of them
    warmUpMs: 2000,
    must: 1,
    wanted: 0.8,
  },
];
