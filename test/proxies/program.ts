import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program of Debian's that is running. */
export interface Running {
  readonly child: ChildProcess;
  /** What it wrote. */
  log(): string;
  stop(): Promise<void>;
}

/** Tests that need a program: without it they are skipped, but in CI they fail when it is started. */
export function describeWith(binary: string, name: string, tests: () => void): void {
  if (existsSync(binary) || process.env.CI) {
    describe(name, tests);
    return;
  }
  // Jest itself does not name what it skips when that is all in a file
  process.stderr.write(`skipped: ${name} (there is no ${binary})\n`);
  describe.skip(name, tests);
}

/** A folder for one program's files, removed when it has stopped. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'portal-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** Starts it and waits until it takes connections on `port`. @throws Error with what it wrote, when it ends before */
export async function run(binary: string, args: string[], folder: string, port: number): Promise<Running> {
  const child = spawn(binary, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (written += String(chunk)));
  let failure: Error | undefined;
  child.on('error', (error) => (failure = error));
  const running: Running = {
    child,
    log: () => written,
    stop: async () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const runs = (): boolean => failure === undefined && child.exitCode === null && child.signalCode === null;
  while (runs() && !(await accepts(port))) await new Promise((resolve) => setTimeout(resolve, 10));
  if (runs()) return running;
  await running.stop();
  throw new Error(`${binary} does not run: ${failure?.message ?? ''}\n${written}`);
}

/** The block of a guide page that begins with this fence. @throws Error when the page has none, or several */
export function blockOf(page: string, fence: string): string {
  const text = readFileSync(join(__dirname, '../../docs/guide', page), 'utf8');
  const blocks = [...text.matchAll(new RegExp('```' + fence + '\n(.*?)```', 'gs'))];
  if (blocks.length !== 1) throw new Error(`${page} has ${blocks.length} blocks of ${fence}`);
  return blocks[0]![1]!;
}

/** Puts what is of this test in place of what is of the reader's machine. @throws Error for what is not there to be replaced */
export function replaced(text: string, replacements: Readonly<Record<string, string>>): string {
  let result = text;
  for (const [from, to] of Object.entries(replacements)) {
    if (!result.includes(from)) throw new Error(`the configuration has no ${JSON.stringify(from)}`);
    result = result.replaceAll(from, to);
  }
  return result;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
