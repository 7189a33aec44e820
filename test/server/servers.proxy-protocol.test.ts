import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, EngineOptions } from '../../src/engine';
import { startEngine } from '../support/engine';
import { behind, dial, gone, LAYERS, openSockets, told, untilOpen, who } from '../support/layers';
import { ManualClock } from '../support/manual-clock';
import { ipv4Block, ipv6Block, tlv, v1, v2 } from '../support/proxy-headers';
import { settled } from '../support/serve';

const serve = (options: EngineOptions): Promise<Engine> => startEngine([who], { proxyProtocol: true, ...options });

const HEADERS: [string, string | Buffer, string][] = [
  ['version 1, IPv4', v1('203.0.113.7'), '203.0.113.7'],
  ['version 1, IPv6', v1('2001:db8:0::7'), '2001:db8::7'],
  ['version 1, UNKNOWN', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', '127.0.0.1'],
  ['version 2, IPv4', v2(0x21, 0x11, ipv4Block('203.0.113.7')), '203.0.113.7'],
  ['version 2, IPv6', v2(0x21, 0x21, ipv6Block('20010db8000000000000000000000007')), '2001:db8::7'],
  ['version 2, IPv4 in IPv6', v2(0x21, 0x21, ipv6Block('00000000000000000000ffffcb007107')), '203.0.113.7'],
  ['version 2, LOCAL', v2(0x20, 0x00, Buffer.alloc(0)), '127.0.0.1'],
  [
    'version 2 with TLVs',
    v2(
      0x21,
      0x11,
      Buffer.concat([ipv4Block('203.0.113.7'), tlv(0x05, Buffer.alloc(128)), tlv(0x04, Buffer.alloc(2000))]),
    ),
    '203.0.113.7',
  ],
];

describe.each(Object.entries(LAYERS))('a PROXY header in front of %s', (name, { options, open }) => {
  const secure = name.endsWith('TLS');

  test.each(HEADERS)('names the client: %s', async (_what, header, remoteAddress) => {
    const engine = await serve(options);
    // in the packet of what follows, and in one of its own
    const socket = await dial(engine);
    socket.write(header);
    for (const stream of [behind(header, await dial(engine)), socket]) {
      expect(await told(await open(stream))).toMatchObject({ remoteAddress, secure });
    }
  });

  test('comes byte by byte', async () => {
    const engine = await serve(options);
    const socket = await dial(engine);
    for (const byte of Buffer.from(v1('203.0.113.7'))) {
      socket.write(Buffer.from([byte]));
      await settled();
    }
    expect(await told(await open(socket))).toMatchObject({ remoteAddress: '203.0.113.7' });
  });

  test('is each connection’s own', async () => {
    const engine = await serve(options);
    const addresses = Array.from({ length: 20 }, (_, index) => `203.0.113.${index}`);
    const clients = await Promise.all(addresses.map(async (address) => open(behind(v1(address), await dial(engine)))));
    const seen = await Promise.all(clients.map(async (client) => (await told(client)).remoteAddress));
    expect(seen).toEqual(addresses);
  });

  test('works on a Unix socket too, for which nobody has an address otherwise', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portal-'));
    const socketPath = join(folder, 'portal.sock');
    const engine = await serve(options);
    await engine.listen({ socketPath });
    const addresses: string[] = [];
    for (const header of [v1('203.0.113.7'), 'PROXY UNKNOWN\r\n', v1('203.0.113.8')]) {
      const client = await open(behind(header, await dial(socketPath)));
      addresses.push((await told(client)).remoteAddress);
      client.destroy();
    }
    expect(addresses).toEqual(['203.0.113.7', '', '203.0.113.8']);
    await engine.close();
    rmSync(folder, { recursive: true });
  });

  test('a connection without it is cut, unanswered', async () => {
    const engine = await serve(options);
    const socket = await dial(engine);
    open(socket).catch(() => {});
    await gone(socket);
    expect(socket.bytesRead).toBe(0);
    await untilOpen(engine, 0);
    await open(behind(v1('203.0.113.7'), await dial(engine)));
  });

  test('is believed before headers, and a trusted proxy in it is asked for them', async () => {
    const engine = await serve({ ...options, trustedProxies: ['203.0.113.7', '127.0.0.1'] });
    const untrusted = await open(behind(v1('198.51.100.1'), await dial(engine)), { 'x-forwarded-for': '192.0.2.9' });
    expect((await told(untrusted)).remoteAddress).toBe('198.51.100.1');
    const trusted = await open(behind(v1('203.0.113.7'), await dial(engine)), { 'x-forwarded-for': '192.0.2.9' });
    expect((await told(trusted)).remoteAddress).toBe('192.0.2.9');
  });
});

test.each<[string, string | Buffer]>([
  ['a number beyond 255', 'PROXY TCP4 203.0.113.256 192.0.2.1 1 2\r\n'],
  ['a second space', 'PROXY  TCP4 203.0.113.7 192.0.2.1 1 2\r\n'],
  ['no end', `PROXY UNKNOWN ${'x'.repeat(93)}`],
  ['a command that is none', v2(0x22, 0x11, ipv4Block('203.0.113.7'))],
  ['64 KiB claimed, of which nothing has come', v2(0x21, 0x11, ipv4Block('203.0.113.7'), 65_535)],
])('a malformed one is cut at once: %s', async (_what, header) => {
  const engine = await serve({});
  const socket = await dial(engine);
  socket.write(header);
  await gone(socket);
  expect(socket.bytesRead).toBe(0);
  await untilOpen(engine, 0);
});

test.each<[string, string | Buffer]>([
  ['nothing', ''],
  ['half a line', 'PROXY TCP4 203.'],
  ['half of version 2', v2(0x21, 0x11, ipv4Block('203.0.113.7')).subarray(0, 20)],
])('one that has not come at handshakeTimeoutMs is cut: %s', async (_what, part) => {
  const clock = new ManualClock();
  const engine = await serve({ clock, limits: { handshakeTimeoutMs: 7_000 } });
  const socket = await dial(engine);
  if (part.length > 0) socket.write(part);
  while (clock.pending === 0) await new Promise(setImmediate);
  clock.advance(6_999);
  expect(await openSockets(engine)).toBe(1);
  clock.advance(1);
  await gone(socket);
  expect(clock.pending).toBe(0);
  await untilOpen(engine, 0);
});

test.each(Object.keys(LAYERS))(
  'what is left of one that stops half-way is cut when the engine closes: %s',
  async (name) => {
    const clock = new ManualClock();
    const engine = await serve({ ...LAYERS[name]!.options, clock });
    const sockets = await Promise.all(
      ['', 'PROXY', v1('203.0.113.7')].map(async (part) => {
        const socket = await dial(engine);
        if (part !== '') socket.write(part);
        return socket;
      }),
    );
    await untilOpen(engine, 3);
    await engine.close();
    await Promise.all(sockets.map(gone));
    expect(clock.pending).toBe(0);
  },
);
