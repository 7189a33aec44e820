const common = {
  workload: 'broadcast',
  scenario: 'broadcast',
  kind: 'binary',
  bytes: 64,
  connections: 1000,
  portal: 'portal-engine',
  peer: 'ws',
  also: ['bun', 'floor'],
};

export const broadcastRows = [
  { ...common, name: 'broadcast-1000', title: 'publish 64 B to 1,000', together: 1, must: 0.7, wanted: 0.5 },
  {
    ...common,
    name: 'broadcast-1000x16',
    title: 'publish 64 B to 1,000, 16 publishes that arrive together',
    together: 16,
    must: 0.15,
    wanted: 0.06,
  },
];
