// Large messages through a controller: CPU time in the median and in the worst round, full collections, and memory, with
// the heap of a small program and with an application's.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureLarge } from './lib/large.mjs';
import { checkMachine } from './lib/proc.mjs';
import { circumstances } from './lib/report.mjs';
import { largeRows } from './rows/large.mjs';

const USAGE = `npm run bench:large -- [options]     some 25 minutes
  --only <text>   measures rows whose name contains it; may be given several times
  --quick         one short round
  --out <file>    writes the results there`;

const OURS = { full: 10_000, quick: 3000 };
const PEERS = { full: 4000, quick: 2000 };

const { values: flags } = parseArgs({
  options: {
    help: { type: 'boolean' },
    only: { type: 'string', multiple: true, default: [''] },
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});

if (flags.help) console.log(USAGE);
else await run(flags.quick ? 'quick' : 'full');

async function run(mode) {
  checkMachine();
  const plan = {
    rounds: mode === 'quick' ? 1 : 3,
    warmUpMs: 1000,
    roundMsOf: ({ server }) => (server === 'portal-controller' ? OURS : PEERS)[mode],
  };
  const about = circumstances();
  const rows = [];
  for (const row of largeRows.filter(({ name }) => flags.only.some((part) => name.includes(part)))) {
    const servers = await measureLarge(row, plan);
    console.log(row.name);
    console.table(servers.map((server) => cells(server, servers, row)));
    rows.push({ name: row.name, servers });
  }
  if (flags.out !== undefined) writeFileSync(flags.out, `${JSON.stringify({ ...about, mode, rows }, null, 2)}\n`);
}

function cells({ server, median, worst, collections, externalMiB, residentMiB }, servers, row) {
  const against = (name) => {
    const peer = servers.find((other) => other.server === name);
    return peer === undefined ? '' : (worst / peer.median).toFixed(2);
  };
  return {
    server,
    'median ms': (median / 1000).toFixed(3),
    'worst ms': (worst / 1000).toFixed(3),
    'worst / ws': against(row.peer),
    'worst / ws+bufferutil': against('ws+bufferutil'),
    'full collections a second': collections?.toFixed(1) ?? '',
    'external MiB': externalMiB.toFixed(0),
    'resident MiB above the messages': residentMiB.toFixed(0),
  };
}
