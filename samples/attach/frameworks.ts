import { startExpress } from '../express/server';
import { startFastify } from '../fastify/server';
import { TokenSecret } from '../guards/tokens';
import { startHono } from '../hono/server';
import { demoAccounts } from './demo';
import type { Running } from './serving';

/** The same notifications on the servers of three frameworks, with the same accounts. */
export interface Frameworks {
  readonly servers: ReadonlyMap<string, Running>;
  readonly passwords: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

const STARTS = { Express: startExpress, Fastify: startFastify, Hono: startHono };

/** Listens on three ports in a row, or on free ports for port 0. Rejects, with no server left, when a port is taken. */
export async function startFrameworks(port: number): Promise<Frameworks> {
  const { accounts, passwords } = await demoAccounts();
  const settings = { accounts, secret: TokenSecret.random() };
  const servers = new Map<string, Running>();
  const close = async (): Promise<void> => {
    await Promise.all(Array.from(servers.values(), (running) => running.close()));
  };
  try {
    for (const [name, start] of Object.entries(STARTS)) {
      servers.set(name, await start(port === 0 ? 0 : port + servers.size, settings));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { servers, passwords, close };
}
