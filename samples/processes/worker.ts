import { bootstrap, Module } from 'portal-ws';
import { isExpected } from '../expected';
import { Counter } from './counter';
import { DRAIN_MS } from './messages';
import { Primary } from './primary';
import { ProcessController, Self } from './process.controller';

/** One of the processes that serve. `main.ts` starts it, with its settings in the environment. */
async function main(): Promise<void> {
  const { PORT, HOST = 'localhost', REUSE_PORT, WORKER } = process.env;
  const primary = new Primary();
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });

  @Module({
    controllers: [ProcessController],
    providers: [
      Counter,
      { token: Primary, useValue: primary },
      { token: Self, useValue: new Self(process.pid, Number(WORKER)) },
    ],
  })
  class ProcessesModule {}

  const reusePort = REUSE_PORT === '1';
  const shutdown = { deadlineMs: DRAIN_MS };
  const app = await bootstrap(ProcessesModule, { port: Number(PORT), host: HOST, reusePort, shutdown });
  primary.serving(`${app.url}/process`, app.port);
  await Promise.race([primary.stop, signalled]);
  await app.close();
  primary.leave();
}

main().catch((error: unknown) => {
  console.error(isExpected(error) ? error.message : error);
  process.exit(1);
});
