import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compileSamples, toJavaScript, type CompiledSamples } from '../samples/compiled';

/** What runs in the process. */
export interface Program {
  /** A file of TypeScript that tells its parent its address. */
  file?: string;
  args?: string[];
  /** Shell commands to run before. */
  before?: string;
}

let compiled: CompiledSamples | undefined;

afterAll(() => compiled?.remove());

/** `stream-server.ts`, or another program, in a process of its own. */
export class ServerProcess {
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;

  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {
    this.ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal!)));
  }

  static async start({ file, args = [], before = ':' }: Program = {}): Promise<ServerProcess> {
    compiled ??= compileSamples();
    const source = file ?? join(__dirname, 'stream-server.ts');
    const script = compiled.path(basename(source).replace(/ts$/, 'js'));
    cpSync(toJavaScript(source), script);
    const command = [process.execPath, '--expose-gc', script, ...args];
    const child = spawn('sh', ['-c', `${before}; exec "$@"`, 'sh', ...command], {
      env: { ...process.env, ...compiled.env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [url] = (await once(child, 'message')) as [string];
    return new ServerProcess(url, child);
  }

  /** Sends a message and resolves with the next one of the process. */
  async ask<Answer>(message: object): Promise<Answer> {
    this.child.send(message);
    return this.message<Answer>();
  }

  /** The next message of the process. */
  async message<Message>(): Promise<Message> {
    const [message] = (await once(this.child, 'message')) as [Message];
    return message;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Resident memory in bytes: now, and the most there ever was. */
  memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
    return { now: read('VmRSS'), peak: read('VmHWM') };
  }

  /** Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
