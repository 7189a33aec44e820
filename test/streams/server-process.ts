import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { compileSamples, type CompiledSamples } from '../samples/compiled';

/** `stream-server.ts` in a process of its own. */
export class ServerProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly compiled: CompiledSamples,
  ) {}

  static async start(): Promise<ServerProcess> {
    const compiled = compileSamples();
    const script = compiled.path('stream-server.js');
    writeFileSync(script, toJavaScript(join(__dirname, 'stream-server.ts')));
    const child = fork(script, { env: { ...process.env, ...compiled.env }, execArgv: ['--expose-gc'] });
    const [url] = (await once(child, 'message')) as [string];
    return new ServerProcess(url, child, compiled);
  }

  /** Resident memory in bytes: now, and the most there ever was. */
  memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
    return { now: read('VmRSS'), peak: read('VmHWM') };
  }

  stop(): void {
    this.child.kill('SIGKILL');
    this.compiled.remove();
  }
}

function toJavaScript(file: string): string {
  const compilerOptions: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  return ts.transpileModule(readFileSync(file, 'utf8'), { fileName: file, compilerOptions }).outputText;
}
