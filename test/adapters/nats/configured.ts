import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ended: (() => Promise<void>)[] = [];

/** Starts a nats-server without JetStream, unless `config` says otherwise. */
export async function configured(config: string): Promise<{ url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'portal-nats-'));
  const file = join(folder, 'nats.conf');
  writeFileSync(file, `listen: "127.0.0.1:-1"\n${config.replaceAll('$FOLDER', folder)}\n`);
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` };
  const child = spawn('nats-server', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'], env });
  ended.push(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  let port: string | undefined;
  for await (const line of createInterface(child.stderr)) {
    port ??= /client connections on \S+:(\d+)/.exec(line)?.[1];
    if (line.includes('Server is ready')) break;
  }
  child.stderr.resume();
  if (port === undefined) throw new Error('nats-server did not start');
  return { url: `nats://127.0.0.1:${port}` };
}

export async function disposeConfigured(): Promise<void> {
  await Promise.all(ended.splice(0).map((end) => end()));
}
