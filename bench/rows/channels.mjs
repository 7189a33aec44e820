const common = { workload: 'broadcast', kind: 'binary', bytes: 64, portal: 'portal-channels', peer: 'ws' };
const thousand = { ...common, scenario: 'publish', connections: 1000 };

/** Channels, against the loop that people write with ws; and many channels against few. */
export const channelRows = [
  { ...thousand, name: 'publish-1000', title: 'channel, publish 64 B to 1,000 subscribers', together: 1, must: 0.7 },
  {
    ...thousand,
    name: 'publish-1000x16',
    title: 'channel, 16 publishes of 64 B to 1,000 subscribers that arrive together',
    together: 16,
    must: 0.15,
    wanted: 0.06,
  },
  {
    ...common,
    name: 'publish-channels',
    title: 'publish 64 B to one of 100,000 channels of 10 subscribers each, against a single channel',
    connections: 10,
    together: 1,
    portal: { server: 'portal-channels', scenario: 'publish-100000', label: '100,000 channels' },
    peer: { server: 'portal-channels', scenario: 'publish', label: '1 channel' },
    must: 1.15,
  },
];
