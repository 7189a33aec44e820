import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Contestant } from './lib/contestant.mjs';
import { heapByHolder } from './lib/heap-snapshot.mjs';

const USAGE = `npm --prefix bench run idle-heap -- [options]: what one idle connection holds in its server's memory
  --connections <n>   default 2000
  --server <name>     one of servers/index.mjs that runs on Node, default portal-engine
  --scenario <name>   what the server is started for, default echo
  --from <bytes>      leaves out what holds less for each connection, default 1`;

const SETTLE_MS = 500;
/** Lines with fewer objects for each connection come from pools and tables, not from connections. */
const MIN_COUNT = 0.01;

const { values: flags } = parseArgs({
  options: {
    help: { type: 'boolean' },
    connections: { type: 'string', default: '2000' },
    server: { type: 'string', default: 'portal-engine' },
    scenario: { type: 'string', default: 'echo' },
    from: { type: 'string', default: '1' },
  },
});
const connections = Number(flags.connections);

if (flags.help) console.log(USAGE);
else await list();

async function list() {
  const folder = mkdtempSync(join(tmpdir(), 'idle-heap-'));
  let files = 0;
  const snapshot = async (server) => {
    const file = join(folder, `${files++}.heapsnapshot`);
    await server.ask(`snapshot ${file}`);
    return file;
  };
  try {
    // two servers, since a snapshot takes memory itself
    printUsage(...(await beforeAndAfter((server) => server.ask('memory'))));
    printHeap(...(await beforeAndAfter(snapshot)).map(heapByHolder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Measures a new server after its first connections have gone, and again when it has new ones. */
async function beforeAndAfter(take) {
  const { server: name, scenario } = flags;
  const contestant = new Contestant({ name: 'idle-heap', scenario, connections }, name);
  const settled = async () => {
    for (let times = 0; times < 2; times++) {
      await sleep(SETTLE_MS);
      await contestant.server.collectGarbage();
    }
    return take(contestant.server);
  };
  try {
    await contestant.start();
    await contestant.connect();
    await contestant.load.call('disconnect');
    const before = await settled();
    await contestant.connect();
    return [before, await settled()];
  } finally {
    await contestant.stop();
  }
}

/** `process.memoryUsage()` twice. */
function printUsage(before, after) {
  console.log(`${flags.server}, ${connections} idle connections, bytes for each of them\n`);
  for (const name of Object.keys(after)) {
    console.log(`${each(after[name] - before[name])}  ${name}`);
  }
}

function printHeap(before, after) {
  const lines = [];
  for (const description of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before, after].map((groups) => groups.get(description) ?? { count: 0, bytes: 0 });
    lines.push({ description, count: (is.count - was.count) / connections, bytes: is.bytes - was.bytes });
  }
  const native = ({ description }) => description.startsWith('native ');
  printLines(
    'in the heap',
    lines.filter((line) => !native(line)),
  );
  printLines('outside the heap, as far as Node tells', lines.filter(native));
}

/** `lines`: description, count for each connection, bytes of all. */
function printLines(title, lines) {
  console.log(`\n${title}:\n\n   bytes   count  what ← its holder`);
  const shown = lines.filter(
    ({ bytes, count }) => Math.abs(bytes) >= flags.from * connections && Math.abs(count) >= MIN_COUNT,
  );
  for (const { description, count, bytes } of shown.toSorted((a, b) => b.bytes - a.bytes)) {
    console.log(`${each(bytes)} ${count.toFixed(2).padStart(7)}  ${description}`);
  }
  const sum = (lines) => each(lines.reduce((total, { bytes }) => total + bytes, 0));
  console.log(`${sum(lines.filter((line) => !shown.includes(line)))}          all that is not shown`);
  console.log(`${sum(lines)}          total`);
}

function each(bytes) {
  return (bytes / connections).toFixed(1).padStart(8);
}
