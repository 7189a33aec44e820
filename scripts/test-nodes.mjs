// Runs all tests on each major version of Node, with raw sockets and with sockets as streams. Arguments go to jest.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const MAJORS = [20, 22, 24];
const PATHS = { fast: undefined, fallback: '1' };

const root = dirname(import.meta.dirname);
const folder = join(root, 'node_modules/.cache/nodes');

installNodes();
const runs = MAJORS.flatMap((major) => Object.keys(PATHS).map((path) => run(major, path)));
console.table(runs);
process.exitCode = runs.every(({ result }) => result === 'passed') ? 0 : 1;

function installNodes() {
  const packages = MAJORS.map((major) => `node${major}@npm:node-${process.platform}-${process.arch}@${major}`);
  mkdirSync(folder, { recursive: true });
  npm(['install', '--no-save', '--ignore-scripts', '--no-audit', '--prefix', folder, ...packages]);
}

/** Runs npm. Returns its output; warnings are shown only when it fails. */
function npm(args, options) {
  return execFileSync('npm', args, { ...options, encoding: 'utf8', stdio: 'pipe' });
}

function run(major, path) {
  const PATH = join(folder, `node_modules/node${major}/bin`) + delimiter + process.env.PATH;
  const options = { cwd: root, env: { ...process.env, PATH, PORTAL_STREAM_SOCKETS: PATHS[path] } };
  const node = npm(['exec', '--call', 'node --version'], options).trim();
  if (!node.startsWith(`v${major}.`)) throw new Error(`npm runs Node ${node} in place of ${major}`);

  process.stdout.write(`Node ${node}, ${path}: `);
  const [log, report] = ['log', 'json'].map((type) => join(folder, `${major}-${path}.${type}`));
  rmSync(report, { force: true });
  const output = openSync(log, 'w');
  const start = performance.now();
  const jest = ['--json', `--outputFile=${report}`, ...process.argv.slice(2)];
  const { status } = spawnSync('npx', ['jest', ...jest], { ...options, stdio: ['ignore', output, output] });
  const seconds = Math.round((performance.now() - start) / 1000);

  const result = status === 0 ? 'passed' : 'failed';
  console.log(status === 0 ? `passed in ${seconds} s` : `failed in ${seconds} s, see ${log}`);
  return { node, path, result, ...counts(report), seconds };
}

/** Counts as passed/failed/skipped; empty where jest wrote no report. */
function counts(report) {
  if (!existsSync(report)) return {};
  const results = JSON.parse(readFileSync(report, 'utf8'));
  const of = (kind) => ['Passed', 'Failed', 'Pending'].map((state) => results[`num${state}${kind}`]).join('/');
  return { 'suites passed/failed/skipped': of('TestSuites'), 'tests passed/failed/skipped': of('Tests') };
}
