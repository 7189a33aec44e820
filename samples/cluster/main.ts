import type { ChildProcess } from 'node:child_process';
import cluster from 'node:cluster';
import { join } from 'node:path';
import { isExpected } from '../expected';
import { Supervisor, WorkerError } from '../processes/supervisor';
import { checkRedisUrl } from './settings';

const DEFAULT_PORT = '5005';
const DEFAULT_WORKERS = 3;

/**
 * A chat of several processes behind one port, which Redis connects: `node samples/dist/cluster/main.js`, and open the page that it
 * prints in two windows. Each message has a badge: the process of its author, and the process of its reader.
 *
 * In the environment: `PORT` (5005), `HOST` (localhost), `WORKERS` (3), `REDIS_URL` (redis://127.0.0.1:6379).
 *
 * - `node:cluster` takes the connections and hands them out. A worker that ends is started again, at SIGKILL too; SIGUSR2 replaces
 *   them one by one, SIGTERM and SIGINT stop all.
 * - Messages go to the channel `room:<room>`, of which Redis keeps the latest 200 messages for ten minutes. A page that comes
 *   back, to whichever process, names the last one that it had and gets the rest.
 * - Each process watches the rooms of its people, and tells its own people who joined or left, with `{ local: true }`.
 * - While Redis is away the chat goes on within each process. Messages wait then, and come to all, in one order, when Redis is
 *   back; the page shows it at once and marks it.
 *
 * There are no accounts: a nickname is a person, on any number of pages.
 */
async function main(): Promise<void> {
  const { PORT, WORKERS } = process.env;
  const count = WORKERS ? Number(WORKERS) : DEFAULT_WORKERS;
  if (!(Number.isInteger(count) && count > 0)) throw new RangeError(`WORKERS must be a number from 1, not ${WORKERS}`);
  checkRedisUrl();

  cluster.setupPrimary({ exec: join(__dirname, 'worker.js') });
  const supervisor = new Supervisor({
    // a cluster gives the same free port to all that ask for port 0
    fork: (worker): ChildProcess => cluster.fork({ PORT: PORT || DEFAULT_PORT, WORKER: worker }).process,
    serving: () => {},
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
