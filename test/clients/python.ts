import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PYTHON = '/usr/bin/python3';
const MISSING = `${PYTHON} has no module websockets: install Debian's python3-websockets`;

function hasWebsockets(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import websockets'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Tests that need Python's `websockets`: without it they are skipped, but in CI they fail. */
export function describeWithWebsockets(name: string, tests: () => void): void {
  if (hasWebsockets()) describe(name, tests);
  else if (process.env.CI) {
    test(name, () => {
      throw new Error(MISSING);
    });
  } else {
    // Jest does not print a file whose tests are all skipped
    process.stderr.write(`skipped: ${name} (${MISSING})\n`);
    describe.skip(name, tests);
  }
}

type Json = string | { base64: string };

export interface PythonResult {
  extensions: string[];
  close: [code: number, reason: string];
  messages?: (string | Buffer)[];
}

/** Runs `echo_client.py`. */
export async function runClient(url: string, compression: boolean, ...action: string[]): Promise<PythonResult> {
  const args = [join(__dirname, 'echo_client.py'), url, compression ? 'deflate' : 'plain', ...action];
  const { stdout } = await promisify(execFile)(PYTHON, args, { maxBuffer: 64 * 1024 * 1024 });
  const result = JSON.parse(stdout) as Omit<PythonResult, 'messages'> & { messages?: Json[] };
  const messages = result.messages?.map((each) =>
    typeof each === 'string' ? each : Buffer.from(each.base64, 'base64'),
  );
  return messages === undefined ? (result as PythonResult) : { ...result, messages };
}

/** Calls `run` with the name of a file that holds the messages for the script. */
export async function withFileOf<T>(messages: (string | Buffer)[], use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'portal-echo-'));
  try {
    const file = join(folder, 'messages.json');
    const json = messages.map((each): Json => (typeof each === 'string' ? each : { base64: each.toString('base64') }));
    writeFileSync(file, JSON.stringify(json));
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
