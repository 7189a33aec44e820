import type { Socket } from 'node:net';
import type { Engine, EngineOptions } from '../../src/engine';
import { echo, startEngine } from '../support/engine';
import { behind, cutAfter, dial, gone, LAYERS, untilOpen, type Layers } from '../support/layers';
import { v1 } from '../support/proxy-headers';
import { RawClient, UPGRADE_HEADERS } from '../support/raw-client';
import { echoes } from '../support/tls-client';

/** All layers, without a PROXY header in front of them and with one. */
const WAYS: [string, Layers][] = Object.entries(LAYERS).flatMap(([name, way]): [string, Layers][] => [
  [name, way],
  [`PROXY, ${name}`, proxied(way)],
]);

/** Connections that are cut, for each of `WAYS`. */
const CUTS = 50;

function proxied({ options, reach, open }: Layers): Layers {
  const header = v1('203.0.113.7');
  return {
    options: { ...options, proxyProtocol: true },
    reach: (stream) => reach(behind(header, stream)),
    open: (stream, headers) => open(behind(header, stream), headers),
  };
}

const failures: unknown[] = [];

function serve(options: EngineOptions): Promise<Engine> {
  failures.length = 0;
  return startEngine([echo], { ...options, observer: { failed: (error) => void failures.push(error) } });
}

/** Checks that all earlier connections have gone, that nothing failed, and that the engine serves the next one. */
async function isUnharmed(engine: Engine, { open }: Layers): Promise<void> {
  await untilOpen(engine, 0);
  expect(engine.connections.size).toBe(0);
  const socket = await dial(engine);
  await echoes(await open(socket));
  socket.destroy();
  await engine.close();
  expect(failures).toEqual([]);
}

const upgrade = Object.entries({ Host: 'a', ...UPGRADE_HEADERS, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');
const long = 'x'.repeat(17_000);

const BROKEN: [string, string, number[]][] = [
  ['headers of more than maxHeaderBytes', `GET / HTTP/1.1\r\nX: ${long}\r\n${upgrade}\r\n`, [431]],
  ['a target of more than maxHeaderBytes', `GET /${long} HTTP/1.1\r\n${upgrade}\r\n`, [431]],
  // the status depends on the version of Node
  ['2,000 headers', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(2_000)}${upgrade}\r\n`, [400, 431]],
  ['bytes that are not HTTP', 'hello\r\n\r\n', [400]],
  ['no version', `GET /\r\n${upgrade}\r\n`, [400]],
  ['another version', `GET / HTTP/3.0\r\n${upgrade}\r\n`, [400]],
  ['the first line of HTTP/2', `PRI * HTTP/1.1\r\n${upgrade}\r\n`, [400]],
  ['a space before a colon', `GET / HTTP/1.1\r\nX : a\r\n${upgrade}\r\n`, [400]],
  ['a header without a colon', `GET / HTTP/1.1\r\nx\r\n${upgrade}\r\n`, [400]],
  ['NUL in a header', `GET / HTTP/1.1\r\nX: \0\r\n${upgrade}\r\n`, [400]],
  ['a length that is no number', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n`, [400]],
  ['two lengths', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`, [400]],
];

describe.each(WAYS.filter(([name]) => name.includes('HTTP/1.1')))('%s', (_name, way) => {
  test.each(BROKEN)('%s: refused, and the connection ends', async (_what, request, statuses) => {
    const engine = await serve(way.options);
    const client = RawClient.over(await way.reach(await dial(engine)));
    client.write(request);
    expect(statuses).toContain((await client.answer()).status);
    expect(await client.end()).toHaveLength(0);
    client.destroy();
    await isUnharmed(engine, way);
  });
});

test.each(WAYS)('%s: headers may have maxHeaderBytes, and no more', async (_name, way) => {
  const ask = async (maxHeaderBytes: number, length: number): Promise<unknown> => {
    const engine = await serve({ ...way.options, limits: { maxHeaderBytes } });
    return way.open(await dial(engine), { 'x-long': 'x'.repeat(length) });
  };
  await ask(32_000, 25_000);
  await expect(ask(2_000, 3_000)).rejects.toThrow();
  await ask(2_000, 1_000);
});

describe.each<[string, (socket: Socket) => void]>([
  ['a reset', (socket) => socket.resetAndDestroy()],
  ['an end', (socket) => socket.end()],
])('%s at any byte of the handshake leaves nothing', (leaving, leave) => {
  test.each(WAYS)('%s', async (name, way) => {
    // Node 24 does not report a reset right after the first bytes of HTTP/2 in TLS: that session ends at its deadline
    const isUnseen = leaving === 'a reset' && name.endsWith('HTTP/2 over TLS');
    // other resets are seen at once: this deadline is never reached
    const [handshakeTimeoutMs, closeTimeoutMs] = isUnseen ? [2_000, 100] : [60_000, 60_000];
    const engine = await serve({ ...way.options, limits: { handshakeTimeoutMs, closeTimeoutMs } });
    const whole = await dial(engine);
    await way.open(whole);
    const { bytesWritten } = whole;
    whole.destroy();
    const step = Math.ceil(bytesWritten / CUTS);
    for (let count = 1; count < bytesWritten; count += step) {
      const socket = await dial(engine);
      const closed = gone(socket);
      way.open(cutAfter(count, socket, leave)).catch(() => {});
      await closed;
    }
    await isUnharmed(engine, way);
  });
});
