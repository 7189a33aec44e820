import { isExpected } from '../expected';
import { TokenSecret } from '../guards/tokens';
import { demoAccounts } from './demo';
import type { Running, Settings } from './serving';

const DEFAULT_PORT = 5005;

/** A program of one server: `PORT` and `TOKEN_SECRET` from the environment; SIGINT or SIGTERM ends it. */
export function runProgram(start: (port: number, settings: Settings) => Promise<Running>): void {
  main(start).catch((error: unknown) => {
    console.error(isExpected(error) ? error.message : error);
    process.exitCode = 1;
  });
}

async function main(start: (port: number, settings: Settings) => Promise<Running>): Promise<void> {
  const key = process.env.TOKEN_SECRET;
  const secret = key ? new TokenSecret(key) : TokenSecret.random();
  const { accounts, passwords } = await demoAccounts();
  const running = await start(Number(process.env.PORT || DEFAULT_PORT), { accounts, secret });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void running.close());
  console.log(`Routes:     ${running.url}/login, /logout, /notifications`);
  console.log(`WebSockets: ${running.url.replace('http', 'ws')}/notifications`);
  for (const [id, password] of passwords) console.log(`  ${id}: ${password}`);
}
