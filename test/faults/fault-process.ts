import { join } from 'node:path';
import type { PortalOptions } from '../../src';
import { ServerProcess } from '../streams/server-process';
import type { Command, Figures } from './fault-server';

const servers = new Set<ServerProcess>();

/** `fault-server.ts` in a process of its own, stopped after the test. `before`: shell commands to run first. */
export async function startServer(options: PortalOptions = {}, before?: string): Promise<ServerProcess> {
  const args = [JSON.stringify(options)];
  const file = join(__dirname, 'fault-server.ts');
  const server = await ServerProcess.start({ file, args, ...(before !== undefined && { before }) });
  servers.add(server);
  return server;
}

export const command = (server: ServerProcess, what: Command): Promise<Figures> => server.ask<Figures>(what);

afterEach(async () => {
  await Promise.all(Array.from(servers, (server) => server.stop()));
  servers.clear();
});
