import { bootstrap, Module, type Logger } from 'portal-ws';
import { RedisBackplane } from 'portal-ws/redis';
import { isExpected } from '../expected';
import { DRAIN_MS } from '../processes/messages';
import { Primary } from '../processes/primary';
import { Self } from '../processes/process.controller';
import { RedisState } from './redis-state';
import { RoomController } from './room.controller';
import { Rooms } from './rooms';
import { HISTORY, REDIS_PREFIX, redisUrl } from './settings';
import { createClusterPage } from './web';

/** One of the processes that serve. `main.ts` starts it, with its settings in the environment. */
async function main(): Promise<void> {
  const { PORT, HOST = 'localhost', WORKER } = process.env;
  const worker = Number(WORKER);
  const primary = new Primary();
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  const redis = new RedisState();

  @Module({
    controllers: [RoomController],
    providers: [
      Rooms,
      { token: RedisState, useValue: redis },
      { token: Self, useValue: new Self(process.pid, worker) },
    ],
  })
  class ClusterModule {}

  const page = await createClusterPage();
  const app = await bootstrap(ClusterModule, {
    port: Number(PORT),
    host: HOST,
    request: page.routing,
    backplane: new RedisBackplane({ url: redisUrl(), prefix: REDIS_PREFIX }),
    history: HISTORY,
    observers: [redis],
    logger: loggerOf(worker),
    shutdown: { deadlineMs: DRAIN_MS },
  });
  primary.serving(`${app.url.replace('ws', 'http')}/`, app.port);
  await Promise.race([primary.stop, signalled]);
  await app.close();
  await page.close();
  primary.leave();
}

/** Log lines with the number of the worker; an outage of Redis has no stack. */
function loggerOf(worker: number): Logger {
  return {
    info() {},
    warn(details, message) {
      const { err } = details as { err?: unknown };
      console.warn(`worker ${worker}: ${message}${err instanceof Error ? ` (${err.message})` : ''}`);
    },
    error: (details, message) => console.error(`worker ${worker}: ${message}`, details),
  };
}

main().catch((error: unknown) => {
  console.error(isExpected(error) ? error.message : error);
  process.exit(1);
});
