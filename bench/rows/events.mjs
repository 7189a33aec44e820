const common = { workload: 'echo', connections: 64, portal: 'portal-events', peer: 'nest' };
const plain = { ...common, scenario: 'event', kind: 'event', bytes: 64 };
const validated = { ...common, scenario: 'note', kind: 'note' };

export const eventRows = [
  {
    ...plain,
    name: 'event-1',
    title: 'controller, event with 64 B of text echoed, 1 in flight',
    inFlight: 1,
    must: 0.45,
    wanted: 0.35,
  },
  {
    ...plain,
    name: 'event-32',
    title: 'controller, event with 64 B of text echoed, 32 in flight',
    inFlight: 32,
    must: 0.15,
    wanted: 0.1,
  },
  {
    ...validated,
    name: 'event-validated-1',
    title: 'controller, event with a validated DTO of 4 properties echoed, 1 in flight',
    inFlight: 1,
    must: 0.6,
    wanted: 0.4,
  },
  {
    ...validated,
    name: 'event-validated-32',
    title: 'controller, event with a validated DTO of 4 properties echoed, 32 in flight',
    inFlight: 32,
    must: 0.4,
    wanted: 0.2,
  },
];
