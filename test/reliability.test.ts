import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const document = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8');

/** Rows of the tables, by their cells. */
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (-+|what happens|attack) /.test(line))
  .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()));

const named = new Set(Array.from(document.matchAll(/`(test\/[\w./-]+)`/g), ([, path]) => path!));

test('each row has its test and what was measured or seen', () => {
  expect(rows.length).toBeGreaterThan(30);
  for (const cells of rows) {
    expect(cells).toHaveLength(4);
    expect(cells).not.toContain('');
    expect(cells[2]).toMatch(/`(test\/|npm run )/);
  }
});

test('the tests that it names exist', () => {
  expect([...named].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test.each(['test/security', 'test/faults'])('it names every test of %s', (folder) => {
  const tests = readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.test.ts'));
  expect(tests.filter((file) => !named.has(`${folder}/${file}`))).toEqual([]);
});
