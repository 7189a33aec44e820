import { EventEmitter, getEventListeners, on, once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Connection, MessageStream, OnMessage, OnOpen, WebSocketPath } from '../../src';
import { binary, text } from '../support/frames';
import { overTransports, type Served } from './transports';
import { MIB } from './traffic';

const folder = mkdtempSync(join(tmpdir(), 'portal-'));
const FILE = join(folder, 'download');
writeFileSync(FILE, Buffer.alloc(2 * MIB, 'x'));
afterAll(() => rmSync(folder, { recursive: true }));

const ticks = new EventEmitter().setMaxListeners(0);
const signals: AbortSignal[] = [];
let atWork = 0;
let count = 0;

@WebSocketPath('/download')
class DownloadController {
  @OnOpen()
  open({ signal }: Connection): void {
    signals.push(signal);
  }

  @OnMessage('sent')
  async sent(connection: Connection): Promise<void> {
    atWork++;
    try {
      await connection.sendStream(createReadStream(FILE));
    } finally {
      atWork--;
    }
  }

  @OnMessage('late')
  async late(connection: Connection): Promise<void> {
    connection.send('noted');
    atWork++;
    try {
      await once(connection.signal, 'abort');
      await connection.sendStream(createReadStream(atWork % 2 === 0 ? FILE : '/no/such/file'));
    } finally {
      atWork--;
    }
  }

  @OnMessage('returned')
  returned(): unknown {
    return createReadStream(FILE, { encoding: 'latin1' });
  }

  @OnMessage('ticks')
  ticks(): unknown {
    setImmediate(() => ticks.emit('tick', 'first'));
    return on(ticks, 'tick');
  }
}

@WebSocketPath('/upload')
class UploadController {
  @OnMessage()
  async upload(stream: MessageStream, connection: Connection): Promise<void> {
    signals.push(connection.signal);
    atWork++;
    try {
      await pipeline(stream, createWriteStream(join(folder, `upload ${count++}`)));
    } finally {
      atWork--;
    }
  }
}

/** Counts descriptors, timers and other resources that keep a process alive, and listeners. */
function open(): Record<string, number> {
  const found: Record<string, number> = { descriptors: readdirSync('/proc/self/fd').length, 'at work': atWork };
  for (const resource of process.getActiveResourcesInfo()) {
    // the Immediate of the loops here comes and goes
    if (resource !== 'Immediate') found[resource] = (found[resource] ?? 0) + 1;
  }
  found['listeners'] = signals.reduce((sum, signal) => sum + getEventListeners(signal, 'abort').length, 0);
  found['ticks'] = ticks.listenerCount('tick') + ticks.listenerCount('error');
  return found;
}

const DOWNLOADS = ['sent', 'late', 'returned', 'ticks'];
const AT_ONCE = 25;

/** A client that leaves in the middle of a download or an upload. */
async function breakOff(served: Served, index: number): Promise<void> {
  if (index % 2 === 0) {
    const client = await served.connect('/download');
    client.write(text(`{"event":"${DOWNLOADS[(index / 2) % DOWNLOADS.length]}"}`));
    await client.frame();
    client.destroy();
    return;
  }
  const client = await served.connect('/upload');
  client.write(binary(Buffer.alloc(100_000), { fin: false }));
  while (!signals.some(({ aborted }) => !aborted)) await new Promise(setImmediate);
  client.destroy();
}

async function breakOffMany(served: Served, many: number): Promise<void> {
  for (let from = 0; from < many; from += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => breakOff(served, from + index)));
  }
  while (served.app.connections.size > 0) await new Promise(setImmediate);
}

// takes long: 200 of them over each of five transports
describe.each(overTransports([DownloadController, UploadController]))('%s', (_name, openServed) => {
  test('200 uploads and downloads that break off leave nothing', async () => {
    const served = await openServed();
    await breakOffMany(served, AT_ONCE);
    // resources that the first connections create stay
    await untilIdle();
    const before = open();
    await breakOffMany(served, 200);
    while (Object.entries(open()).some(([what, left]) => left > (before[what] ?? 0))) await new Promise(setImmediate);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(before).toMatchObject({ 'at work': 0, listeners: 0, ticks: 0 });
    // a client that breaks off is not a failure
    expect(served.log.errors.filter((error) => (error as Error).name !== 'IncompleteMessageError')).toEqual([]);
    await served.close();
  });
});

/** Resolves when nothing has changed for 100 turns: files are closed in other threads. */
async function untilIdle(): Promise<void> {
  let last = '';
  for (let turns = 0; turns < 100; turns++) {
    const now = JSON.stringify(open());
    if (now !== last) turns = 0;
    last = now;
    await new Promise(setImmediate);
  }
}
