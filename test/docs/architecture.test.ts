import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');
const SRC = join(ROOT, 'src');

const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
const names = [...new Set(Array.from(page.matchAll(/`([^`\n]+)`/g), ([, name]) => name!))];

const functions = new Set<string>();
/** The members of each class and interface, by its name; none for an alias. */
const types = new Map<string, Set<string>>();

for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.ts')) readSource(readFileSync(join(SRC, file), 'utf8'));
}

function readSource(text: string): void {
  for (const statement of ts.createSourceFile('', text, ts.ScriptTarget.ES2022).statements) {
    if (ts.isFunctionDeclaration(statement)) functions.add(statement.name!.text);
    if (ts.isTypeAliasDeclaration(statement))
      types.set(statement.name.text, types.get(statement.name.text) ?? new Set());
    if (!ts.isClassDeclaration(statement) && !ts.isInterfaceDeclaration(statement)) continue;
    const members = types.get(statement.name!.text) ?? new Set();
    types.set(statement.name!.text, members);
    for (const { name } of statement.members) if (name !== undefined && ts.isIdentifier(name)) members.add(name.text);
  }
}

const unknown = (pattern: RegExp, isKnown: (match: RegExpExecArray) => boolean): string[] =>
  names.filter((name) => {
    const match = pattern.exec(name);
    return match !== null && !isKnown(match);
  });

test('each file and folder that docs/architecture.md names exists', () => {
  expect(unknown(/^[\w/-]+[.](ts|cjs)$/, ([path]) => [SRC, ROOT].some((root) => existsSync(join(root, path))))).toEqual(
    [],
  );
  expect(unknown(/^[\w/-]+\/$/, ([path]) => [SRC, ROOT].some((root) => existsSync(join(root, path))))).toEqual([]);
});

test('each function(), Class and Class.method that docs/architecture.md names is in src', () => {
  expect(names.filter((name) => name.endsWith('()')).length).toBeGreaterThan(20);
  expect(unknown(/^(\w+)\(\)$/, ([, name]) => functions.has(name!))).toEqual([]);
  expect(unknown(/^([A-Z][a-z]\w+)$/, ([, name]) => types.has(name!))).toEqual([]);
  expect(unknown(/^([A-Z]\w+)[.](\w+)$/, ([, type, member]) => types.get(type!)?.has(member!) === true)).toEqual([]);
});

test('each room has a row in docs/architecture.md', () => {
  const rooms = readdirSync(SRC, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  expect(rooms.filter((room) => !page.includes(`| \`${room}/\``))).toEqual([]);
});
