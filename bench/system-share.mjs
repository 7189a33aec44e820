// The kernel's share of a row's CPU time, which no server in user space can save.
import { setTimeout as sleep } from 'node:timers/promises';
import { Contestant } from './lib/contestant.mjs';
import { cpuSplitMicroseconds } from './lib/proc.mjs';
import { median } from './lib/stats.mjs';
import { serverNamed } from './servers/index.mjs';
import { rows } from './rows/index.mjs';

const SERVERS = ['portal-engine', 'floor', 'bun', 'ws'].filter((name) => serverNamed(name) !== undefined);
const ROUNDS = 5;
const ROUND_MS = 1500;
/** Milliseconds for the server to come to rest, so that its counters are exact. */
const REST_MS = 50;

const WORK = {
  'echo-binary-64-1': ['echo', { inFlight: 1, window: 64, spread: false }],
  'broadcast-1000': ['broadcast', { together: 1 }],
};

for (const [name, [method, options]] of Object.entries(WORK)) {
  const row = rows.find((row) => row.name === name);
  const contestants = SERVERS.map((server) => new Contestant(row, server));
  const samples = contestants.map(() => []);
  const work = (contestant) => contestant.load.call(method, { durationMs: ROUND_MS, ...options });
  for (const contestant of contestants) {
    await contestant.start();
    await contestant.connect();
    await contestant.prepare();
    await work(contestant);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, contestant] of contestants.entries()) {
      await sleep(REST_MS);
      const before = cpuSplitMicroseconds(contestant.server.pid);
      const count = await work(contestant);
      await sleep(REST_MS);
      const after = cpuSplitMicroseconds(contestant.server.pid);
      samples[index].push({ user: (after.user - before.user) / count, system: (after.system - before.system) / count });
    }
  }
  for (const contestant of contestants) await contestant.stop();
  const of = (index, part) => median(samples[index].map((sample) => sample[part]));
  const ws = SERVERS.length - 1;
  const total = of(ws, 'user') + of(ws, 'system');
  console.log(name);
  console.table(
    SERVERS.map((server, index) => ({
      server,
      'user µs': of(index, 'user').toFixed(2),
      'system µs': of(index, 'system').toFixed(2),
      'of ws': ((of(index, 'user') + of(index, 'system')) / total).toFixed(3),
      'system alone, of ws': (of(index, 'system') / total).toFixed(3),
    })),
  );
}
