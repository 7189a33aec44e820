import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { awaited } from '../support/awaited';
import type { CompiledSamples } from './compiled';

/** A worker, as it is printed. */
export interface Served {
  readonly worker: number;
  readonly url: string;
  readonly pid: number;
}

interface Answer {
  readonly id: number;
  readonly data: unknown;
}

/** A program of several processes, on a free port. */
export class RunningProcesses {
  readonly child: ChildProcess;
  /** Its exit code, when it and all of its workers have ended. */
  readonly ended: Promise<number | null>;
  errors = '';
  private readonly lines: string[] = [];
  private isOver = false;
  private readonly news = new EventEmitter();

  constructor(compiled: CompiledSamples, settings: Record<string, string> = {}, program = 'processes/main.js') {
    const env = { ...process.env, ...compiled.env, HOST: '127.0.0.1', PORT: '0', WORKERS: '2', ...settings };
    const child = spawn(process.execPath, [compiled.path(program)], { env });
    this.child = child;
    child.stderr.on('data', (text: Buffer) => (this.errors += text.toString()));
    createInterface(child.stdout).on('line', (line) => {
      this.lines.push(line);
      this.news.emit('line');
    });
    // workers write to the same pipes, which close with the last of them
    this.ended = once(child, 'close').then(([code]) => {
      this.isOver = true;
      this.news.emit('line');
      return code as number | null;
    });
  }

  /** Takes the next line that is like this out of those that were printed. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const at = this.lines.findIndex((line) => pattern.test(line));
      if (at >= 0) return pattern.exec(this.lines.splice(at, 1)[0]!)!;
      if (this.isOver) throw new Error(`it ended without ${String(pattern)}: ${this.lines.join('\n')}${this.errors}`);
      await awaited(once(this.news, 'line'), () => `${String(pattern)}: ${this.lines.join('\n')}${this.errors}`);
    }
  }

  /** The next one that takes connections. */
  async served(worker: number): Promise<Served> {
    const [, url, pid] = await this.line(new RegExp(`^worker ${worker} serves (\\S+) in process (\\d+)$`));
    return { worker, url: url!, pid: Number(pid) };
  }

  /** Resolves when nothing of it is left. */
  async kill(): Promise<void> {
    // workers end when they have lost the primary
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** A client of one of the processes. */
export class ProcessClient {
  /** The code of its close. */
  readonly closed: Promise<number>;
  private lastId = 0;

  private constructor(private readonly socket: WebSocket) {
    this.closed = once(socket, 'close').then(([code]) => code as number);
  }

  static async connect(url: string): Promise<ProcessClient> {
    const socket = new WebSocket(url);
    const client = new ProcessClient(socket);
    await once(socket, 'open');
    return client;
  }

  /** Connects until it has got to each of them; which connection is whose is decided elsewhere. */
  static async reach(...processes: Served[]): Promise<ProcessClient[]> {
    const reached = new Map<number, ProcessClient>();
    while (!processes.every(({ pid }) => reached.has(pid))) {
      const client = await ProcessClient.connect(processes[0]!.url);
      const { pid } = (await client.ask('process.who')) as { pid: number };
      if (processes.some((process) => process.pid === pid) && !reached.has(pid)) reached.set(pid, client);
      else await client.close();
    }
    return processes.map(({ pid }) => reached.get(pid)!);
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }

  async ask(event: string, data?: unknown): Promise<unknown> {
    const id = ++this.lastId;
    const answered = once(this.socket, 'message') as Promise<[Buffer]>;
    this.socket.send(JSON.stringify({ event, data, id }));
    const answer = JSON.parse(String((await answered)[0])) as Answer;
    if (answer.id !== id) throw new Error(`not the answer to ${id}: ${JSON.stringify(answer)}`);
    return answer.data;
  }
}
