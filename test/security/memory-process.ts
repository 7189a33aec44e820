import { join } from 'node:path';
import type { EngineOptions } from '../../src/engine';
import { ServerProcess } from '../streams/server-process';
import type { RawClient } from '../support/raw-client';
import type { Memory, Question } from './memory-server';

export const KIB = 1024;
export const MIB = 1024 * KIB;

const servers = new Set<ServerProcess>();

/** `memory-server.ts` in a process of its own, stopped after the test. `before`: shell commands to run first. */
export async function startServer(options: EngineOptions = {}, before?: string): Promise<ServerProcess> {
  const file = join(__dirname, 'memory-server.ts');
  const args = [JSON.stringify(options)];
  const server = await ServerProcess.start({ file, args, ...(before !== undefined && { before }) });
  servers.add(server);
  return server;
}

/** Its memory once garbage was collected, and what else it counts. */
export const memoryOf = (server: ServerProcess, question: Question = {}): Promise<Memory> =>
  server.ask<Memory>(question);

export const inUse = ({ heap, external }: Memory): number => heap + external;

/** In waves, so that the backlog of the port is enough for each. */
export async function inWaves<T>(count: number, open: (index: number) => Promise<T>, wave = 250): Promise<T[]> {
  const all: T[] = [];
  while (all.length < count) {
    const first = all.length;
    const size = Math.min(wave, count - first);
    all.push(...(await Promise.all(Array.from({ length: size }, (_, i) => open(first + i)))));
  }
  return all;
}

/** Without an end that would keep its port for a minute. */
export function leave(clients: readonly RawClient[]): void {
  for (const { socket } of clients) socket.resetAndDestroy();
}

afterEach(async () => {
  await Promise.all(Array.from(servers, (server) => server.stop()));
  servers.clear();
});
