import { Contestant } from './contestant.mjs';
import { maxOpenFiles } from './proc.mjs';
import { median } from './stats.mjs';
import { workloads } from './workloads.mjs';
import { serverNamed } from '../servers/index.mjs';

/** Files of a process that are no connections. */
const OTHER_FILES = 100;

/** Runs a row, all its contestants in turn in each round. Resolves with its medians. */
export async function measureRow(row, plan) {
  const workload = workloads[row.workload];
  const contestants = contestantsOf(row, plan);
  checkFiles(contestants);
  const samples = contestants.map(() => []);
  try {
    for (const contestant of contestants) await workload.prepare(contestant, plan);
    for (let round = 0; round < (workload.fresh ? plan.freshRounds : plan.rounds); round++) {
      for (const [index, contestant] of contestants.entries()) {
        samples[index].push(await workload.sample(contestant, plan));
      }
    }
  } finally {
    for (const contestant of contestants) await contestant.stop();
  }
  if (plan.against !== undefined) return compare(row, workload.unit, contestants, samples);
  return summarise(row, workload.unit, contestants, samples);
}

/** Portal first, its peer second where it has one. */
function contestantsOf(row, { informative, profiles, against }) {
  const specs = [row.portal];
  if (against !== undefined) specs.push(...anotherTwice(row.portal, against));
  else if (row.peer !== undefined) specs.push(row.peer);
  if (informative) specs.push(...(row.also ?? []));
  const contestants = specs.map((spec) => new Contestant(row, spec, profiles));
  return contestants.filter(({ row: { server } }) => serverNamed(server) !== undefined);
}

/** The other build twice: how far it is from itself says what a difference means. */
function anotherTwice(spec, folder) {
  const own = typeof spec === 'string' ? { server: spec } : spec;
  return [
    { ...own, folder, label: 'the other build' },
    { ...own, folder, label: 'the other build again' },
  ];
}

function checkFiles(contestants) {
  const needed = OTHER_FILES + Math.max(...contestants.map(({ row }) => row.connections ?? 0));
  if (needed > maxOpenFiles()) throw new Error(`needs ${needed} open files (ulimit -n)`);
}

function summarise(row, unit, contestants, samples) {
  const { name, title, must, wanted } = row;
  const [portal, ...others] = columnsOf(contestants, samples);
  const peer = row.peer === undefined ? undefined : others.shift();
  const ratio = peer && median(ratios(portal, peer));
  const verdict = judge(row, ratio ?? portal.median);
  return { name, title, unit, portal, peer, ratio, must, wanted, verdict, also: others };
}

/** `must` is what the other build is from itself at most, in either direction. */
function compare({ name, title }, unit, contestants, samples) {
  const [portal, peer, again] = columnsOf(contestants, samples);
  const ratio = median(ratios(portal, peer));
  const must = Math.max(...ratios(again, peer).map((value) => Math.max(value, 1 / value)));
  return { name, title, unit, portal, peer, ratio, must, verdict: judge({ must }, ratio), also: [again] };
}

function columnsOf(contestants, samples) {
  return contestants.map(({ label }, index) => ({
    server: label,
    median: median(samples[index]),
    samples: samples[index],
  }));
}

/** Pair by pair: what disturbs the machine disturbs neighbours in time alike. */
function ratios(one, other) {
  return one.samples.map((value, round) => value / other.samples[round]);
}

/** `must` and `wanted` bound the ratio; where there is no peer, the value itself. */
function judge({ must, wanted }, figure) {
  if (must === undefined) return 'informative';
  if (figure > must) return 'MISSED';
  return wanted !== undefined && figure <= wanted ? 'wanted' : 'must';
}
