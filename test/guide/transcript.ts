import { createTestApp, UpgradeRefusedError, type TestApp, type TestClient } from 'portal-ws/testing';
import type { PortalOptions } from 'portal-ws';

type Class = abstract new (...args: never[]) => unknown;

/** A line such as `ann → {"event":"chat.say"}`; a transcript with one client names none. */
const LINE = /^(?:(\w+) )?(GET|→|←) (.*)$/;
const HEADER = /^([A-Z][\w-]*): (.*)$/;

interface Client {
  readonly path: string;
  readonly headers: Record<string, string>;
  connection?: Promise<TestClient>;
}

const silent = { info() {}, warn() {}, error() {} };

/** Says to an application what the transcript says, and expects to hear what it says, to the letter. */
export async function replay(transcript: string, root: Class, options: PortalOptions = {}): Promise<void> {
  const app = await createTestApp(root, { logger: silent, ...options });
  const clients = new Map<string, Client>();
  let latest: Client | undefined;
  for (const line of linesOf(transcript)) {
    const header = HEADER.exec(line);
    if (header !== null && latest !== undefined) {
      latest.headers[header[1]!] = header[2]!;
      continue;
    }
    const [, name = '', what, text = ''] = LINE.exec(line) ?? fail(`${line}: not a line of a transcript`);
    if (what === 'GET') {
      latest = { path: text, headers: {} };
      clients.set(name, latest);
      continue;
    }
    const client = clients.get(name) ?? fail(`${line}: ${name || 'nobody'} has not connected`);
    for (const everyone of clients.values()) await connect(app, everyone).catch(() => {});
    if (what === '←') await hear(app, client, text);
    else say(await connect(app, client), text);
  }
  for (const client of clients.values()) expect(await unheard(app, client)).toBe(undefined);
  await app.close();
}

/** An indented line continues the line before. */
function linesOf(transcript: string): string[] {
  return transcript
    .replace(/\n {2,}/g, '')
    .split('\n')
    .filter((line) => line !== '');
}

function connect(app: TestApp, client: Client): Promise<TestClient> {
  return (client.connection ??= app.connect(client.path, { headers: client.headers }));
}

function say(client: TestClient, text: string): void {
  const close = /^close (\d+)$/.exec(text);
  const bytes = /^bytes ((?:[\da-f]{2} ?)+)$/.exec(text);
  if (close !== null) void client.close(Number(close[1]));
  else client.send(bytes === null ? text : Buffer.from(bytes[1]!.replaceAll(' ', ''), 'hex'));
}

async function hear(app: TestApp, client: Client, expected: string): Promise<void> {
  if (/^HTTP \d/.test(expected)) {
    const refused: unknown = await connect(app, client).catch((error: unknown) => error);
    if (!(refused instanceof UpgradeRefusedError)) throw new Error(`${expected}: the upgrade was not refused`);
    expect(`HTTP ${refused.status} ${refused.body}`).toBe(expected);
    return;
  }
  const connected = await connect(app, client);
  if (/^close \d/.test(expected)) {
    const { code, reason } = await connected.closed;
    expect(`close ${code} ${reason}`.trimEnd()).toBe(expected);
    return;
  }
  const message = await connected.receive();
  expect(typeof message === 'string' ? message : `bytes ${hex(message)}`).toMatch(pattern(expected));
}

/** `…` stands for anything. */
function pattern(expected: string): RegExp {
  const literal = expected.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${literal.join('.+')}$`);
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** A message that has come and that the transcript does not tell of. */
async function unheard(app: TestApp, { connection }: Client): Promise<unknown> {
  const client = await connection?.catch(() => undefined);
  if (client === undefined) return undefined;
  const next = client.receive().catch(() => undefined);
  await app.advance(0);
  return Promise.race([next, Promise.resolve(undefined)]);
}

function fail(message: string): never {
  throw new Error(message);
}
