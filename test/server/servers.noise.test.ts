import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { text as textOf } from 'node:stream/consumers';
import { PassThrough, type Duplex } from 'node:stream';
import { logObserver } from '../../src/app/log-observer';
import { Refusal } from '../../src/handshake';
import type { Endpoint, EngineOptions, Observer } from '../../src/engine';
import { allOf } from '../../src/connection/observers';
import { MemoryLogger } from '../support/app';
import { LOCALHOST } from '../support/certificates';
import { deferred, echo, startEngine } from '../support/engine';
import { Http2Client } from '../support/http2-client';
import { dial, gone, LAYERS, untilOpen } from '../support/layers';
import { RawClient } from '../support/raw-client';
import { settled } from '../support/serve';

/** An engine with a log and what else of attempts is counted. */
async function listening(endpoints: Endpoint[], options: EngineOptions = {}) {
  const log = new MemoryLogger();
  const reports: string[] = [];
  const counting: Observer = {
    arrived: () => void reports.push('arrived'),
    handshakeRefused: ({ status }) => void reports.push(`refused with ${status}`),
    abandoned: (_handshake, path) => void reports.push(`abandoned ${path}`),
    opened: () => void reports.push('opened'),
    failed: (_error, where) => void reports.push(`failed: ${where}`),
  };
  const observer = allOf([logObserver(log), counting]);
  return { engine: await startEngine(endpoints, { ...options, observer }), log, reports };
}

/** By then this process has read what was sent before. */
async function roundTrip(): Promise<void> {
  const engine = await startEngine([echo]);
  (await RawClient.open(engine.url, '/')).destroy();
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

describe.each(['HTTP/2', 'HTTP/2 over TLS'])('a connection that asks for no stream, over %s', (name) => {
  const { options, reach } = LAYERS[name]!;

  test.each([
    ['nothing but the preface, and is cut', [PREFACE], false],
    ['the preface and its settings, and is cut', [PREFACE, SETTINGS], false],
    ['the preface, and leaves', [PREFACE], true],
    ['the preface and its settings, and leaves', [PREFACE, SETTINGS], true],
    ['half of the preface, and leaves', [PREFACE.subarray(0, 12)], true],
  ])('says %s', async (_what, says, leaves) => {
    const limits = { handshakeTimeoutMs: 300, closeTimeoutMs: 100 };
    const { engine, log, reports } = await listening([echo], { ...options, limits });
    const stream = await reach(await dial(engine));
    stream.write(Buffer.concat(says));
    if (leaves) stream.end();
    await gone(stream);
    await untilOpen(engine, 0);
    expect([reports, log.lines]).toEqual([[], []]);
  });
});

describe('what asks for nothing is no refused handshake, and no error', () => {
  const clientHello = Buffer.from('16030100c8010000c40303', 'hex');
  const NOISE: [string, Buffer][] = [
    ['a plain HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['a plain upgrade request', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n')],
    ['the preface of HTTP/2', PREFACE],
    ['half of a ClientHello', clientHello],
    ['bytes without a meaning', Buffer.alloc(1_000, 0xa5)],
    ['a line of SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['nothing', Buffer.alloc(0)],
  ];

  describe.each([
    ['with TLS', { tls: LOCALHOST }],
    ['for the PROXY protocol', { proxyProtocol: true }],
  ])('on a port %s', (_port, options) => {
    test.each(NOISE)('%s', async (_what, bytes) => {
      const { engine, log, reports } = await listening([echo], options);
      const socket = await dial(engine);
      if (bytes.length > 0) socket.write(bytes);
      socket.end();
      await gone(socket);
      await untilOpen(engine, 0);
      expect([reports, log.lines]).toEqual([[], []]);
    });
  });

  const UNREADABLE = NOISE.slice(3, 6);
  test.each(UNREADABLE)(
    'on a port without TLS it is refused as a request, without an error: %s',
    async (_what, bytes) => {
      const { engine, log, reports } = await listening([echo]);
      const socket = await dial(engine);
      socket.write(bytes);
      socket.end();
      await gone(socket);
      await untilOpen(engine, 0);
      expect(reports).toEqual(['refused with 400']);
      expect(log.lines).toEqual(['info handshake refused: The request is malformed.']);
    },
  );

  test('a scanner that comes again and again has so many lines a second, and no more', async () => {
    const { engine, log } = await listening([echo]);
    for (let visit = 0; visit < 300; visit++) {
      const socket = await dial(engine);
      socket.end('no HTTP\r\n\r\n');
      await gone(socket);
    }
    expect(log.lines.length).toBeGreaterThan(0);
    expect(log.lines.every((line) => line.startsWith('info '))).toBe(true);
  });
});

describe.each(Object.entries(LAYERS))('a client that leaves, over %s', (name, { options, reach }) => {
  const isHttp2 = name.startsWith('HTTP/2');

  async function ask(stream: Duplex): Promise<void> {
    if (!isHttp2) return RawClient.over(stream).upgrade('/');
    const client = await Http2Client.connect('ws://localhost', { createConnection: () => stream });
    client.connect('/').catch(() => {});
  }

  describe.each(['is reset', 'ends its side'])('%s', (way) => {
    test.each(['lets it in', 'refuses', 'fails'])(
      'while a hook is at work that %s then: abandoned, and nothing else',
      async (what) => {
        const asked = deferred();
        const verdict = deferred<Refusal | undefined>();
        const upgrade = (): Promise<Refusal | undefined> => {
          asked.resolve();
          return verdict.promise;
        };
        const { engine, log, reports } = await listening([{ ...echo, upgrade }], options);
        const socket = await dial(engine);
        await ask(await reach(socket));
        await asked.promise;
        if (way === 'is reset') {
          socket.resetAndDestroy();
          await untilOpen(engine, 0);
        } else {
          socket.end();
          await roundTrip();
        }
        if (what === 'fails') verdict.reject(new Error('its client has left'));
        else verdict.resolve(what === 'refuses' ? new Refusal(403, 'No.') : undefined);
        await untilOpen(engine, 0);
        await settled();
        expect(reports).toEqual(['arrived', 'abandoned /']);
        expect(log.lines).toEqual(['info the client left before its handshake was answered']);
      },
    );
  });

  const LISTENERS: [string, (request: IncomingMessage) => Promise<unknown>][] = [
    ['reads with for await', textOf],
    ['pipes it somewhere', (request) => pipeline(request, new PassThrough().resume())],
    ['waits for its end', (request) => once(request, 'end')],
    [
      'throws what the request was told',
      (request) => new Promise((resolve, reject) => request.on('error', reject).on('close', resolve)),
    ],
  ];

  test.each(LISTENERS)('during an upload, to a listener that %s: no error', async (_what, listener) => {
    const begun = deferred<IncomingMessage>();
    const done = deferred();
    const request: RequestListener = (incoming) => {
      begun.resolve(incoming);
      const work = listener(incoming);
      void work.catch(() => {}).finally(() => done.resolve());
      return work as unknown as undefined;
    };
    const { engine, log, reports } = await listening([{ ...echo, path: '/ws' }], { ...options, request });
    const socket = await dial(engine);
    const stream = await reach(socket);
    if (isHttp2) {
      const client = await Http2Client.connect('ws://localhost', { createConnection: () => stream });
      client.request({ ':path': '/', ':method': 'POST' }).catch(() => {});
      client.streams[0]!.write('half');
    } else stream.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
    await begun.promise;
    socket.resetAndDestroy();
    await done.promise;
    await untilOpen(engine, 0);
    await settled();
    expect([reports, log.errors, log.lines]).toEqual([[], [], []]);
  });
});

test('a failure of the listener itself is told, though its client has left', async () => {
  const begun = deferred();
  const go = deferred();
  const fail = async (): Promise<void> => {
    begun.resolve();
    await go.promise;
    throw new TypeError('a mistake');
  };
  const request: RequestListener = () => fail() as unknown as undefined;
  const { engine, reports } = await listening([{ ...echo, path: '/ws' }], { request });
  const socket = await dial(engine);
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await begun.promise;
  socket.resetAndDestroy();
  await untilOpen(engine, 0);
  go.resolve();
  await new Promise(setImmediate);
  expect(reports).toEqual(['failed: the request listener']);
});
