import type { Connection, Endpoint, EngineOptions, Observer } from '../../src/engine';
import { MemorySocket } from '../../src/testing/memory-socket';
import { binary, clientFrame, close, continuation, text } from '../support/frames';
import { deferred, echo, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

/** An engine of one endpoint, and what it reports by name of the report. */
async function observed(endpoint: Partial<Endpoint> = {}, options: EngineOptions = {}) {
  const reports: [report: string, ...what: unknown[]][] = [];
  let wake = (): void => {};
  const observer = new Proxy(
    {},
    {
      get:
        (_target, report: string) =>
        (...what: unknown[]) => {
          reports.push([report, ...what]);
          wake();
        },
    },
  );
  const engine = await startEngine([{ ...echo, path: '/rooms/:room', ...endpoint }], { ...options, observer });
  const all = (report: string): unknown[][] => reports.filter(([name]) => name === report).map(([, ...what]) => what);
  const seen = async (report: string): Promise<unknown[][]> => {
    while (all(report).length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return all(report);
  };
  const open = (): Promise<RawClient> => RawClient.open(engine.url, '/rooms/7');
  return { engine, open, all, seen };
}

type Observed = Awaited<ReturnType<typeof observed>>;

async function refused({ engine, all }: Pick<Observed, 'engine' | 'all'>, request: (client: RawClient) => void) {
  const client = await RawClient.connect(engine.url);
  request(client);
  await client.answer();
  client.destroy();
  const [refusal, { url }, path] = all('handshakeRefused').at(-1) as Parameters<
    NonNullable<Observer['handshakeRefused']>
  >;
  return { status: refusal.status, limit: refusal.limit, url, path };
}

test('a refused handshake comes with the pattern that was asked for, where there is one', async () => {
  const one = await observed();
  const foreign = { Origin: 'https://evil.com' };
  expect(await refused(one, (client) => client.upgrade('/rooms/7?x', foreign))).toMatchObject({
    status: 403,
    url: '/rooms/7?x',
    path: '/rooms/:room',
  });
  expect(await refused(one, (client) => client.upgrade('/nowhere'))).toMatchObject({ status: 404, path: undefined });
  expect(await refused(one, (client) => client.upgrade('http://['))).toMatchObject({ status: 400, path: undefined });
});

test('a limit of handshakes is named', async () => {
  const one = await observed({}, { limits: { maxConnections: 2, maxConnectionsPerAddress: 1, maxHeaderBytes: 1024 } });
  await one.open();
  const upgrade = (client: RawClient): void => client.upgrade('/rooms/7');
  expect(await refused(one, upgrade)).toMatchObject({ status: 429, limit: 'maxConnectionsPerAddress' });
  expect(await refused(one, (client) => client.upgrade('/rooms/7', { 'X-Long': 'x'.repeat(2000) }))).toMatchObject({
    status: 431,
    limit: 'maxHeaderBytes',
  });
  const full = await observed({}, { limits: { maxConnections: 1 } });
  await full.open();
  expect(await refused(full, upgrade)).toMatchObject({ status: 503, limit: 'maxConnections' });
});

test.each([
  ['headers that do not end', (client: RawClient) => client.write('GET / HTTP/1.1\r\n'), undefined],
  ['a hook that does not settle', (client: RawClient) => client.upgrade('/rooms/7'), '/rooms/:room'],
])('the time for handshakes is one of them: %s', async (_what, request, path) => {
  const upgrade = (): Promise<undefined> => new Promise(() => {});
  const one = await observed({ upgrade }, { limits: { handshakeTimeoutMs: 1_000 } });
  expect(await refused(one, request)).toMatchObject({ status: 408, limit: 'handshakeTimeoutMs', path });
});

test('a client that leaves while its upgrade is decided', async () => {
  const asked = deferred();
  const upgrade = (): Promise<undefined> => {
    asked.resolve();
    return new Promise(() => {});
  };
  const { engine, seen, all } = await observed({ upgrade });
  const [ours, theirs] = MemorySocket.pair();
  engine.serve(theirs);
  RawClient.over(ours).upgrade('/rooms/7');
  await asked.promise;
  theirs.destroy();
  const [[handshake, path]] = (await seen('abandoned')) as [[object, string]];
  expect(path).toBe('/rooms/:room');
  expect(all('arrived')).toEqual([[handshake]]);
  expect(all('opened')).toEqual([]);
});

test('one handshake is one object from its arrival on', async () => {
  const { open, all } = await observed();
  await open();
  const [[connection]] = all('opened') as [[Connection]];
  expect(all('arrived')[0]![0]).toBe(connection.handshake);
});

test('a connection that the application ends', async () => {
  const { engine, open, seen, all } = await observed();
  const client = await open();
  const [connection] = engine.connections;
  connection!.terminate();
  await client.end();
  await seen('closed');
  expect(all('terminated')).toEqual([[connection]]);
  expect(all('limited')).toEqual([]);
});

test('bytes that came and went, frames and all', async () => {
  const { open, all, seen } = await observed();
  const client = await open();
  const sent = [text('grün'), binary(Buffer.alloc(300)), binary(Buffer.alloc(20_000)), close(1000)];
  let received = 0;
  for (const frame of sent) {
    client.write(frame);
    received += 2 + (await client.frame()).payload.length;
  }
  await client.end();
  client.socket.end();
  await seen('closed');
  const sum = (report: string): number => all(report).reduce((total, [, bytes]) => total + (bytes as number), 0);
  expect(sum('bytesRead')).toBe(Buffer.concat(sent).length);
  // two of the frames have two bytes more of length
  expect(sum('bytesWritten')).toBe(received + 2 + 2);
});

describe('a broken rule', () => {
  const limits = { maxMessageBytes: 1000, maxStreamBytes: 2000, maxEmptyFragments: 2 };
  const stream = { textStream: async () => {} };
  const begun = [text('x', { fin: false })];
  const tooMuch = clientFrame({ opcode: 1, declared: 3000n });

  test.each<[string, Partial<Endpoint>, Buffer[], string | undefined]>([
    ['that is no limit', {}, [text('x', { mask: null })], undefined],
    ['maxMessageBytes', {}, [tooMuch], 'maxMessageBytes'],
    ['maxStreamBytes', stream, [tooMuch], 'maxStreamBytes'],
    ['maxStreamBytes in a later fragment', stream, [...begun, continuation(Buffer.alloc(2000))], 'maxStreamBytes'],
    [
      'maxEmptyFragments',
      {},
      [...begun, ...Array<Buffer>(3).fill(continuation('', { fin: false }))],
      'maxEmptyFragments',
    ],
  ])('names the limit that it was: %s', async (_what, endpoint, frames, limit) => {
    const { open, seen } = await observed(endpoint, { limits });
    const client = await open();
    client.write(Buffer.concat(frames));
    const [[, violation]] = (await seen('violated')) as [[unknown, { limit?: string }]];
    expect(violation.limit).toBe(limit);
  });

  test('is reported once, however much follows in the same read', async () => {
    const { open, seen, all } = await observed(stream, { limits: { bytesPerSecond: 10 } });
    const client = await open();
    const fragments = Array.from({ length: 500 }, () => continuation('xxxx', { fin: false }));
    client.write(Buffer.concat([...begun, ...fragments]));
    await client.end();
    client.socket.end();
    await seen('closed');
    expect(all('violated')).toMatchObject([[{}, { name: 'TooFast' }]]);
    expect(all('limited')).toMatchObject([[{}, 'bytesPerSecond']]);
  });
});
