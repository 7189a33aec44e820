import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { DRAIN_MS, type FromPrimary, type FromWorker } from './messages';
import { Restarts } from './restarts';

/** A worker that has not ended so long after its own deadline is killed. */
const KILL_MS = DRAIN_MS + 5_000;

export interface SupervisorOptions {
  /** Starts the process of a worker. */
  readonly fork: (worker: number) => ChildProcess;
  /** Called when a worker takes connections. */
  readonly serving: (port: number) => void;
  /** Called for a worker that ends again and again, and is not started any more. */
  readonly gaveUp: (error: WorkerError) => void;
  readonly log: (line: string) => void;
}

/** A worker failed to serve. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
}

/** `first`: its failure is a failure of the program. `beside`: replaces the running worker. */
type Role = 'first' | 'again' | 'beside';

/** Starts workers, starts those again that end, and counts for all of them. */
export class Supervisor {
  /** The current processes, without those that are being replaced. */
  private readonly workers = new Map<number, ChildProcess>();
  private readonly processes = new Set<ChildProcess>();
  private readonly restarts = new Map<number, Restarts>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private isStopping = false;
  private replacing: Promise<void> | undefined;
  private total = 0;

  constructor(private readonly options: SupervisorOptions) {}

  /** Resolves when all serve. @throws WorkerError when one of them ends before; then all are stopped */
  async start(count: number): Promise<void> {
    try {
      // the first worker reports a problem with the port for all
      await this.launch(1, 'first');
      await Promise.all(Array.from({ length: count - 1 }, (_, index) => this.launch(index + 2, 'first')));
    } catch (error) {
      if (!this.isStopping) {
        await this.stop();
        throw error;
      }
    }
  }

  /** Replaces the workers one after the other: a new process serves before the old one is stopped. */
  replace(): Promise<void> {
    this.replacing ??= this.replaceAll().finally(() => (this.replacing = undefined));
    return this.replacing;
  }

  /** Resolves when the last worker has ended. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.all(Array.from(this.processes, stopProcess));
  }

  private async replaceAll(): Promise<void> {
    for (const worker of [...this.workers.keys()]) {
      try {
        await this.launch(worker, 'beside');
      } catch (error) {
        if (!this.isStopping) this.options.log(`${(error as WorkerError).message}: the old ones go on`);
        return;
      }
    }
  }

  /** Resolves when it serves. @throws WorkerError when it ends before */
  private async launch(worker: number, role: Role): Promise<void> {
    if (this.isStopping) return;
    const child = this.options.fork(worker);
    this.processes.add(child);
    if (role !== 'beside') this.workers.set(worker, child);
    let hasServed = false;
    await new Promise<void>((resolve, reject) => {
      const ended = (how: string): void => {
        if (!this.processes.delete(child)) return;
        reject(new WorkerError(`worker ${worker} ended before it served (${how})`));
        if (this.workers.get(worker) !== child) return;
        this.workers.delete(worker);
        if (role !== 'first' || hasServed) this.restart(worker, how);
      };
      child.on('message', (message: FromWorker) => {
        if (message.kind === 'count') return this.count(child, message);
        this.options.log(`worker ${worker} serves ${message.url} in process ${child.pid}`);
        this.options.serving(message.port);
        hasServed = true;
        resolve();
      });
      child.on('error', (error) => {
        if (child.pid === undefined) ended(error.message);
      });
      child.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    });
    if (role !== 'beside') return;
    const old = this.workers.get(worker);
    this.workers.set(worker, child);
    if (old !== undefined) await stopProcess(old);
  }

  private restart(worker: number, how: string): void {
    if (this.isStopping) return;
    const restarts = this.restarts.get(worker) ?? new Restarts();
    this.restarts.set(worker, restarts);
    const delay = restarts.delay();
    if (delay === undefined) {
      this.options.gaveUp(new WorkerError(`worker ${worker} ends time and again (${how})`));
      return;
    }
    this.options.log(`worker ${worker} ended (${how}); again in ${delay} ms`);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      // its end is handled by the listener of `exit`
      if (!this.workers.has(worker)) this.launch(worker, 'again').catch(() => {});
    }, delay);
    this.timers.add(timer);
  }

  private count(child: ChildProcess, { id, by }: FromWorker & { kind: 'count' }): void {
    this.total += by;
    tell(child, { kind: 'counted', id, total: this.total });
  }
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  tell(child, { kind: 'stop' });
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_MS);
  await exited;
  clearTimeout(timer);
}

/** Sends a message; does nothing for a worker that has ended. */
function tell(child: ChildProcess, message: FromPrimary): void {
  child.send(message, () => {});
}
