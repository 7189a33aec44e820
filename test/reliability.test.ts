import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const document = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8');

/** What stands below each attack or fault. */
const entries = document.split(/^### /m).slice(1);

const named = new Set(Array.from(document.matchAll(/`(test\/[\w./-]+)`/g), ([, path]) => path!));

test('each entry says what Portal does, has its test, and what was measured or seen', () => {
  expect(entries.length).toBeGreaterThan(30);
  for (const entry of entries) {
    expect(entry).toMatch(/^- Portal: \S/m);
    expect(entry).toMatch(/^- Tests?: `(test\/|npm run )/m);
    expect(entry).toMatch(/^- Measured: \S/m);
  }
});

test('the tests that it names exist', () => {
  expect([...named].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test.each(['test/security', 'test/faults'])('it names every test of %s', (folder) => {
  const tests = readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.test.ts'));
  expect(tests.filter((file) => !named.has(`${folder}/${file}`))).toEqual([]);
});
