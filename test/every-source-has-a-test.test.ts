import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '..');

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'));

/** Names of other files, or decorators, which the tests of binding use one and all. */
const isExempt = (file: string): boolean =>
  /(^|\/)index\.ts$|^engine\.ts$/.test(file) || file.startsWith('decorators/');

const ERASED = new Set([
  ts.SyntaxKind.InterfaceDeclaration,
  ts.SyntaxKind.TypeAliasDeclaration,
  ts.SyntaxKind.ImportDeclaration,
]);

/** Whether nothing of the file is left when its types are erased. */
function hasTypesOnly(file: string): boolean {
  const source = readFileSync(join(root, 'src', file), 'utf8');
  return ts.createSourceFile(file, source, ts.ScriptTarget.ES2022).statements.every(({ kind }) => ERASED.has(kind));
}

const sources = filesIn('src').filter((file) => !isExempt(file) && !hasTypesOnly(file));

test('the sources are found', () => {
  expect(sources).toContain('protocol/frame-parser.ts');
  expect(sources).not.toContain('connection/observer.ts');
});

test.each(sources)('src/%s has its test', (file) => {
  const path = `test/${file.replace(/\.ts$/, '.test.ts')}`;
  if (!existsSync(join(root, path))) throw new Error(`write ${path}`);
});
