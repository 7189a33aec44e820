import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');

interface Manifest {
  exports: Record<string, string | { types: string }>;
}

/** The emitted declarations, by path. */
function declarations(): { files: Map<string, string>; options: ts.CompilerOptions } {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, 'tsconfig.build.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, ' '));
      },
    },
  )!;
  const options = { ...config.options, emitDeclarationOnly: true, sourceMap: false, inlineSources: false };
  const files = new Map<string, string>();
  ts.createProgram(config.fileNames, options).emit(undefined, (path, text) => files.set(resolve(path), text));
  return { files, options: config.options };
}

/** A program whose sources are the declarations that users get. */
function publicProgram(entries: string[]): ts.Program {
  const { files, options } = declarations();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  const folders = new Set([...files.keys()].map(dirname));
  host.directoryExists = (path) => folders.has(resolve(path)) || ts.sys.directoryExists(path);
  host.fileExists = (path) => files.has(resolve(path)) || fileExists(path);
  host.readFile = (path) => files.get(resolve(path)) ?? readFile(path);
  host.getSourceFile = (path, target) => {
    const text = host.readFile(path);
    return text === undefined ? undefined : ts.createSourceFile(path, text, target);
  };
  return ts.createProgram(
    entries,
    { ...options, declaration: false, sourceMap: false, inlineSources: false, skipLibCheck: false, noEmit: true },
    host,
  );
}

// two programs are type-checked
jest.setTimeout(180_000);

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const entries = Object.entries(manifest.exports).flatMap(([name, at]): [string, string][] =>
  typeof at === 'string' ? [] : [[name, join(ROOT, at.types)]],
);

let program: ts.Program;

beforeAll(() => {
  program = publicProgram(entries.map(([, path]) => path));
});

test.each(entries)('the public names of %s', (name, path) => {
  const checker = program.getTypeChecker();
  const entry = checker.getSymbolAtLocation(program.getSourceFile(path)!)!;
  const names = checker.getExportsOfModule(entry).map((symbol) => symbol.name);
  const listed = JSON.parse(readFileSync(join(__dirname, 'public-names.json'), 'utf8')) as Record<string, string[]>;
  expect(names.sort()).toEqual(listed[name]);
});

test('the declarations that users get are whole without what is internal', () => {
  const wrong = ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file?.fileName.startsWith(join(ROOT, 'dist')) === true)
    .map(({ file, messageText }) => `${file!.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
  expect(wrong).toEqual([]);
});
