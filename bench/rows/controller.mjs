const common = { workload: 'echo', bytes: 64, connections: 64, portal: 'portal-controller', peer: 'ws' };

export const controllerRows = [
  {
    ...common,
    name: 'controller-plain-1',
    title: 'controller, 64 B text echo, 1 in flight',
    scenario: 'echo-text',
    kind: 'text',
    inFlight: 1,
    also: ['portal-engine'],
  },
  {
    ...common,
    name: 'controller-plain-32',
    title: 'controller, 64 B text echo, 32 in flight',
    scenario: 'echo-text',
    kind: 'text',
    inFlight: 32,
    also: ['portal-engine'],
  },
  {
    name: 'boot-200',
    title: 'boot of 200 controllers with 5 handlers each',
    workload: 'boot',
    scenario: 'boot',
    portal: 'portal-boot',
    must: 300,
    wanted: 100,
  },
];
