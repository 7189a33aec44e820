import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chart } from './lib/chart.mjs';
import { profileName } from './lib/contestant.mjs';
import { measureRow } from './lib/measure.mjs';
import { checkMachine } from './lib/proc.mjs';
import { hottest } from './lib/profile.mjs';
import { circumstances, table } from './lib/report.mjs';
import { rows } from './rows/index.mjs';

const USAGE = `npm run bench -- [options]
  --list              names the rows
  --only <row>        measures this row only; may be given several times
  --against <folder>  measures another build of Portal in place of the peers, twice: the ratio must be within what that
                      build is from itself. The folder is a checkout with its packages, built
  --quick             fewer and shorter rounds, Portal and its peer only: for a first impression
  --profile           writes CPU profiles of Portal and its peer to bench/profiles, and prints Portal's hottest functions
  --out <file>        writes the results there; a full run without it writes bench/results.json
                      and docs/performance.svg`;

const PLANS = {
  full: { warmUpMs: 1500, roundMs: 1000, rounds: 5, freshRounds: 5, informative: true },
  quick: { warmUpMs: 300, roundMs: 150, rounds: 3, freshRounds: 1, informative: false },
};

const pathOf = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const PROFILES = pathOf('profiles');

const { values: flags } = parseArgs({
  options: {
    help: { type: 'boolean' },
    list: { type: 'boolean' },
    only: { type: 'string', multiple: true },
    against: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});

if (flags.help) {
  console.log(USAGE);
} else if (flags.list) {
  for (const { name, title } of rows) console.log(`${name.padEnd(22)} ${title}`);
} else {
  await run(chosenRows());
}

function chosenRows() {
  if (flags.only === undefined) return rows;
  return flags.only.map((name) => {
    const row = rows.find((row) => row.name === name);
    if (row === undefined) throw new Error(`there is no row ${name}; --list names them`);
    return row;
  });
}

async function run(chosen) {
  checkMachine();
  const mode = flags.quick ? 'quick' : 'full';
  const plan = { ...PLANS[mode] };
  if (flags.profile) Object.assign(plan, { informative: false, profiles: PROFILES });
  if (flags.against !== undefined) Object.assign(plan, { informative: false, against: resolve(flags.against) });
  const about = circumstances();
  const results = [];
  for (const row of chosen) {
    process.stderr.write(`${row.name} … `);
    try {
      const result = await measureRow(row, plan);
      results.push(result);
      process.stderr.write(`${result.verdict}\n`);
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`failed: ${error.message}\n`);
    }
  }
  console.log(`\n${table(results)}\n`);
  if (flags.profile) results.forEach(printProfile);
  const complete = mode === 'full' && flags.only === undefined && !flags.profile && flags.against === undefined;
  const file = flags.out ?? (complete ? pathOf('results.json') : undefined);
  if (file !== undefined) writeFileSync(file, `${JSON.stringify({ ...about, mode, rows: results }, null, 2)}\n`);
  if (complete) writeFileSync(pathOf('../docs/performance.svg'), chart(results));
}

function printProfile({ name, portal }) {
  console.log(`${name}, time of their own of Portal's functions:`);
  console.log(`${hottest(join(PROFILES, profileName(name, portal.server))).join('\n')}\n`);
}
