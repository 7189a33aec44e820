import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Connection, Engine, EngineOptions } from '../../src/engine';
import { CA, LOCALHOST } from '../support/certificates';
import { startEngine } from '../support/engine';
import { text } from '../support/frames';
import { ACK, connectFields, FrameType, headersFrame, http2Frame, PREFACE } from '../support/http2-frames';
import { behind, dial, LAYERS, openSockets, untilOpen } from '../support/layers';
import { v1 } from '../support/proxy-headers';
import { UPGRADE_HEADERS, type RawClient } from '../support/raw-client';

/** Slow clients at once; each sends a byte now and then. */
const CROWD = 20;
const EVERY_MS = 10;

const limits = { handshakeTimeoutMs: 300, closeTimeoutMs: 50 };

const lines = Object.entries(UPGRADE_HEADERS).map(([name, value]) => `${name}: ${value}\r\n`);
const REQUEST = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${lines.join('')}X-Long: ${'x'.repeat(5_000)}\r\n\r\n`);
const SETTINGS = http2Frame(FrameType.Settings, 0);
const PING = http2Frame(FrameType.Ping, 0, Buffer.alloc(8));
const CLIENT_HELLO_BEGINS = Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), Buffer.alloc(400)]);
const LONG_HEADERS = http2Frame(FrameType.Headers, 1, Buffer.alloc(4_000));
const HEADERS_WITHOUT_END = headersFrame(1, connectFields(), 0);

const TCP = (socket: Duplex): Promise<Duplex> => Promise.resolve(socket);
const PROXY = (socket: Duplex): Promise<Duplex> => Promise.resolve(behind(v1('203.0.113.7'), socket as never));
const tls =
  (protocol: string) =>
  async (socket: Duplex): Promise<Duplex> => {
    const secure = connectTls({ socket, servername: 'localhost', ca: CA, ALPNProtocols: [protocol] });
    secure.on('error', () => {});
    // on a busy machine the server may cut it before
    await new Promise<void>((resolve) => {
      for (const event of ['secureConnect', 'close']) secure.on(event, () => resolve());
    });
    return secure;
  };

const PLAIN: EngineOptions = {};
const SECURE: EngineOptions = { tls: LOCALHOST };
const BOTH: EngineOptions = { http2: true };
const BEHIND_PROXY: EngineOptions = { proxyProtocol: true };

interface Slow {
  options: EngineOptions;
  /** The layers that the client passes before it becomes slow. */
  through: (socket: Duplex) => Promise<Duplex>;
  /** Sent at once. */
  first?: Buffer;
  /** Sent byte by byte, again and again. */
  slowly?: Buffer;
}

const SLOW: Record<string, Slow> = {
  'HTTP/1.1: nothing': { options: PLAIN, through: TCP },
  'HTTP/1.1: half a request': { options: PLAIN, through: TCP, first: REQUEST.subarray(0, 60) },
  'HTTP/1.1: a byte now and then': { options: PLAIN, through: TCP, slowly: REQUEST },
  'TLS: nothing': { options: SECURE, through: TCP },
  'TLS: half a ClientHello': { options: SECURE, through: TCP, first: CLIENT_HELLO_BEGINS },
  'TLS: a ClientHello byte by byte': { options: SECURE, through: TCP, slowly: CLIENT_HELLO_BEGINS },
  'HTTP/1.1 over TLS: nothing': { options: SECURE, through: tls('http/1.1') },
  'HTTP/1.1 over TLS: half a request': { options: SECURE, through: tls('http/1.1'), first: REQUEST.subarray(0, 60) },
  'HTTP/1.1 over TLS: a byte now and then': { options: SECURE, through: tls('http/1.1'), slowly: REQUEST },
  'HTTP/2 over TLS: nothing': { options: SECURE, through: tls('h2') },
  'HTTP/2 over TLS: no SETTINGS': { options: SECURE, through: tls('h2'), first: PREFACE },
  'HTTP/2 over TLS: no HEADERS': { options: SECURE, through: tls('h2'), first: Buffer.concat([PREFACE, SETTINGS]) },
  'HTTP/2 over TLS: PING now and then': {
    options: SECURE,
    through: tls('h2'),
    first: Buffer.concat([PREFACE, SETTINGS]),
    slowly: PING,
  },
  'HTTP/2 over TLS: HEADERS byte by byte': {
    options: SECURE,
    through: tls('h2'),
    first: Buffer.concat([PREFACE, SETTINGS]),
    slowly: LONG_HEADERS,
  },
  'HTTP/1.1 or HTTP/2: nothing': { options: BOTH, through: TCP },
  'HTTP/1.1 or HTTP/2: half a preface': { options: BOTH, through: TCP, first: PREFACE.subarray(0, 10) },
  'HTTP/1.1 or HTTP/2: half a request': { options: BOTH, through: TCP, first: REQUEST.subarray(0, 60) },
  'HTTP/1.1 or HTTP/2: a byte now and then': { options: BOTH, through: TCP, slowly: REQUEST },
  'HTTP/2: no SETTINGS': { options: BOTH, through: TCP, first: PREFACE },
  'HTTP/2: no HEADERS': {
    options: BOTH,
    through: TCP,
    first: Buffer.concat([PREFACE, SETTINGS, http2Frame(FrameType.Settings, 0, Buffer.alloc(0), ACK)]),
  },
  'HTTP/2: HEADERS that do not end': {
    options: BOTH,
    through: TCP,
    first: Buffer.concat([PREFACE, SETTINGS, HEADERS_WITHOUT_END]),
  },
  'HTTP/2: PING now and then': {
    options: BOTH,
    through: TCP,
    first: Buffer.concat([PREFACE, SETTINGS]),
    slowly: PING,
  },
  'PROXY: nothing': { options: BEHIND_PROXY, through: TCP },
  'PROXY: half a header': { options: BEHIND_PROXY, through: TCP, first: Buffer.from('PROXY TCP4 203.') },
  'PROXY: a header byte by byte': { options: BEHIND_PROXY, through: TCP, slowly: Buffer.from(v1('203.0.113.7')) },
  'PROXY, HTTP/1.1: half a request': { options: BEHIND_PROXY, through: PROXY, first: REQUEST.subarray(0, 60) },
  'PROXY, TLS: half a ClientHello': {
    options: { ...BEHIND_PROXY, ...SECURE },
    through: PROXY,
    first: CLIENT_HELLO_BEGINS,
  },
  'PROXY, TLS, HTTP/1.1: half a request': {
    options: { ...BEHIND_PROXY, ...SECURE },
    through: async (socket) => tls('http/1.1')(await PROXY(socket)),
    first: REQUEST.subarray(0, 60),
  },
  'PROXY, HTTP/1.1 or HTTP/2: half a preface': {
    options: { ...BEHIND_PROXY, ...BOTH },
    through: PROXY,
    first: PREFACE.subarray(0, 10),
  },
};

/** Resolves when the server has closed the connection. */
function slowClient(stream: Duplex, { first, slowly }: Slow): Promise<void> {
  stream.on('error', () => {}).resume();
  if (first !== undefined) stream.write(first);
  let sent = 0;
  const dripping = setInterval(() => {
    if (slowly === undefined || !stream.writable) return;
    const at = sent++ % slowly.length;
    stream.write(slowly.subarray(at, at + 1));
  }, EVERY_MS);
  stream.on('end', () => stream.destroy());
  return new Promise((resolve) => {
    const onClose = (): void => {
      clearInterval(dripping);
      resolve();
    };
    if (stream.closed) onClose();
    else stream.on('close', onClose);
  });
}

/** A client in good order. On a busy machine it may be too slow; then it tries again. */
async function established(engine: Engine, slow: Slow): Promise<RawClient<Duplex>> {
  const { options } = slow;
  const layers = options.tls === undefined ? LAYERS['HTTP/1.1']! : LAYERS['HTTP/1.1 over TLS']!;
  const socket = await dial(engine);
  return layers
    .open(options.proxyProtocol === true ? behind(v1('203.0.113.1'), socket) : socket)
    .catch(() => established(engine, slow));
}

const echoing = { path: '/', text: (connection: Connection, message: string) => void connection.send(message) };

test.each(Object.entries(SLOW))(
  'slow clients are cut at handshakeTimeoutMs, and leave nothing: %s',
  async (_what, slow) => {
    const engine = await startEngine([echoing], { ...slow.options, limits });
    const client = await established(engine, slow);
    const crowd = Array.from({ length: CROWD }, async () => slowClient(await slow.through(await dial(engine)), slow));
    await Promise.all(crowd);
    await untilOpen(engine, 1);
    client.write(text('still here'));
    expect((await client.frame()).payload.toString()).toBe('still here');
    client.destroy();
    await engine.close();
  },
);

test.each([
  'HTTP/1.1: a byte now and then',
  'TLS: a ClientHello byte by byte',
  'HTTP/1.1 over TLS: a byte now and then',
  'HTTP/2 over TLS: HEADERS byte by byte',
  'HTTP/1.1 or HTTP/2: half a preface',
  'HTTP/2: no HEADERS',
  'PROXY: a header byte by byte',
])('fifty slow clients keep nobody else waiting: %s', async (what) => {
  const slow = SLOW[what]!;
  const engine = await startEngine([echoing], { ...slow.options, limits: { handshakeTimeoutMs: 600_000 } });
  const crowd = await Promise.all(Array.from({ length: 50 }, async () => slow.through(await dial(engine))));
  const left = crowd.map((stream) => slowClient(stream, slow));
  await untilOpen(engine, 50);
  const client = await established(engine, slow);
  client.write(text('served'));
  expect((await client.frame()).payload.toString()).toBe('served');
  expect(await openSockets(engine)).toBe(51);
  client.destroy();
  await engine.close();
  await Promise.all(left);
});
