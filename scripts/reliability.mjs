// Runs the tests of docs/reliability.md at the sizes that the page names, and prints what they measured. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const TESTS = ['test/security', 'test/faults', 'test/binding/robustness', 'test/streams/memory'];

const chosen = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'portal-figures-'));
const file = join(folder, 'figures');
const { status } = spawnSync('npx', ['jest', '--runInBand', ...(chosen.length > 0 ? chosen : TESTS)], {
  cwd: dirname(import.meta.dirname),
  env: { ...process.env, PORTAL_FIGURES: file },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const figures = existsSync(file)
  ? readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];
rmSync(folder, { recursive: true });
for (const { row, measured } of figures) console.log(`${row}\n    ${measured}`);
process.exitCode = status ?? 1;
