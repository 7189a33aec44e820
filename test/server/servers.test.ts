import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine, type Endpoint, type EngineOptions } from '../../src/engine';
import { LOCALHOST } from '../support/certificates';
import { deferred, echo, startEngine } from '../support/engine';
import { ping, PONG, text } from '../support/frames';
import { FrameType, http2Frame, PREFACE } from '../support/http2-frames';
import { byteByByte, cutAfter, dial, gone, LAYERS, openSockets, told, untilOpen, who } from '../support/layers';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';
import { settled } from '../support/serve';
import { echoes } from '../support/tls-client';

const BOTH: EngineOptions = { http2: true };
const WAYS = Object.entries(LAYERS);

async function rawTo(engine: Engine): Promise<RawClient> {
  return RawClient.over(await dial(engine));
}

describe.each(WAYS)('%s', (name, { options, reach, open }) => {
  const isHttp2 = name.startsWith('HTTP/2');

  test('serves WebSockets, and says what they came through', async () => {
    const engine = await startEngine([who], options);
    expect(await told(await open(await dial(engine)))).toEqual({
      remoteAddress: '127.0.0.1',
      secure: name.endsWith('TLS'),
      httpVersion: isHttp2 ? '2.0' : '1.1',
    });
  });

  test('takes a handshakeTimeoutMs that is longer than Node gives a request', async () => {
    const engine = await startEngine([echo], { ...options, limits: { handshakeTimeoutMs: 3_600_000 } });
    await echoes(await open(await dial(engine)));
  });

  test('closing cuts those that have not got as far as a WebSocket, and drains those that have', async () => {
    const asked = deferred();
    const undecided: Endpoint = { ...echo, path: '/slow', upgrade: () => (asked.resolve(), new Promise(() => {})) };
    const clock = new ManualClock();
    const engine = await startEngine([echo, undecided], { ...options, clock });
    const silent = await dial(engine);
    const reached = await reach(await dial(engine));
    const stuck = await dial(engine);
    open(cutAfter(40, stuck, () => {})).catch(() => {});
    const client = await open(await dial(engine));
    const waiting = await reach(await dial(engine));
    if (!isHttp2) {
      RawClient.over(waiting).upgrade('/slow');
      await asked.promise;
    }
    await untilOpen(engine, 5);
    const closed = engine.close();
    expect(await client.closeFrame()).toEqual({ code: 1001, reason: 'going away' });
    client.destroy();
    await closed;
    await Promise.all([silent, reached, stuck, waiting].map(gone));
    expect([engine.connections.size, clock.pending]).toEqual([0, 0]);
  });

  test('listens again after it was closed', async () => {
    const engine = await startEngine([echo], options);
    await engine.close();
    await engine.listen();
    await echoes(await open(await dial(engine)));
  });

  test('a client that goes leaves nothing', async () => {
    const engine = await startEngine([echo], options);
    for (const leave of ['end', 'destroy'] as const) {
      const socket = await dial(engine);
      const stream = await reach(socket);
      stream.resume();
      await untilOpen(engine, 1);
      stream[leave]();
      await untilOpen(engine, 0);
    }
  });
});

describe('HTTP/1.1 and HTTP/2 on one port without TLS', () => {
  const hello = Buffer.concat([PREFACE, http2Frame(FrameType.Settings, 0)]);

  test('are told apart by their first bytes, wherever those are split', async () => {
    const engine = await startEngine([echo], BOTH);
    for (let split = 1; split <= PREFACE.length; split++) {
      const socket = await dial(engine);
      socket.write(hello.subarray(0, split));
      await settled();
      socket.write(hello.subarray(split));
      const settings = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
      expect([settings[3], settings[4]]).toEqual([FrameType.Settings, 0]);
      socket.destroy();
    }
  });

  test.each(['POST', 'PUT', 'PATCH', 'PROPFIND', 'GET'])('a method is none of them: %s', async (method) => {
    const engine = await startEngine([echo], BOTH);
    const request = `${method} /other HTTP/1.1\r\nHost: a\r\n\r\n`;
    for (let split = 1; split < 5; split++) {
      const client = await rawTo(engine);
      client.write(request.slice(0, split));
      await settled();
      client.write(request.slice(split));
      expect((await client.answer()).status).toBe(404);
    }
  });

  test('a handshake of HTTP/1.1 may come byte by byte', async () => {
    const engine = await startEngine([echo], BOTH);
    const client = RawClient.over(byteByByte(await dial(engine)));
    client.upgrade('/');
    expect((await client.answer()).status).toBe(101);
    await echoes(client);
  });

  test('who does not say which in handshakeTimeoutMs is cut', async () => {
    const clock = new ManualClock();
    const engine = await startEngine([echo], { ...BOTH, clock, limits: { handshakeTimeoutMs: 7_000 } });
    const socket = await dial(engine);
    socket.write(PREFACE.subarray(0, 8));
    while (clock.pending === 0) await new Promise(setImmediate);
    clock.advance(6_999);
    expect(await openSockets(engine)).toBe(1);
    clock.advance(1);
    await gone(socket);
    await untilOpen(engine, 0);
  });

  test('HTTP/2 has to be asked for', async () => {
    const engine = await startEngine([echo]);
    const client = await rawTo(engine);
    client.write(hello);
    expect((await client.answer()).status).toBe(400);
  });
});

test.each(WAYS.filter(([name]) => name.startsWith('HTTP/1.1')))(
  'frames in the packet of the handshake are handled: %s',
  async (_name, { options, reach }) => {
    const engine = await startEngine([echo], options);
    const client = RawClient.over(await reach(await dial(engine)));
    client.upgrade('/', {}, Buffer.concat([text('one'), ping('two')]));
    expect((await client.answer()).status).toBe(101);
    expect((await client.frame()).payload.toString()).toBe('one');
    expect(await client.frame()).toMatchObject({ opcode: PONG });
  },
);

describe('engine.url and engine.port', () => {
  test.each<[string, EngineOptions, RegExp]>([
    ['localhost', { host: 'localhost' }, /^ws:\/\/localhost:\d+$/],
    ['an IPv4 address', { host: '127.0.0.1' }, /^ws:\/\/127\.0\.0\.1:\d+$/],
    ['an IPv6 address', { host: '::1' }, /^ws:\/\/\[::1\]:\d+$/],
    ['all addresses', { host: '::' }, /^ws:\/\/localhost:\d+$/],
    ['all addresses of IPv4', { host: '0.0.0.0' }, /^ws:\/\/localhost:\d+$/],
    ['TLS', { host: 'localhost', tls: LOCALHOST }, /^wss:\/\/localhost:\d+$/],
  ])('%s', async (_what, options, url) => {
    const engine = await startEngine([echo], options);
    expect(engine.url).toMatch(url);
    expect(new URL(engine.url).port).toBe(String(engine.port));
    await engine.close();
    expect(() => engine.url).toThrow('the server is not listening: call listen() first');
    expect(() => engine.port).toThrow('the server is not listening: call listen() first');
  });

  test('the first place has its say, and the first port', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portal-'));
    const socketPath = join(folder, 'portal.sock');
    const engine = new Engine({ socketPath, tls: LOCALHOST });
    await engine.listen();
    expect(engine.url).toBe(`wss+unix:${socketPath}`);
    expect(() => engine.port).toThrow('the server listens on a Unix socket, which has no port');
    await engine.listen({ port: 0, host: '127.0.0.1' });
    await engine.listen({ port: 0, host: '::1' });
    expect(engine.url).toBe(`wss+unix:${socketPath}`);
    const socket = await dial(engine);
    expect(socket.remotePort).toBe(engine.port);
    await engine.close();
    rmSync(folder, { recursive: true });
  });
});
