import { fork, type ChildProcess } from 'node:child_process';
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isExpected } from '../expected';
import { Supervisor, WorkerError } from './supervisor';

const DEFAULT_PORT = '5005';
const WORKER_PROGRAM = join(__dirname, 'worker.js');

/**
 * Several processes that serve one port. In the environment: `PORT`, `HOST`, and `WORKERS`, their number. With `REUSE_PORT=1` each
 * listens by itself; otherwise `node:cluster` takes the connections and hands them out. SIGUSR2 replaces them one by one.
 */
async function main(): Promise<void> {
  const { PORT, WORKERS, REUSE_PORT } = process.env;
  const count = WORKERS ? Number(WORKERS) : availableParallelism();
  if (!(Number.isInteger(count) && count > 0)) throw new RangeError(`WORKERS must be a number from 1, not ${WORKERS}`);

  const asked = PORT || DEFAULT_PORT;
  let taken: string | undefined;
  const forkInCluster = (worker: number): ChildProcess => {
    // a cluster gives the same free port to all workers that ask for port 0
    return cluster.fork({ PORT: asked, WORKER: worker }).process;
  };
  const forkAlone = (worker: number): ChildProcess => {
    return fork(WORKER_PROGRAM, { env: { ...process.env, PORT: taken ?? asked, WORKER: String(worker) } });
  };

  cluster.setupPrimary({ exec: WORKER_PROGRAM });
  const supervisor = new Supervisor({
    fork: REUSE_PORT === '1' ? forkAlone : forkInCluster,
    serving: (port) => (taken = String(port)),
    gaveUp: (error) => {
      fail(error);
      void supervisor.stop();
    },
    log: console.log,
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void supervisor.stop());
  process.on('SIGUSR2', () => void supervisor.replace());
  await supervisor.start(count);
}

function fail(error: unknown): void {
  console.error(error instanceof WorkerError || isExpected(error) ? error.message : error);
  process.exitCode = 1;
}

main().catch(fail);
