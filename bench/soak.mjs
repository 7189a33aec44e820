import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LoadProcess, ServerProcess } from './lib/child.mjs';
import { maxOpenFiles, residentBytes } from './lib/proc.mjs';
import { soakChart } from './lib/soak-chart.mjs';
import { median } from './lib/stats.mjs';
import { serverNamed } from './servers/index.mjs';

const USAGE = `npm run soak -- [options]
  --minutes <n>       how long, after the warm-up (default 10)
  --connections <n>   each says something once a second (default 10000)
  --svg <file>        where memory and latency over time are drawn (default soak.svg)
  --any-latency       latency is printed, but fails nothing: for machines that others use too`;

const MAX_P99_MS = 50;
/** Bounds for the memory in use after garbage collection, and for resident memory. */
const MAX_GROWTH = 1.05;
const MAX_RESIDENT_GROWTH = 1.1;
/** Code that Node compiles meanwhile is not a leak. */
const COMPILED_BYTES = 1024 * 1024;

const EVERY_MS = 1000;
const SAMPLES = 120;
const MIN_WARM_UP_MS = 15_000;
const LAST_ANSWER_MS = 10_000;

const { values: flags } = parseArgs({
  options: {
    help: { type: 'boolean' },
    minutes: { type: 'string', default: '10' },
    connections: { type: 'string', default: '10000' },
    svg: { type: 'string', default: 'soak.svg' },
    'any-latency': { type: 'boolean', default: false },
  },
});

if (flags.help) console.log(USAGE);
else await soak(above0('minutes'), above0('connections'));

function above0(name) {
  const value = Number(flags[name]);
  if (value > 0) return value;
  throw new Error(`--${name} must be a number above 0, not ${flags[name]}`);
}

async function soak(minutes, connections) {
  if (maxOpenFiles() < connections + 100) {
    throw new Error(`${connections} connections need as many files, and a process here may open ${maxOpenFiles()}`);
  }
  const server = new ServerProcess('portal', serverNamed('portal-controller'), ['soak']);
  const load = new LoadProcess('load');
  try {
    const { port } = await server.next();
    await load.call('connect', { port, connections });
    await load.call('startSoak', { everyMs: EVERY_MS });
    const durationMs = minutes * 60_000;
    await sleep(Math.max(MIN_WARM_UP_MS, durationMs / 10));
    const before = await bytesInUse(server);
    await load.call('warmSoak');
    const samples = await watch(server, load, durationMs);
    const after = await bytesInUse(server);
    await load.call('stopSoak');
    const title = `${connections} connections, one message a second each, for ${minutes} minutes`;
    console.log(title);
    report({ samples, before, after, end: await lastAnswers(load) });
    writeFileSync(flags.svg, soakChart(samples, title));
  } finally {
    await load.stop();
    await server.stop();
  }
}

async function watch(server, load, durationMs) {
  const samples = [];
  const from = performance.now();
  for (let count = 1; count <= SAMPLES; count++) {
    await sleep(Math.max(0, from + (durationMs * count) / SAMPLES - performance.now()));
    const sample = await load.call('sampleSoak');
    const minutes = (performance.now() - from) / 60_000;
    samples.push({ ...sample, minutes, residentBytes: residentBytes(server.pid) });
  }
  return samples;
}

async function bytesInUse(server) {
  await server.collectGarbage();
  const { heapUsed, external } = await server.ask('memory');
  return heapUsed + external;
}

async function lastAnswers(load) {
  const from = performance.now();
  for (;;) {
    const sample = await load.call('sampleSoak');
    if (sample.answered === sample.sent || performance.now() - from > LAST_ANSWER_MS) return sample;
    await sleep(100);
  }
}

function report({ samples, before, after, end }) {
  const { overall } = samples.at(-1);
  const resident = samples.map((sample) => sample.residentBytes);
  const fifth = Math.ceil(resident.length / 5);
  const [first, last] = [resident.slice(0, fifth), resident.slice(-fifth)].map(median);
  judge(`messages without their answer, of ${end.sent}`, end.sent - end.answered, 0);
  judge('connections lost', end.lost, 0);
  judge('latency in ms, 99 %', overall.p99, flags['any-latency'] ? Infinity : MAX_P99_MS);
  tell('latency in ms, median', overall.p50);
  tell('latency in ms, 99.9 %', overall.p999);
  tell('latency in ms, worst', overall.max);
  const grown = (after - COMPILED_BYTES) / before;
  judge(`in use after collection, ${mib(before)} and ${mib(after)} MiB, growth less 1 MiB`, grown, MAX_GROWTH);
  judge(`resident, ${mib(first)} and ${mib(last)} MiB, growth`, last / first, MAX_RESIDENT_GROWTH);
}

function judge(what, value, most) {
  const holds = value <= most;
  if (!holds) process.exitCode = 1;
  tell(what, value, `${holds ? 'holds' : 'FAILS'}: at most ${most}`);
}

function tell(what, value, verdict = '') {
  console.log(`${what.padEnd(64)} ${String(Number(value.toFixed(3))).padStart(10)}  ${verdict}`);
}

function mib(bytes) {
  return (bytes / 1024 / 1024).toFixed(1);
}
