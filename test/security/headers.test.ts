import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { Engine, type EngineOptions } from '../../src/engine';
import { ClientAddresses } from '../../src/server/upgrade/client-addresses';
import { judgeUpgrade, originRule, parseRequestTarget, Refusal } from '../../src/handshake';
import { echo, startEngine } from '../support/engine';
import { text } from '../support/frames';
import { figure } from '../support/figures';
import { dial, LAYERS } from '../support/layers';
import { RawClient, UPGRADE_HEADERS } from '../support/raw-client';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const IN_ORDER: Readonly<Record<string, string>> = { Host: 'localhost', ...UPGRADE_HEADERS, 'Sec-WebSocket-Key': KEY };

async function isServed(url: string): Promise<void> {
  const client = await RawClient.open(url, '/');
  client.write(text('still here'));
  expect((await client.frame()).payload.toString()).toBe('still here');
  client.destroy();
}

describe('headers are read in time linear to their length', () => {
  /** The length in the reports: 32,000 spaces, or 8,000 escaped quotes. */
  const AS_REPORTED = 32_000;
  const SHORT = 4_000;
  const TIMES_LONGER = 16;
  /** Linear time is 16 times as much, quadratic time 256 times. */
  const MOST_TIMES_SLOWER = 100;

  const spaces = (length: number): string => `a${' '.repeat(length)}b`;
  const escapedQuotes = (length: number): string => `a; b="${'\\"'.repeat(length / 4)}`;
  /** Encodes each character in front of those before it. */
  const punycode = (length: number): string => `http://xn--${'a'.repeat(length / 2)}-${'9a'.repeat(length / 4)}`;
  /** Combining marks, which a URL parser has to sort. */
  const marks = (length: number): string => `http://a${'%CC%81%CC%A3'.repeat(length / 12)}`;

  /** The status that refuses an upgrade with this header, or undefined. */
  const asHeader = (name: string) => (value: string) => {
    const headers = Object.fromEntries(Object.entries(IN_ORDER).map(([each, given]) => [each.toLowerCase(), given]));
    const request = { method: 'GET', httpVersion: '1.1', headers: { ...headers, [name.toLowerCase()]: value } };
    const offer = judgeUpgrade({ ...request, rawHeaders: ['Host', ''] });
    return offer instanceof Refusal ? offer.status : undefined;
  };
  const proxy = Object.assign(new Duplex(), { remoteAddress: '127.0.0.1' });
  const peers = new ClientAddresses(['127.0.0.1']);
  const asForwarded = (header: string) => (value: string) => peers.of(proxy, { [header]: value }).refusal?.status;
  const sameHost = originRule(undefined);
  const listed = originRule(['https://good.com', 'https://*.good.com', /https:\/\/\w+\.better\.com/]);
  const asOrigin = (value: string): unknown => sameHost(value, 'good.com', {}) || listed(value, 'good.com', {});
  const asHost = (value: string): unknown => sameHost('http://good.com', value.replace('http://', ''), {});

  const CASES: [string, string, (length: number) => string, (value: string) => unknown, unknown][] = [
    ['Sec-WebSocket-Extensions', 'spaces', spaces, asHeader('Sec-WebSocket-Extensions'), 400],
    ['Sec-WebSocket-Extensions', 'escaped quotes', escapedQuotes, asHeader('Sec-WebSocket-Extensions'), 400],
    ['Sec-WebSocket-Protocol', 'spaces', spaces, asHeader('Sec-WebSocket-Protocol'), 400],
    ['Sec-WebSocket-Protocol', 'escaped quotes', escapedQuotes, asHeader('Sec-WebSocket-Protocol'), 400],
    ['Upgrade', 'spaces', spaces, asHeader('Upgrade'), 400],
    ['Upgrade', 'escaped quotes', escapedQuotes, asHeader('Upgrade'), 400],
    ['Connection', 'spaces', spaces, asHeader('Connection'), 400],
    ['Connection', 'escaped quotes', escapedQuotes, asHeader('Connection'), 400],
    ['Host', 'spaces', spaces, asHeader('Host'), 400],
    ['Host', 'escaped quotes', escapedQuotes, asHeader('Host'), 400],
    ['Host', 'Punycode', punycode, asHost, false],
    ['Forwarded', 'spaces', spaces, asForwarded('forwarded'), 400],
    ['Forwarded', 'escaped quotes', escapedQuotes, asForwarded('forwarded'), 400],
    ['X-Forwarded-For', 'spaces', spaces, asForwarded('x-forwarded-for'), undefined],
    ['X-Forwarded-For', 'escaped quotes', escapedQuotes, asForwarded('x-forwarded-for'), undefined],
    ['Origin', 'spaces', spaces, asOrigin, false],
    ['Origin', 'spaces in a host', (length) => `https://${spaces(length)}.good.com`, asOrigin, false],
    ['Origin', 'labels', (length) => `https://${'a.'.repeat(length / 2)}good.org`, asOrigin, false],
    ['Origin', 'escaped quotes', escapedQuotes, asOrigin, false],
    ['Origin', 'Punycode', punycode, asOrigin, false],
    ['Origin', 'marks', marks, asOrigin, false],
    ['the request target', 'Punycode', punycode, parseRequestTarget, undefined],
    ['the request target', 'marks', marks, parseRequestTarget, undefined],
  ];

  /** The milliseconds of the fastest run: a busy machine makes only some runs slower. */
  function fastest(runs: number, read: () => unknown): number {
    let least = Infinity;
    for (let run = 0; run < runs; run++) {
      const begin = performance.now();
      read();
      least = Math.min(least, performance.now() - begin);
    }
    return least;
  }

  let slowest = { ms: 0, what: '' };

  test.each(CASES)('%s: %s', (name, what, write, read, outcome) => {
    const [short, long, reported] = [SHORT, SHORT * TIMES_LONGER, AS_REPORTED].map(write);
    expect(read(short!)).toBe(outcome);
    const ms = fastest(10, () => read(reported!));
    const shortMs = fastest(50, () => read(short!));
    expect(fastest(20, () => read(long!)) / shortMs).toBeLessThan(MOST_TIMES_SLOWER);
    if (ms > slowest.ms) slowest = { ms, what: `${what} in ${name}` };
  });

  afterAll(() => {
    const { ms, what } = slowest;
    figure(
      'regular-expression blow-up',
      `32,000 characters of a header are read in ${ms.toFixed(2)} ms at the most (${what})`,
    );
  });

  const trusting: EngineOptions = { limits: { maxHeaderBytes: 1024 * 1024 }, trustedProxies: ['127.0.0.1'] };

  test.each<[string, string, string, number]>([
    ['Sec-WebSocket-Extensions', 'spaces', spaces(AS_REPORTED), 400],
    ['Sec-WebSocket-Extensions', 'escaped quotes', escapedQuotes(AS_REPORTED), 400],
    ['Sec-WebSocket-Protocol', 'spaces', spaces(AS_REPORTED), 400],
    ['Sec-WebSocket-Protocol', 'escaped quotes', escapedQuotes(AS_REPORTED), 400],
    ['Upgrade', 'spaces', spaces(AS_REPORTED), 400],
    ['Upgrade', 'escaped quotes', escapedQuotes(AS_REPORTED), 400],
    // without `Connection: Upgrade` it is a plain request
    ['Connection', 'spaces', spaces(AS_REPORTED), 426],
    ['Connection', 'escaped quotes', escapedQuotes(AS_REPORTED), 426],
    ['Host', 'spaces', spaces(AS_REPORTED), 400],
    ['Forwarded', 'spaces', spaces(AS_REPORTED), 400],
    ['Forwarded', 'escaped quotes', escapedQuotes(AS_REPORTED), 400],
    ['Origin', 'spaces', spaces(AS_REPORTED), 403],
    ['Origin', 'escaped quotes', escapedQuotes(AS_REPORTED), 403],
    ['Origin', 'Punycode', punycode(AS_REPORTED), 403],
  ])('with a maxHeaderBytes of 1 MiB: %s: %s', async (name, _what, value, status) => {
    const engine = await startEngine([echo], trusting);
    const client = await RawClient.connect(engine.url);
    client.upgrade('/', { [name]: value });
    expect((await client.answer()).status).toBe(status);
    await client.end();
    client.destroy();
    await isServed(engine.url);
  });
});

describe('absent headers', () => {
  const REQUIRED: [string, number[]][] = [
    ['Host', [400]],
    ['Upgrade', [426]],
    ['Connection', [426]],
    ['Sec-WebSocket-Version', [426]],
    ['Sec-WebSocket-Key', [400]],
  ];
  const lines = (headers: Readonly<Record<string, string>>): string =>
    Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
  /** Headers too short to reach maxHeaderBytes. */
  const others = (count: number): string => 'a:\r\n'.repeat(count);
  const without = (name: string): Record<string, string> =>
    Object.fromEntries(Object.entries(IN_ORDER).filter(([each]) => each !== name));

  async function statusOf(url: string, headers: string): Promise<number> {
    const client = await RawClient.connect(url);
    client.write(`GET / HTTP/1.1\r\n${headers}\r\n`);
    const { status } = await client.answer();
    if (status !== 101) await client.end();
    client.destroy();
    return status;
  }

  test('a handshake without a required header is refused, and the next client is served', async () => {
    const engine = await startEngine([echo]);
    for (const [name, statuses] of REQUIRED) {
      expect(statuses).toContain(await statusOf(engine.url, lines(without(name))));
      await isServed(engine.url);
    }
    expect(await statusOf(engine.url, '')).toBe(400);
    await isServed(engine.url);
  });

  test.each(REQUIRED)('%s behind 2,000 others', async (name, statuses) => {
    const engine = await startEngine([echo]);
    const status = await statusOf(
      engine.url,
      lines(without(name)) + others(2_000) + lines({ [name]: IN_ORDER[name]! }),
    );
    // newer versions of Node refuse the request themselves
    expect([...statuses, 400, 431]).toContain(status);
    await isServed(engine.url);
  });

  /** Headers whose absence changes the meaning of a handshake. Node drops them after 1,000 others. */
  const TELLING: [string, Record<string, string>][] = [
    ['of a body', { 'Content-Length': '5' }],
    ['of a body in chunks', { 'Transfer-Encoding': 'chunked' }],
    ['of a foreign origin', { Origin: 'https://evil.com' }],
    ['of another host', { Host: 'other' }],
    ['of the client behind a proxy', { 'X-Forwarded-For': '203.0.113.7' }],
  ];

  test.each(TELLING)('a header %s that Node drops is not taken for absent', async (_what, header) => {
    const engine = await startEngine([echo], { trustedProxies: ['127.0.0.1'] });
    expect(await statusOf(engine.url, lines(IN_ORDER) + others(1_100) + lines(header))).toBe(431);
    await isServed(engine.url);
  });

  test('nor over TLS', async () => {
    const { options, reach } = LAYERS['HTTP/1.1 over TLS']!;
    const engine = await startEngine([echo], options);
    const client = RawClient.over(await reach(await dial(engine)));
    client.write(`GET / HTTP/1.1\r\n${lines(IN_ORDER)}${others(1_100)}Origin: https://evil.com\r\n\r\n`);
    expect((await client.answer()).status).toBe(431);
    await client.end();
    client.destroy();
  });

  test('nor at an attached server that allows fewer headers', async () => {
    const server = createServer();
    server.maxHeadersCount = 40;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const engine = new Engine();
    engine.add(echo);
    const detach = engine.attach(server);
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await statusOf(url, lines(IN_ORDER) + others(100) + lines({ Origin: 'https://evil.com' }))).toBe(431);
      await isServed(url);
    } finally {
      detach();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await engine.close();
    }
  });

  test('as many headers as Node reads are let in', async () => {
    const engine = await startEngine([echo]);
    const count = 1_000 - Object.keys(IN_ORDER).length - 1;
    expect(await statusOf(engine.url, lines(IN_ORDER) + others(count))).toBe(101);
    await isServed(engine.url);
  });
});
