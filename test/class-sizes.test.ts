import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOMS = ['protocol', 'transport', 'connection', 'server'];

const MAX_LINES = 250;
const MAX_MUTABLE_FIELDS = 12;
const MAX_INTERFACES = 3;

/** A sentence of the class's doc comment that begins so says why the class may have more lines or fields. */
const REASON = /\bLarge because\b/;

interface ClassSize {
  readonly name: string;
  readonly lines: number;
  readonly mutableFields: number;
  readonly interfaces: number;
  readonly reason: boolean;
}

const isReadonly = (node: ts.PropertyDeclaration | ts.ParameterDeclaration): boolean =>
  node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword) === true;

function sizeOf(node: ts.ClassLikeDeclaration, source: ts.SourceFile): ClassSize {
  const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const properties = node.members.filter(ts.isPropertyDeclaration);
  const parameters = node.members
    .filter(ts.isConstructorDeclaration)
    .flatMap((member) => member.parameters.filter((each) => ts.isParameterPropertyDeclaration(each, member)));
  const implemented = node.heritageClauses?.filter(({ token }) => token === ts.SyntaxKind.ImplementsKeyword) ?? [];
  return {
    name: node.name?.text ?? 'a class without a name',
    lines: lineAt(node.end) - lineAt(node.getStart(source)) + 1,
    mutableFields: [...properties, ...parameters].filter((field) => !isReadonly(field)).length,
    interfaces: implemented.flatMap(({ types }) => [...types]).length,
    reason: REASON.test(
      ts
        .getJSDocCommentsAndTags(node)
        .map((doc) => doc.getText(source))
        .join(),
    ),
  };
}

function classesIn(file: string, text: string): ClassSize[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found: ClassSize[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) found.push(sizeOf(node, source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function faultsOf({ name, lines, mutableFields, interfaces, reason }: ClassSize): string[] {
  const faults: string[] = [];
  if (lines > MAX_LINES && !reason) faults.push(`${name} has ${lines} lines`);
  if (mutableFields > MAX_MUTABLE_FIELDS && !reason) faults.push(`${name} has ${mutableFields} mutable fields`);
  if (interfaces > MAX_INTERFACES) faults.push(`${name} implements ${interfaces} interfaces`);
  return faults;
}

const filesOf = (room: string): string[] =>
  readdirSync(join(__dirname, '../src', room), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(room, file));

test.each(ROOMS.flatMap(filesOf))('the classes of src/%s are small, or say why not', (file) => {
  const text = readFileSync(join(__dirname, '../src', file), 'utf8');
  expect(classesIn(file, text).flatMap(faultsOf)).toEqual([]);
});

test('lines, mutable fields and interfaces are counted; a reason excuses the first two', () => {
  const fields = Array.from({ length: 12 }, (_, n) => `  private f${n} = 0;`).join('\n');
  const body = `class Much implements A, B, C, D {
${fields}
  readonly fixed = 0;
  constructor(private more: number, private readonly less: number, other: number) {}
${'\n'.repeat(240)}}`;
  const faults = (doc: string): string[] => classesIn('much.ts', `${doc}\n${body}`).flatMap(faultsOf);
  expect(faults('/** Does much. */')).toEqual([
    'Much has 256 lines',
    'Much has 13 mutable fields',
    'Much implements 4 interfaces',
  ]);
  expect(faults('/** Does much. Large because it must. */')).toEqual(['Much implements 4 interfaces']);
});
