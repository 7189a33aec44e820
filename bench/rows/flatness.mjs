const engine = { server: 'portal-engine' };
const many = { connections: 10_000 };
const few = { connections: 10 };

const common = {
  workload: 'echo',
  scenario: 'echo',
  kind: 'binary',
  bytes: 64,
  inFlight: 1,
  window: 10,
  portal: { ...engine, ...many, label: 'engine with 10,000' },
  peer: { ...engine, ...few, label: 'engine with 10' },
};

/** The engine against itself: cost must grow with the work and nothing else. */
export const flatnessRows = [
  { ...common, name: 'flatness', title: 'engine, 64 B echo on 10 of 10,000 connections against 10 of 10', must: 1.15 },
  {
    ...common,
    name: 'flatness-spread',
    title: 'engine, 64 B echo, 10 at a time in turn over 10,000 connections against 10',
    spread: true,
    also: [
      { server: 'ws', label: 'ws with 10,000', ...many },
      { server: 'ws', label: 'ws with 10', ...few },
    ],
  },
];
