import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');

/** The samples and Portal as JavaScript in a folder of their own, for a process without ts-jest. */
export interface CompiledSamples {
  /** Absolute path of a compiled file of `samples/`. */
  path(file: string): string;
  /** What the process needs beside its own environment. */
  readonly env: Record<string, string>;
  remove(): void;
}

export function compileSamples(): CompiledSamples {
  const folder = mkdtempSync(join(tmpdir(), 'portal-samples-'));
  const portal = join(folder, 'node_modules/portal-ws');
  compile(join(ROOT, 'src'), portal);
  compile(join(ROOT, 'samples'), join(folder, 'samples'));
  return {
    path: (file) => join(folder, 'samples', file),
    env: { NODE_PATH: join(ROOT, 'node_modules') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** All of a folder. */
export function compile(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.name === 'dist') continue;
    if (entry.isDirectory()) compile(source, target);
    else if (entry.name.endsWith('.ts')) writeFileSync(target.replace(/ts$/, 'js'), toJavaScript(source));
    else cpSync(source, target);
  }
}

function toJavaScript(file: string): string {
  const compilerOptions: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    esModuleInterop: true,
  };
  return ts.transpileModule(readFileSync(file, 'utf8'), { fileName: file, compilerOptions }).outputText;
}
