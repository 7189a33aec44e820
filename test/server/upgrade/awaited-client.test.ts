import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Duplex } from 'node:stream';
import { Connection, Engine, type Endpoint, type EngineOptions, type Observer } from '../../../src/engine';
import { AwaitedClient } from '../../../src/server/upgrade/awaited-client';
import type { ForeignServer } from '../../../src/server/attach/foreign-server';
import { MemorySocket } from '../../../src/testing/memory-socket';
import { deferred, echo, startEngine } from '../../support/engine';
import { opened as listening, portOf } from '../../support/foreign';
import { Http2Client } from '../../support/http2-client';
import { text } from '../../support/frames';
import { dial, gone, LAYERS } from '../../support/layers';
import { RawClient } from '../../support/raw-client';
import { settled } from '../../support/serve';

describe('a stream that is watched', () => {
  function watched() {
    const stream = new PassThrough();
    const left = jest.fn();
    return { stream, left, client: new AwaitedClient(stream, left) };
  }

  test('what comes is kept, in order, until the watch ends', async () => {
    const { stream, left, client } = watched();
    stream.write('a');
    stream.write('b');
    await client.look();
    expect(client.release().toString()).toBe('ab');
    const later = once(stream, 'data');
    stream.end('c');
    expect(String(await later)).toBe('c');
    await settled();
    expect(left).not.toHaveBeenCalled();
  });

  test('no more than 64 KiB and a read are kept; the rest is still there', async () => {
    const { stream, client } = watched();
    let written = 0;
    while (written < 1_000_000 && stream.write(Buffer.alloc(10_000))) {
      written += 10_000;
      await client.look();
    }
    const early = client.release().length;
    expect(early).toBeLessThanOrEqual(64 * 1024 + 10_000);
    stream.end();
    let rest = 0;
    for await (const chunk of stream) rest += (chunk as Buffer).length;
    expect(early + rest).toBe(written + 10_000);
  });

  test.each<[string, (stream: PassThrough) => void]>([
    ['ends its side', (stream) => void stream.end()],
    ['ends its side after it has sent something', (stream) => void stream.end('bytes')],
    ['is cut', (stream) => void stream.destroy()],
  ])('a client that %s has left', async (_how, leave) => {
    const { stream, left, client } = watched();
    leave(stream);
    await client.look();
    expect(left).toHaveBeenCalled();
    expect(stream.destroyed).toBe(true);
    client.release();
  });
});

/** How a client reaches an engine: a stream on which it can ask for an upgrade. */
interface Served {
  readonly options: EngineOptions;
  dial(engine: Engine): Promise<{ stream: Duplex; isHttp2: boolean }>;
}

const folder = mkdtempSync(join(tmpdir(), 'left-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function attached(engine: Engine, server: ForeignServer): Promise<Socket> {
  engine.attach(await listening(server));
  return dial({ port: portOf(server) });
}

const socketPath = join(folder, 'socket');

const TRANSPORTS: [string, Served][] = [
  ...Object.entries(LAYERS).map(([name, { options, reach }]): [string, Served] => [
    name,
    {
      options,
      dial: async (engine) => ({ stream: await reach(await dial(engine)), isHttp2: name.startsWith('HTTP/2') }),
    },
  ]),
  [
    'a Unix socket',
    { options: { socketPath }, dial: async () => ({ stream: await dial(socketPath), isHttp2: false }) },
  ],
  [
    'an attached server',
    { options: {}, dial: async (engine) => ({ stream: await attached(engine, createServer()), isHttp2: false }) },
  ],
  [
    'an attached server of HTTP/2',
    { options: {}, dial: async (engine) => ({ stream: await attached(engine, createHttp2()), isHttp2: true }) },
  ],
  [
    'a stream in memory',
    {
      options: {},
      dial: async (engine) => {
        const [ours, theirs] = MemorySocket.pair();
        engine.serve(theirs);
        return { stream: ours, isHttp2: false };
      },
    },
  ],
];

/** Asks for an upgrade. Returns the stream that is the WebSocket's. */
async function ask(stream: Duplex, isHttp2: boolean, tail?: Uint8Array): Promise<Duplex> {
  if (!isHttp2) {
    RawClient.over(stream).upgrade('/', {}, tail);
    return stream;
  }
  const client = await Http2Client.connect('ws://localhost', { createConnection: () => stream });
  client.connect('/').catch(() => {});
  if (tail !== undefined) client.streams[0]!.write(tail);
  return client.streams[0]!.on('error', () => {});
}

interface Slow {
  /** Resolves when it is at work. */
  readonly asked: Promise<void>;
  readonly endpoint: Endpoint;
  /** Lets it decide. */
  go(): void;
}

function slow(kind: string): Slow {
  const asked = deferred();
  const go = deferred();
  const wait = async (): Promise<undefined> => {
    asked.resolve();
    await go.promise;
  };
  const endpoint: Endpoint =
    kind === 'an origins function' ? { ...echo, origins: () => wait().then(() => true) } : { ...echo, upgrade: wait };
  return { asked: asked.promise, endpoint, go: () => go.resolve() };
}

/** Lets a client ask, and leave once it is thought about. */
async function visit(
  { options, dial: reach }: Served,
  endpoint: Endpoint,
  asked: Promise<void>,
  leave: (stream: Duplex, transport: Duplex) => void,
  tail?: Uint8Array,
) {
  const reports: string[] = [];
  const abandoned = deferred();
  const observer: Observer = {
    abandoned: () => {
      reports.push('abandoned');
      abandoned.resolve();
    },
    opened: () => void reports.push('opened'),
    closed: (_connection, { code }) => void reports.push(`closed with ${code}`),
    handshakeRefused: ({ status }) => void reports.push(`refused with ${status}`),
    failed: (error) => void reports.push(`failed: ${String(error)}`),
  };
  const engine = await startEngine([{ ...endpoint, limits: { maxConnections: 1 } }], {
    heartbeat: false,
    ...options,
    observer,
  });
  const { stream: transport, isHttp2 } = await reach(engine);
  const stream = await ask(transport, isHttp2, tail);
  await asked;
  leave(stream, transport);
  return { engine, reports, stream, abandoned: abandoned.promise };
}

const LEAVING: [string, (stream: Duplex, transport: Duplex) => void][] = [
  ['ends its side', (stream) => void stream.end()],
  ['is destroyed', (stream) => void stream.destroy()],
  ['ends its connection', (_stream, transport) => void transport.end()],
];

describe.each(TRANSPORTS)('a client that leaves before its handshake is answered, over %s', (_name, served) => {
  describe.each(['a hook', 'an origins function'])('while %s is at work', (kind) => {
    test.each(LEAVING)('one that %s is missed at once, and is never opened', async (_how, leave) => {
      const { endpoint, asked, go } = slow(kind);
      const { engine, reports, stream, abandoned } = await visit(served, endpoint, asked, leave);
      await abandoned;
      go();
      await gone(stream);
      await settled();
      expect(reports).toEqual(['abandoned']);
      expect(engine.connections.size).toBe(0);
    });
  });

  test('it may have sent something before', async () => {
    const { endpoint, asked } = slow('a hook');
    const leave = (stream: Duplex): void => void stream.end(text('x'));
    const { reports, abandoned, stream } = await visit(served, endpoint, asked, leave, text('hello'));
    await abandoned;
    await gone(stream);
    expect(reports).toEqual(['abandoned']);
  });

  test('what a client that stays has sent meanwhile is not lost', async () => {
    const { endpoint, asked, go } = slow('a hook');
    const goOn = (stream: Duplex): void => void stream.write(text('second'));
    const { reports, stream } = await visit(served, endpoint, asked, goOn, text('first'));
    await settled();
    go();
    const received = await readUntil(stream, 'second');
    expect(received.indexOf('first')).toBeGreaterThan(-1);
    expect(received.indexOf('second')).toBeGreaterThan(received.indexOf('first'));
    expect(reports).toEqual(['opened']);
  });

  test('its signal aborts, and its place is free again', async () => {
    const aborted = deferred();
    const asked = deferred();
    const askedAgain = deferred();
    const waiting = [asked, askedAgain];
    const upgrade = ({ signal }: Connection): Promise<undefined> => {
      signal.addEventListener('abort', () => aborted.resolve());
      waiting.shift()!.resolve();
      return aborted.promise.then(() => undefined);
    };
    const leave = (stream: Duplex): void => void stream.end();
    const { engine } = await visit(served, { ...echo, upgrade }, asked.promise, leave);
    await aborted.promise;
    const { stream, isHttp2 } = await served.dial(engine);
    stream.on('error', () => {});
    await ask(stream, isHttp2);
    await askedAgain.promise;
  });

  test('where nothing takes time it may be opened, and is closed at once then', async () => {
    const leave = (stream: Duplex): void => void stream.end();
    const { engine, reports, stream } = await visit(served, echo, Promise.resolve(), leave);
    await gone(stream);
    while (engine.connections.size > 0) await new Promise(setImmediate);
    await settled();
    expect([[], ['opened', 'closed with 1006'], ['refused with 400'], ['abandoned']]).toContainEqual(reports);
  });
});

test('a client that leaves while the hook keeps everybody waiting is not opened', async () => {
  const [ours, theirs] = MemorySocket.pair();
  const reports: string[] = [];
  const upgrade = (): undefined => {
    ours.end();
    const until = performance.now() + 30;
    while (performance.now() < until);
  };
  const observer: Observer = {
    abandoned: () => void reports.push('abandoned'),
    opened: () => void reports.push('opened'),
  };
  const engine = await startEngine([{ ...echo, upgrade }], { observer });
  engine.serve(theirs);
  await ask(ours, false);
  await gone(ours);
  await settled();
  expect(reports).toEqual(['abandoned']);
});

test('a client that leaves at the moment at which it is let in is not opened', async () => {
  const { endpoint, asked, go } = slow('a hook');
  const leave = (stream: Duplex): void => void stream.end();
  const memory = TRANSPORTS.at(-1)![1];
  const { reports, stream } = await visit(memory, endpoint, asked, leave);
  go();
  await gone(stream);
  await settled();
  expect(reports).toEqual(['abandoned']);
});

describe('an attached server that gets upgrades from another listener, which took its time', () => {
  test.each<[string, (socket: Duplex) => void]>([
    ['has heard the end of the client', (socket) => void socket.resume()],
    ['has heard nothing', () => {}],
  ])('and %s', async (_what, hear) => {
    const reports: string[] = [];
    const engine = await startEngine([echo], {
      heartbeat: false,
      observer: { abandoned: () => void reports.push('abandoned'), closed: () => void reports.push('closed') },
    });
    const [inner, outer] = [createServer(), createServer()];
    engine.attach(inner);
    const arrived = deferred<() => void>();
    outer.on('upgrade', (request, socket, head) => {
      hear(socket);
      arrived.resolve(() => inner.emit('upgrade', request, socket, head));
    });
    const client = await dial({ port: portOf(await listening(outer)) });
    await ask(client, false);
    const passOn = await arrived.promise;
    client.end();
    // by then the end has come
    (await RawClient.open(engine.url, '/')).destroy();
    while (engine.connections.size > 0) await new Promise(setImmediate);
    reports.length = 0;
    passOn();
    await gone(client);
    while (engine.connections.size > 0) await new Promise(setImmediate);
    expect(reports).toHaveLength(1);
  });
});

async function readUntil(stream: Duplex, what: string): Promise<string> {
  let received = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    received += (chunk as Buffer).toString('latin1');
    if (received.includes(what)) return received;
  }
  throw new Error(`it ended before ${what}: ${received}`);
}
