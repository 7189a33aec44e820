import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { compileSamples } from './compiled';

/** The last line of the output. */
const LAST_LINE = /^ {2}bob:/;

/** The addresses that the process prints when it is ready. */
export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly echo: string;
  /** The page of the chat. */
  readonly page: string;
  readonly lines: readonly string[];
}

/** `npm start` in a process of its own, without the build of the whole package. */
export class SamplesProcess {
  private readonly compiled = compileSamples();
  private child: ChildProcessWithoutNullStreams | undefined;

  /** `port` is the variable PORT. */
  spawn(port: string): ChildProcessWithoutNullStreams {
    const env = { UPLOAD_FOLDER: this.compiled.path('uploads'), ...process.env, ...this.compiled.env, PORT: port };
    this.child = spawn(process.execPath, [this.compiled.path('start.js')], { env });
    return this.child;
  }

  /** Starts it on a free port, and resolves with the addresses that it prints. */
  async start(): Promise<Started> {
    const child = this.spawn('0');
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (LAST_LINE.test(line)) break;
    }
    const [echo, page] = lines.map((line) => /\S+:\/\/\S+$/.exec(line)?.[0]);
    if (echo === undefined || page === undefined) throw new Error(`it printed ${JSON.stringify(lines)}: ${errors}`);
    return { child, echo, page, lines };
  }

  kill(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  /** Kills it and deletes the compiled files. */
  remove(): void {
    this.kill();
    this.compiled.remove();
  }
}
