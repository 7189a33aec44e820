import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const document = readFileSync(join(__dirname, '../../docs/conformance.md'), 'utf8');

/** An entry such as "- **5.1** Mask no frame of the server. `section-5-framing.test.ts`: `5.1 the server masks no frame`". */
const ENTRY = /^- \*\*([\d., to]+)\*\* (.+)\. `([\w-]+[.]test[.]ts)`: `(.+)`$/;

/** The entries of all lists with a section or case in bold, each in one line. */
const lines = document.replaceAll(/\n +/g, ' ').split('\n');
const entries = lines.filter((line) => line.startsWith('- **'));

const named = entries.map((line) => {
  const [, , , file, name] = ENTRY.exec(line) ?? [];
  return `${file} ${name}`;
});

/** Names of the tests in a file; for `test.each` the part before the parameters. */
function testsIn(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(__dirname, file), 'utf8'), ts.ScriptTarget.ES2022, true);
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node)) return;
    const [name] = node.arguments;
    const callee = ts.isCallExpression(node.expression) ? node.expression.expression : node.expression;
    if (/^test(\.each)?$/.test(callee.getText()) && name !== undefined && ts.isStringLiteralLike(name)) {
      names.push(name.text.replace(/: [^:]*%.*$/, ''));
    }
  };
  visit(source);
  return names;
}

const files = readdirSync(__dirname).filter((file) => file.endsWith('.test.ts') && file !== 'table.test.ts');
const existing = files.flatMap((file) => testsIn(file).map((name) => `${file} ${name}`));

test('the list and the tests are found', () => {
  expect(entries.length).toBeGreaterThan(100);
  expect(existing.length).toBeGreaterThan(100);
});

test('each entry has its section, its demand, a file and a test', () => {
  expect(entries.filter((line) => !ENTRY.test(line))).toEqual([]);
});

test('each test in the list exists', () => {
  expect(named.filter((name) => !existing.includes(name))).toEqual([]);
});

test('each test is in the list', () => {
  expect(existing.filter((name) => !named.includes(name))).toEqual([]);
});

test('each test begins with the number of its section, and no two of a file have one name', () => {
  expect(existing.filter((name) => !/^\S+ \d+(\.\d+)* \S/.test(name))).toEqual([]);
  expect(existing.filter((name, index) => existing.indexOf(name) !== index)).toEqual([]);
});
