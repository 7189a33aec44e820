import { Engine, refuse, type Endpoint, type EngineOptions } from '../../../src/engine';
import { MemorySocket } from '../../../src/testing/memory-socket';
import { deferred, echo } from '../../support/engine';
import { ManualClock } from '../../support/manual-clock';
import { RawClient } from '../../support/raw-client';
import { settled } from '../../support/serve';

type Headers = Record<string, string>;

const engines = new Set<Engine>();

afterEach(async () => {
  for (const engine of engines) {
    for (const connection of engine.connections) connection.terminate();
    await engine.close();
  }
  engines.clear();
});

/** An engine without a port, on a clock that stands still, and what its observer hears, in order. */
function opened(endpoints: Endpoint[], options: EngineOptions = {}) {
  const heard: string[] = [];
  const clock = new ManualClock();
  const engine = new Engine({
    clock,
    heartbeat: false,
    observer: {
      handshakeRefused: ({ status }, { url, remoteAddress }) =>
        void heard.push(`refused ${status} ${url} ${remoteAddress}`),
      abandoned: ({ url }, path) => void heard.push(`abandoned ${url} ${path}`),
      failed: (error, what) => void heard.push(`failed ${what}: ${(error as Error).message}`),
      opened: ({ path }) => void heard.push(`opened ${path}`),
    },
    ...options,
  });
  for (const endpoint of endpoints) engine.add(endpoint);
  engines.add(engine);
  return { engine, heard, clock };
}

/** A client that has sent its handshake. */
function asking(engine: Engine, url = '/', headers: Headers = {}): RawClient<MemorySocket> {
  const [ours, theirs] = MemorySocket.pair();
  engine.serve(theirs);
  const client = RawClient.over(ours);
  client.upgrade(url, headers);
  return client;
}

async function answerTo(engine: Engine, url?: string, headers?: Headers) {
  const client = asking(engine, url, headers);
  const { status, body, headers: answered } = await client.answer();
  return { status, body, protocol: answered['sec-websocket-protocol'], seat: answered['x-seat'], client };
}

const statusOf = async (...asked: Parameters<typeof answerTo>): Promise<number> => (await answerTo(...asked)).status;

describe('the rules, in their order', () => {
  const served: Endpoint = { ...echo, path: '/:room', origins: ['https://a.example'] };
  const MALFORMED = { Forwarded: '"' };
  const OLD = { 'Sec-WebSocket-Version': '12' };
  const FOREIGN = { Origin: 'https://b.example' };
  const ALLOWED = { Origin: 'https://a.example' };

  test.each<[string, string, Headers, number]>([
    ['the target', '/a#b', { ...MALFORMED, ...OLD, ...FOREIGN }, 400],
    ['the path', '/a/b', { ...MALFORMED, ...OLD, ...FOREIGN }, 404],
    ['what proxies say of the client', '/a', { ...MALFORMED, ...OLD, ...FOREIGN }, 400],
    ['the handshake', '/a', { ...OLD, ...FOREIGN }, 426],
    ['the origin', '/a', FOREIGN, 403],
    ['the limits', '/a', ALLOWED, 503],
  ])('%s', async (_what, url, headers, status) => {
    const { engine, heard } = opened([served], { trustedProxies: ['127.0.0.1'], limits: { maxConnections: 1 } });
    expect(await statusOf(engine, '/a', ALLOWED)).toBe(101);
    expect(await statusOf(engine, url, headers)).toBe(status);
    expect(heard).toEqual(['opened /:room', `refused ${status} ${url} 127.0.0.1`]);
  });

  test('all handshakes are refused while the server stops, and judged again after that', async () => {
    const verdict = deferred();
    const { engine } = opened([served, { ...echo, path: '/slow/:room', close: () => verdict.promise }]);
    const { client } = await answerTo(engine, '/slow/1');
    const closed = engine.close();
    expect(await statusOf(engine, '/a#b')).toBe(503);
    client.destroy();
    verdict.resolve();
    await closed;
    expect(await statusOf(engine, '/a#b')).toBe(400);
    expect(await statusOf(engine, '/a', ALLOWED)).toBe(101);
  });
});

describe('subprotocols', () => {
  const speaking = { ...echo, protocols: ['a', 'b'] };
  const offering = (protocols: string): Headers => ({ 'Sec-WebSocket-Protocol': protocols });

  test('the first of the client that the path speaks', async () => {
    const { engine } = opened([speaking]);
    expect(await answerTo(engine, '/', offering('x, b, a'))).toMatchObject({ status: 101, protocol: 'b' });
    expect(await answerTo(engine, '/', offering('x'))).toMatchObject({ status: 101, protocol: undefined });
  });

  test('a hook chooses another of those that the client offers', async () => {
    const { engine } = opened([{ ...speaking, upgrade: () => ({ protocol: 'x', headers: { 'X-Seat': '7' } }) }]);
    expect(await answerTo(engine, '/', offering('a, x'))).toMatchObject({ status: 101, protocol: 'x', seat: '7' });
  });

  test('one that the client does not offer is a 500, and reported', async () => {
    const { engine, heard } = opened([{ ...speaking, upgrade: () => ({ protocol: 'x' }) }]);
    expect(await statusOf(engine, '/', offering('a'))).toBe(500);
    expect(heard).toEqual([
      'failed handshake of /: the subprotocol "x" is none of those that the client offers',
      'refused 500 / 127.0.0.1',
    ]);
  });
});

describe('a failure is answered with 500, reported, and ends one handshake', () => {
  const fail = (): never => {
    throw new Error('broken');
  };
  const REPORTED = ['failed handshake of /: broken', 'refused 500 / 127.0.0.1'];

  test.each<[string, Endpoint]>([
    ['of an origins function', { ...echo, origins: fail }],
    ['of an origins function, later', { ...echo, origins: () => Promise.resolve().then(fail) }],
    ['of an upgrade hook', { ...echo, upgrade: fail }],
    ['of an upgrade hook, later', { ...echo, upgrade: () => Promise.resolve().then(fail) }],
  ])('%s', async (_what, endpoint) => {
    const { engine, heard } = opened([endpoint]);
    expect(await statusOf(engine)).toBe(500);
    expect(heard).toEqual(REPORTED);
    expect(engine.connections.size).toBe(0);
  });

  test('of an acceptance that cannot be sent', async () => {
    const { engine, heard } = opened([{ ...echo, upgrade: () => ({ headers: { 'x-a': '\n' } }) }]);
    expect(await statusOf(engine)).toBe(500);
    expect(heard).toEqual([expect.stringMatching(/^failed handshake of \/: /), REPORTED[1]]);
  });

  test('of a refusal that cannot be sent', async () => {
    const { engine, heard } = opened([{ ...echo, upgrade: () => refuse(401, { headers: { 'x-a': '\n' } }) }]);
    expect(await statusOf(engine)).toBe(500);
    expect(heard).toEqual(['refused 401 / 127.0.0.1', expect.stringMatching(/^failed refusal of \/: /)]);
  });
});

test('a path may have an asynchronous origins function and a hook: both must agree, in this order', async () => {
  const asked: string[] = [];
  const { engine } = opened([
    {
      ...echo,
      origins: async (origin) => {
        asked.push('origins');
        await settled();
        return origin !== 'https://b.example';
      },
      upgrade: ({ handshake }) => {
        asked.push('upgrade');
        return handshake.headers.origin === 'https://c.example' ? refuse(401) : undefined;
      },
    },
  ]);
  expect(await statusOf(engine, '/', { Origin: 'https://a.example' })).toBe(101);
  expect(await statusOf(engine, '/', { Origin: 'https://b.example' })).toBe(403);
  expect(await statusOf(engine, '/', { Origin: 'https://c.example' })).toBe(401);
  expect(asked).toEqual(['origins', 'upgrade', 'origins', 'origins', 'upgrade']);
});

describe('an upgrade hook that takes its time', () => {
  async function waiting() {
    const verdict = deferred<undefined>();
    const asked = deferred();
    const upgrade = (): Promise<undefined> => {
      asked.resolve();
      return verdict.promise;
    };
    const context = opened([{ ...echo, upgrade }], { limits: { handshakeTimeoutMs: 1_000 } });
    const client = asking(context.engine);
    await asked.promise;
    return { ...context, client, verdict };
  }

  test('is awaited, and has no time-out then', async () => {
    const { client, verdict, clock, heard } = await waiting();
    clock.advance(999);
    verdict.resolve(undefined);
    expect((await client.answer()).status).toBe(101);
    clock.advance(1_000);
    expect(heard).toEqual(['opened /']);
  });

  test('gets 408 at handshakeTimeoutMs, and is not heard later', async () => {
    const { client, verdict, clock, heard } = await waiting();
    clock.advance(999);
    await settled();
    expect(heard).toEqual([]);
    clock.advance(1);
    expect((await client.answer()).status).toBe(408);
    verdict.resolve(undefined);
    await settled();
    expect(heard).toEqual(['refused 408 / 127.0.0.1']);
  });

  test('is refused with 503 when the server stops', async () => {
    const { client, verdict, engine, heard } = await waiting();
    const closed = engine.close();
    expect((await client.answer()).status).toBe(503);
    verdict.resolve(undefined);
    await closed;
    await settled();
    expect(heard).toEqual(['refused 503 / 127.0.0.1']);
  });

  test('is abandoned when the client has gone', async () => {
    const { client, verdict, heard, clock } = await waiting();
    client.destroy();
    await settled();
    verdict.resolve(undefined);
    await settled();
    expect(heard).toEqual(['abandoned / /']);
    expect(clock.pending).toBe(0);
  });
});
