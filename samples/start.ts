import { ListenError } from 'portal-ws';
import { startSamples } from './app';

const DEFAULT_PORT = 5005;

async function main(): Promise<void> {
  const { app, close } = await startSamples(Number(process.env.PORT || DEFAULT_PORT));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close());
  console.log(`Echo: ${app.url}/echo`);
  console.log(`Chat: ${app.url.replace('ws', 'http')}/`);
}

main().catch((error: unknown) => {
  const expected = error instanceof ListenError || error instanceof RangeError;
  console.error(expected ? error.message : error);
  process.exitCode = 1;
});
