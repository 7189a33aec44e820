const echo = {
  workload: 'echo',
  scenario: 'echo-text',
  kind: 'json',
  bytes: 1024,
  compressed: true,
  connections: 64,
  portal: 'portal-engine',
  peer: 'ws',
  also: ['bun'],
  must: 0.3,
  wanted: 0.12,
};

export const compressionRows = [
  { ...echo, name: 'echo-deflate-1', title: 'engine, compressed echo of 1 KiB of JSON, 1 in flight', inFlight: 1 },
  { ...echo, name: 'echo-deflate-32', title: 'engine, compressed echo of 1 KiB of JSON, 32 in flight', inFlight: 32 },
  {
    ...echo,
    name: 'memory-deflate-10000',
    title: 'resident memory of an idle connection that has exchanged one compressed message, 10,000 of them',
    workload: 'memory',
    connections: 10_000,
    must: 0.1,
    wanted: 0.04,
  },
];
