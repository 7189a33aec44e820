import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const document = readFileSync(join(__dirname, '../../docs/conformance.md'), 'utf8');

/** The cells of all rows of all tables, without headings and separators. */
const rows = document
  .split('\n')
  .filter(
    (line, index, lines) =>
      line.startsWith('|') && !/^\|[ :-]+\|/.test(line) && !/^\|[ :-]+\|/.test(lines[index + 1] ?? ''),
  )
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

const named = rows.map((cells) => `${cells.at(-2)} ${cells.at(-1)!.replace(/^`(.*)`$/, '$1')}`);

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

test('the table and the tests are found', () => {
  expect(rows.length).toBeGreaterThan(100);
  expect(existing.length).toBeGreaterThan(100);
});

test('no cell of the table is empty', () => {
  expect(rows.filter((cells) => cells.length !== 4 || cells.includes(''))).toEqual([]);
});

test('each test in the table exists', () => {
  expect(named.filter((name) => !existing.includes(name))).toEqual([]);
});

test('each test is in the table', () => {
  expect(existing.filter((name) => !named.includes(name))).toEqual([]);
});

test('each test begins with the number of its section, and no two of a file have one name', () => {
  expect(existing.filter((name) => !/^\S+ \d+(\.\d+)* \S/.test(name))).toEqual([]);
  expect(existing.filter((name, index) => existing.indexOf(name) !== index)).toEqual([]);
});
