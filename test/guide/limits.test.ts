import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageBody, OnMessage, WebSocketPath } from '../../src';
import { DEFAULT_LIMITS, type Connection, type Endpoint, type EngineOptions, type Limits } from '../../src/engine';
import { NONE } from '../../src/connection/limits';
import { deferred, startEngine } from '../support/engine';
import { binary, continuation, ping, text } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';
import { serve } from '../support/serve';
import { GUIDE } from './pages';

const page = readFileSync(join(GUIDE, 'limits.md'), 'utf8');

interface Entry {
  readonly default: string;
  /** NaN where the default is none. */
  readonly number: number;
  readonly unit: string;
  readonly perPath: boolean;
  readonly counted: string;
  readonly beyond: string;
}

const ENTRY = /^### `(\w+)`\n\n- Default: ([^]*?)\n- Counted: ([^]*?)\n- Beyond it: ([^]*?)\n(?:\n|$)/gm;

const entries = new Map<string, Entry>(
  [...page.matchAll(ENTRY)].map(([, name, standard, counted, beyond]) => [
    name!,
    {
      default: standard!,
      number: numberIn(standard!),
      unit: /^[\d,]+ (.*?)(?:, per path)?\.$/.exec(standard!)?.[1] ?? '',
      perPath: /per path\.$/i.test(standard!),
      counted: counted!.replace(/\s+/g, ' '),
      beyond: beyond!.replace(/\s+/g, ' '),
    },
  ]),
);

function numberIn(words: string): number {
  return Number((/^[\d,]+/.exec(words)?.[0] ?? 'none').replaceAll(',', ''));
}

const entry = (name: keyof Limits): Entry => entries.get(name)!;

/** A number in the text of the page, which is there once. */
function numberBefore(words: string): number {
  const found = [...page.replace(/\s+/g, ' ').matchAll(new RegExp(`([\\d,]+) ${words}`, 'g'))];
  expect([words, found.length]).toEqual([words, 1]);
  return numberIn(found[0]![1]!);
}

test('it has an entry for each limit', () => {
  expect([...entries.keys()].sort()).toEqual(Object.keys(DEFAULT_LIMITS).sort());
});

test.each(Object.entries(DEFAULT_LIMITS))('%s: the default is that of the code, with its unit', (name, value) => {
  const { default: words, number, unit, perPath } = entries.get(name)!;
  if (typeof value === 'string') expect(words).toBe(`\`'${value}'\`, per path.`);
  else if (value === NONE) expect(words).toMatch(/^none|^what the process|^a quarter/);
  else expect([name, number]).toEqual([name, value]);
  if (name.endsWith('Bytes') && !Number.isNaN(number)) expect(unit).toBe('bytes');
  if (name.endsWith('Ms')) expect(unit).toBe('milliseconds');
  const isOfTheApplication = ['handshakeTimeoutMs', 'maxHeaderBytes', 'maxTotalBufferedBytes'].includes(name);
  expect(perPath).toBe(!isOfTheApplication);
});

/** What is seen of one limit: how the page calls it. */
type Outcome = string;

async function serving(endpoint: Omit<Endpoint, 'path'>, limits: Limits = {}, options: EngineOptions = {}) {
  const clock = new ManualClock();
  const seen = { received: 0, limited: [] as string[], closed: deferred<number>() };
  const engine = await startEngine([{ path: '/', ...endpoint }], {
    clock,
    limits,
    heartbeat: false,
    observer: {
      received: () => void seen.received++,
      limited: (_connection, limit) => void seen.limited.push(limit),
      closed: (_connection, { code }) => seen.closed.resolve(code),
    },
    ...options,
  });
  const client = await RawClient.connect(engine.url);
  const open = async (): Promise<number> => {
    client.upgrade('/');
    return (await client.answer()).status;
  };
  return { engine, clock, seen, client, open };
}

const ignore = (): void => {};
const closeCode = async (client: RawClient): Promise<Outcome> => `close code ${(await client.closeFrame()).code}`;

async function afterSending(endpoint: Omit<Endpoint, 'path'>, limits: Limits, ...frames: Buffer[]): Promise<Outcome> {
  const { client, open } = await serving(endpoint, limits);
  await open();
  client.write(Buffer.concat(frames));
  return closeCode(client);
}

/** What a handler of events answers to a body, under the limits of the page. */
async function codeFor(body: unknown, limits?: Limits, times = 1): Promise<Outcome> {
  const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const;
  @WebSocketPath('/', { limits })
  class Controller {
    @OnMessage('event')
    event(@MessageBody(schema) _body: unknown): string {
      return 'taken';
    }
  }
  const client = await (await serve([Controller])).connect('/');
  let outcome: Outcome = '';
  for (let i = 0; i < times; i++) {
    outcome = await client.request('event', body).then(
      () => 'taken',
      ({ code }: { code: string }) => `\`${code}\``,
    );
  }
  return outcome;
}

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

/** Fills what may wait for a client that does not read, as `send` has it. */
async function full(limits: Limits, size: number) {
  const found = deferred<{ connection: Connection; results: string[]; buffered: number[] }>();
  const { client, open, ...rest } = await serving(
    {
      text: async (connection) => {
        client.socket.pause();
        const results: string[] = [];
        const buffered: number[] = [];
        while (results.length < 1000 && !/closed|dropped/.test(results.at(-1) ?? '')) {
          results.push(connection.sendResult(Buffer.alloc(size)));
          buffered.push(connection.bufferedBytes);
          await new Promise(setImmediate);
        }
        found.resolve({ connection, results, buffered });
      },
    },
    limits,
  );
  await open();
  client.write(text('go'));
  return { ...(await found.promise), ...rest, client };
}

const OUTCOMES: Record<keyof Limits, () => Promise<Outcome>> = {
  maxMessageBytes: () => {
    const { number } = entry('maxMessageBytes');
    const declared = text('', { declared: BigInt(number + 1), lengthBytes: 8 });
    return afterSending({ text: ignore }, {}, declared);
  },
  maxStreamBytes: () =>
    afterSending(
      {
        binaryStream: async (_connection, stream) => {
          for await (const part of stream) void part;
        },
      },
      { maxStreamBytes: 10 },
      binary(Buffer.alloc(11)),
    ),
  maxEmptyFragments: () => {
    const empty = continuation('', { fin: false });
    const frames = Array<Buffer>(entry('maxEmptyFragments').number + 1).fill(empty);
    return afterSending({ text: ignore }, {}, text('x', { fin: false }), ...frames);
  },
  maxQueuedMessages: async () => {
    const gate = deferred();
    let handled = 0;
    const { client, open, seen } = await serving({
      text: async () => {
        await gate.promise;
        handled++;
      },
    });
    await open();
    const { number } = entry('maxQueuedMessages');
    client.write(Buffer.concat([...Array<Buffer>(number * 4).fill(text('x')), ping()]));
    while (seen.received < number + 1) await new Promise(setImmediate);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(seen.received).toBe(number + 1);
    gate.resolve();
    await client.frame();
    while (handled < number * 4) await new Promise(setImmediate);
    return 'Nothing is lost or refused';
  },
  messagesPerSecond: async () => {
    expect(await codeFor('x', { messagesPerSecond: 3 }, 4)).toBe('`rate_limited`');
    return afterSending({ text: ignore }, { messagesPerSecond: 1 }, text('a'), text('b'));
  },
  bytesPerSecond: async () => {
    expect(await codeFor('x'.repeat(60), { bytesPerSecond: 100 }, 2)).toBe('`rate_limited`');
    return afterSending({ text: ignore }, { bytesPerSecond: 10 }, text('x'.repeat(6)), text('x'.repeat(6)));
  },
  maxKeys: async () => {
    const { number } = entry('maxKeys');
    expect(await codeFor(Array(number).fill(0))).toBe('taken');
    return codeFor(Array(number + 1).fill(0));
  },
  maxDepth: async () => {
    const { number } = entry('maxDepth');
    expect(await codeFor(nested(number))).toBe('taken');
    return codeFor(nested(number + 1));
  },
  highWaterMarkBytes: async () => {
    const { results, buffered } = await full({ slowConsumer: 'drop' }, 10_000);
    const { number } = entry('highWaterMarkBytes');
    results.pop();
    expect(results).toEqual(buffered.slice(0, -1).map((bytes) => (bytes <= number ? 'sent' : 'queued')));
    expect(results).toContain('queued');
    return '`send` returns false';
  },
  maxBufferedBytes: async () => {
    const { results, buffered } = await full({ slowConsumer: 'drop' }, 60_000);
    expect(results.at(-1)).toBe('dropped');
    const { number } = entry('maxBufferedBytes');
    expect(Math.max(...buffered)).toBeLessThanOrEqual(number);
    expect(Math.max(...buffered)).toBeGreaterThan(number - 60_010);
    return '`slowConsumer`';
  },
  slowConsumer: async () => {
    const { client } = await full({}, 60_000);
    client.socket.resume();
    let frame = await client.frame();
    while (frame.opcode === 2) frame = await client.frame();
    expect((await full({ slowConsumer: 'drop' }, 60_000)).connection.state).toBe('open');
    return `close code ${frame.payload.readUInt16BE(0)}`.replace('close', 'closed with');
  },
  handshakeTimeoutMs: async () => {
    const asked = deferred();
    const { client, clock } = await serving({
      text: ignore,
      upgrade: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    client.upgrade('/');
    await asked.promise;
    clock.advance(entry('handshakeTimeoutMs').number);
    return `status ${(await client.answer()).status}`;
  },
  closeTimeoutMs: async () => {
    const { client, clock, open, seen, engine } = await serving({ text: ignore });
    await open();
    const [connection] = engine.connections;
    void connection!.close();
    const { number } = entry('closeTimeoutMs');
    clock.advance(number - 1);
    expect([connection!.state, seen.limited]).toEqual(['closing', []]);
    clock.advance(1);
    expect(seen.limited).toEqual(['closeTimeoutMs']);
    expect(await seen.closed.promise).toBe(1006);
    client.destroy();
    return 'the connection is cut';
  },
  maxHeaderBytes: async () => {
    const { client } = await serving({ text: ignore });
    client.upgrade('/', { 'X-Long': 'x'.repeat(entry('maxHeaderBytes').number) });
    return `status ${(await client.answer()).status}`;
  },
  maxConnections: async () => {
    const { engine, open } = await serving({ text: ignore }, { maxConnections: 1 });
    await open();
    const other = await RawClient.connect(engine.url);
    other.upgrade('/');
    return `status ${(await other.answer()).status}`;
  },
  maxConnectionsPerAddress: async () => {
    const { engine, open } = await serving({ text: ignore }, { maxConnectionsPerAddress: 1 });
    await open();
    const other = await RawClient.connect(engine.url);
    other.upgrade('/');
    return `status ${(await other.answer()).status}`;
  },
  maxTotalBufferedBytes: async () => {
    const perMessage = numberBefore('bytes, and its bytes');
    const gate = deferred();
    const { client, open, seen } = await serving(
      { text: () => gate.promise },
      { maxTotalBufferedBytes: perMessage * 50 },
    );
    await open();
    client.write(Buffer.concat(Array<Buffer>(60).fill(text(''))));
    await client.end();
    // one is at work, and the one beyond what fits is the last to be read
    expect([seen.limited, seen.received]).toEqual([['maxTotalBufferedBytes'], expect.any(Number)]);
    expect(seen.received).toBeGreaterThan(50);
    gate.resolve();
    expect(await seen.closed.promise).toBe(1006);
    return 'are cut';
  },
};

test.each(Object.entries(OUTCOMES))('%s: what happens beyond it is what the page says', async (name, run) => {
  const outcome = await run();
  expect(entries.get(name)!.beyond).toContain(outcome);
});

test('what waits before an answer is as much as it says', async () => {
  const least = numberBefore('bytes on average');
  const most = numberBefore('messages with the defaults');
  expect(most).toBe(entry('maxMessageBytes').number / least);
  const { client, open, seen } = await serving({
    text: async (connection) => void (await connection.request('name?').catch(ignore)),
  });
  await open();
  client.write(Buffer.concat(Array<Buffer>(most + 1000).fill(text('x'))));
  while (seen.received < most + 1) await new Promise(setImmediate);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  expect(seen.received).toBe(most + 1);
});

test('two large messages at a time do not count, a third does', async () => {
  const { number } = entry('maxBufferedBytes');
  const large = Math.floor(number / 2) + 1;
  const { results, buffered } = await full({ slowConsumer: 'drop' }, large);
  expect(results.at(-1)).toBe('dropped');
  const most = Math.max(...buffered);
  // a part of the first is in the kernel's hands
  expect([most > 2 * large, most <= number + 2 * (large + 10)]).toEqual([true, true]);
});

test('so long a client takes nothing before it counts as one that does not read', async () => {
  const ms = numberBefore('ms of what it was offered');
  const done = deferred<string[]>();
  const { client, clock, open } = await serving({
    text: async (connection) => {
      client.socket.pause();
      const chunk = Buffer.alloc(64 * 1024);
      void connection.sendStream(
        (function* () {
          for (;;) yield chunk;
        })(),
      );
      for (let before = -1, still = 0; still < 50; await new Promise(setImmediate)) {
        still = connection.bufferedBytes === before && before > 0 ? still + 1 : 0;
        before = connection.bufferedBytes;
      }
      const message = Buffer.alloc(entry('maxBufferedBytes').number, 'x');
      const results: string[] = [connection.sendResult(message), connection.sendResult(message)];
      for (const step of [ms - 1, 1]) {
        clock.advance(step);
        for (let i = 0; i < 3; i++) await new Promise(setImmediate);
        results.push(connection.sendResult('x'));
      }
      done.resolve(results);
    },
  });
  await open();
  client.write(text('go'));
  expect(await done.promise).toEqual(['queued', 'queued', 'queued', 'closed']);
});

test('so many iterables are sent at a time', async () => {
  const most = numberBefore('iterables that handlers returned');
  const gate = deferred();
  let begun = 0;
  @WebSocketPath('/')
  class Controller {
    @OnMessage('ticks')
    async *ticks() {
      begun++;
      await gate.promise;
      yield 1;
    }
  }
  const app = await serve([Controller]);
  const client = await app.connect('/');
  for (let i = 0; i < most + 10; i++) client.emit('ticks');
  while (app.log.lines.length === 0) await new Promise(setImmediate);
  expect([begun, app.log.lines[0]]).toEqual([most, expect.stringContaining(`${most} iterables`)]);
  gate.resolve();
});
