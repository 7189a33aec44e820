import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type ts from 'typescript';

const ROOT = join(__dirname, '../..');

/** A cache of compiled files, by the hash of their source and of this file, which all test files share. */
const CACHE = join(ROOT, 'node_modules/.cache/compiled');
const SELF = readFileSync(__filename);

/** The samples and Portal as JavaScript in a folder of their own, for a process without ts-jest. */
export interface CompiledSamples {
  /** Absolute path of a compiled file of `samples/`. */
  path(file: string): string;
  /** Environment variables that the process needs besides its own. */
  readonly env: Record<string, string>;
  remove(): void;
}

export function compileSamples(): CompiledSamples {
  const folder = mkdtempSync(join(tmpdir(), 'portal-samples-'));
  const portal = join(folder, 'node_modules/portal-ws');
  compile(join(ROOT, 'src'), portal);
  const manifest = readFileSync(join(ROOT, 'package.json'), 'utf8');
  writeFileSync(join(portal, 'package.json'), manifest.replaceAll('./dist/', './'));
  compile(join(ROOT, 'samples'), join(folder, 'samples'));
  return {
    path: (file) => join(folder, 'samples', file),
    env: { NODE_PATH: join(ROOT, 'node_modules') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Compiles a folder. */
export function compile(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.name === 'dist') continue;
    if (entry.isDirectory()) compile(source, target);
    else if (entry.name.endsWith('.ts')) cpSync(toJavaScript(source), target.replace(/ts$/, 'js'));
    else cpSync(source, target);
  }
}

/** Compiles a file. Returns the path of the script. */
export function toJavaScript(file: string): string {
  const source = readFileSync(file);
  const hash = createHash('sha1').update(SELF).update(source).digest('hex');
  const script = join(CACHE, `${hash}-${basename(file, '.ts')}.js`);
  if (!existsSync(script)) {
    mkdirSync(CACHE, { recursive: true });
    // another process may compile the same file
    const unfinished = `${script}.${process.pid}`;
    writeFileSync(unfinished, transpile(source.toString(), file));
    renameSync(unfinished, script);
  }
  return script;
}

function transpile(source: string, fileName: string): string {
  // loading it takes longer than most tests do
  const compiler = createRequire(__filename)('typescript') as typeof ts;
  const compilerOptions: ts.CompilerOptions = {
    target: compiler.ScriptTarget.ES2022,
    module: compiler.ModuleKind.CommonJS,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    esModuleInterop: true,
  };
  return compiler.transpileModule(source, { fileName, compilerOptions }).outputText;
}
