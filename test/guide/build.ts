import { transformSync } from 'esbuild';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import ts from 'typescript';
import { isModule, type Block, type Page } from './pages';

const ROOT = join(__dirname, '../..');

/** The modules of all pages, compiled into a folder of their own. */
export interface Build {
  /** What the compiler has to say, as `guards.md:12: …`. */
  readonly errors: readonly string[];
  /** Where the compiled module is. */
  pathOf(block: Block): string;
  remove(): void;
}

/** Checks all modules of all pages in one program, with the settings that the guide tells its readers to use. */
export function build(pages: readonly Page[], compilerOptions: unknown): Build {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'portal-guide-')));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const sourceOf = ({ page, file }: Block): string => join(folder, 'source', page, file);
  const pathOf = ({ page, file }: Block): string => join(folder, 'compiled', page, file.replace(/\.ts$/, '.js'));
  const blocks = new Map<string, { page: Page; block: Block }>();
  for (const page of pages) {
    for (const block of page.blocks.filter(isModule)) {
      const source = sourceOf(block);
      // as many lines before it as in the page, so that the compiler counts like the reader
      write(source, '\n'.repeat(block.line - 1) + block.code);
      blocks.set(source, { page, block });
    }
  }
  const program = ts.createProgram([...blocks.keys()], optionsFrom(compilerOptions));
  const errors = program.getOptionsDiagnostics().map((diagnostic) => textOf(diagnostic));
  for (const [source, { page, block }] of blocks) {
    const file = program.getSourceFile(source)!;
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    errors.push(...diagnostics.map((diagnostic) => `${placeOf(block, diagnostic)}: ${textOf(diagnostic)}`));
    if (page.withoutTypes) write(pathOf(block), eraseTypes(block));
    else program.emit(file, (_name, text) => write(pathOf(block), text));
  }
  return { errors, pathOf, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function optionsFrom(json: unknown): ts.CompilerOptions {
  const { options, errors } = ts.convertCompilerOptionsFromJson(json, ROOT);
  if (errors.length > 0) throw new Error(errors.map(textOf).join('\n'));
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: { paths: Record<string, string[]> } };
  };
  const sources = Object.entries(config.compilerOptions.paths);
  return {
    ...options,
    rootDir: parse(ROOT).root,
    outDir: join(ROOT, 'dist'),
    typeRoots: [join(ROOT, 'node_modules/@types')],
    types: [...(options.types ?? []), 'jest'],
    paths: Object.fromEntries(sources.map(([entry, files]) => [entry, files.map((file) => join(ROOT, file))])),
    moduleDetection: ts.ModuleDetectionKind.Force,
    noUnusedLocals: true,
    skipLibCheck: true,
    allowJs: true,
  };
}

/** As tsx does it. */
function eraseTypes({ code }: Block): string {
  const tsconfigRaw = { compilerOptions: { experimentalDecorators: true, emitDecoratorMetadata: true } };
  return transformSync(code, { loader: 'ts', format: 'cjs', target: 'es2022', tsconfigRaw }).code;
}

function placeOf({ page, line }: Block, { file, start }: ts.Diagnostic): string {
  const at = file === undefined || start === undefined ? line : file.getLineAndCharacterOfPosition(start).line + 1;
  return `docs/guide/${page}:${at}`;
}

function textOf({ messageText }: ts.Diagnostic): string {
  return ts.flattenDiagnosticMessageText(messageText, '\n');
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
