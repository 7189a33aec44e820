import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { CloseInfo, Endpoint, Engine, EngineOptions } from '../../../src/engine';
import { CA } from '../../support/certificates';
import { deferred, echo, startEngine } from '../../support/engine';
import { close, text } from '../../support/frames';
import {
  connectFields,
  END_HEADERS,
  END_STREAM,
  FrameType,
  headersFrame,
  http2Frame,
  PREFACE,
  Http2FrameClient,
  uint32,
  type Fields,
} from '../../support/http2-frames';
import { dial, dialByFrames, WAYS } from '../../support/http2-ways';
import { ManualClock } from '../../support/manual-clock';

const PAGE: Fields = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/page'],
  [':authority', 'localhost'],
];
const PING = http2Frame(FrameType.Ping, 0, Buffer.alloc(8));
/** Node's TLS has a clock of its own for the first of them. */
const IDLE = { handshakeTimeoutMs: 10_000, closeTimeoutMs: 50 };

describe.each(WAYS)('%s', (_way, way) => {
  const clients: Http2FrameClient[] = [];

  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });

  async function opened(endpoints: Endpoint[] = [echo], options: EngineOptions = {}) {
    const engine = await startEngine(endpoints, { ...way, heartbeat: false, ...options });
    const client = await dialByFrames(engine);
    clients.push(client);
    return { engine, client };
  }

  const goAway = (client: Http2FrameClient) => client.find(({ type }) => type === FrameType.GoAway);

  /** The server's settings have come: it has the session. */
  const greeted = (client: Http2FrameClient) => client.find(({ type }) => type === FrameType.Settings);

  test('a connection has a window of 1 MiB for all its streams, so that one alone cannot fill it', async () => {
    const { client } = await opened();
    const update = await client.find(({ type }) => type === FrameType.WindowUpdate);
    expect([update?.streamId, update?.payload.readUInt32BE(0)]).toEqual([0, 1024 * 1024 - 65_535]);
  });

  describe('a connection without a stream', () => {
    test('is told to go after handshakeTimeoutMs, and leaves no deadline behind', async () => {
      const clock = new ManualClock();
      const { client } = await opened([echo], { clock, limits: IDLE });
      await greeted(client);
      clock.advance(9_999);
      expect(client.frames.some(({ type }) => type === FrameType.GoAway)).toBe(false);
      clock.advance(1);
      expect((await goAway(client))?.payload.readUInt32BE(4)).toBe(0);
      await client.end();
      client.destroy();
      await noDeadline(clock);
    });

    test('is cut closeTimeoutMs later when it does not hang up', async () => {
      const clock = new ManualClock();
      const { client } = await opened([echo], { clock, limits: IDLE });
      await greeted(client);
      clock.advance(10_000);
      await goAway(client);
      clock.advance(50);
      await noDeadline(clock);
      // whoever still listened would take it
      client.write(PING);
      await new Promise((resolve) => client.socket.on('close', resolve));
    });

    test('is one whose last stream has ended', async () => {
      const clock = new ManualClock();
      const { client } = await opened([echo], { clock, limits: IDLE });
      client.write(headersFrame(1, connectFields()));
      await client.fateOf(1);
      clock.advance(100_000);
      client.write(http2Frame(FrameType.Data, 1, close(1000), END_STREAM));
      await client.find(({ flags, type }) => type === FrameType.Data && (flags & END_STREAM) !== 0);
      client.write(headersFrame(3, connectFields('/nothing'), END_HEADERS | END_STREAM));
      expect(await client.fateOf(3)).toBe('status 404');
      while (clock.pending === 0) await new Promise(setImmediate);
      clock.advance(10_000);
      expect(await goAway(client)).toBeDefined();
    });

    test.each<[string, Uint8Array[]]>([
      ['pings', [PING]],
      ['settings', [http2Frame(FrameType.Settings, 0), PING]],
      ['streams that are refused as malformed', [headersFrame(1, connectFields('no path')), PING]],
    ])('is one that only brings %s', async (_what, frames) => {
      const clock = new ManualClock();
      const { client } = await opened([echo], { clock, limits: IDLE });
      await greeted(client);
      client.write(...frames);
      await client.find(({ type }) => type === FrameType.Ping);
      clock.advance(10_000);
      expect(await goAway(client)).toBeDefined();
    });

    test('is one whose headers never end', async () => {
      const clock = new ManualClock();
      const { client } = await opened([echo], { clock, limits: IDLE });
      client.write(headersFrame(1, connectFields(), 0));
      await greeted(client);
      clock.advance(10_000);
      expect(await goAway(client)).toBeDefined();
    });

    test('is none while a WebSocket or another request is open', async () => {
      const clock = new ManualClock();
      const answers: (() => void)[] = [];
      const { client } = await opened([echo], {
        clock,
        limits: IDLE,
        request: (_request, response) => void answers.push(() => response.end('late')),
      });
      client.write(headersFrame(1, connectFields()), headersFrame(3, PAGE, END_HEADERS | END_STREAM));
      await client.fateOf(1);
      while (answers.length === 0) await new Promise(setImmediate);
      clock.advance(100_000);
      answers[0]!();
      expect(await client.fateOf(3)).toBe('status 200');
      clock.advance(100_000);
      client.write(http2Frame(FrameType.Data, 1, text('still here')));
      expect(await client.find(({ type, streamId }) => type === FrameType.Data && streamId === 1)).toBeDefined();
      expect(client.frames.some(({ type }) => type === FrameType.GoAway)).toBe(false);
    });
  });

  test('a refusal that the client leaves no room for is not kept for longer than closeTimeoutMs', async () => {
    const clock = new ManualClock();
    const { client } = await opened([echo], { clock, limits: IDLE });
    const noWindow = http2Frame(FrameType.Settings, 0, Buffer.concat([Buffer.from([0, 4]), uint32(0)]));
    client.write(noWindow, headersFrame(1, connectFields('/nothing')));
    expect(await client.fateOf(1)).toBe('status 404');
    clock.advance(50);
    expect(await client.find(({ type }) => type === FrameType.ResetStream)).toBeDefined();
  });

  describe('when the server stops', () => {
    test('GOAWAY says so, Close 1001 goes to each stream behind what was handled, and the connection ends', async () => {
      const begun = deferred();
      const work = deferred();
      const closes: CloseInfo[] = [];
      const endpoint: Endpoint = {
        path: '/',
        text: async (connection, message) => {
          begun.resolve();
          await work.promise;
          connection.send(`done ${message}`);
        },
        close: (_connection, info) => void closes.push(info),
      };
      const engine = await startEngine([endpoint], way);
      const client = await dial(engine);
      const [busy, idle] = [await client.open('/'), await client.open('/')];
      busy.write(Buffer.concat([text('a'), text('b')]));
      await begun.promise;
      const gone = once(client.session, 'goaway');
      const sessionClosed = once(client.session, 'close');
      const closing = engine.close();
      expect(((await gone) as number[])[0]).toBe(0);
      expect(await idle.closeFrame()).toEqual({ code: 1001, reason: 'going away' });
      idle.write(close(1001));
      idle.socket.end();

      work.resolve();
      expect((await busy.frame()).payload.toString()).toBe('done a');
      expect((await busy.frame()).payload.toString()).toBe('done b');
      expect(await busy.closeFrame()).toEqual({ code: 1001, reason: 'going away' });
      busy.write(close(1001));
      busy.socket.end();
      await closing;
      await sessionClosed;
      expect(closes).toEqual(Array(2).fill({ code: 1001, reason: '', clean: true }));
    });

    test('no new stream is let in', async () => {
      const { engine, client } = await opened();
      client.write(headersFrame(1, connectFields()));
      await client.fateOf(1);
      const closing = engine.close();
      await goAway(client);
      client.write(headersFrame(3, connectFields()), PING);
      await client.find(({ type }) => type === FrameType.Ping);
      expect(client.frames.filter(({ type, streamId }) => type === FrameType.Headers && streamId === 3)).toEqual([]);
      expect(engine.connections.size).toBe(1);
      client.destroy();
      await closing;
    });

    test('one without streams ends at once', async () => {
      const { engine, client } = await opened();
      await greeted(client);
      await engine.close();
      await client.end();
      expect(await goAway(client)).toBeDefined();
    });

    test('a connection on its way is told too, while the others are waited for', async () => {
      const { engine, client } = await opened();
      client.write(headersFrame(1, connectFields()));
      await client.fateOf(1);
      const tcp = connect({ host: '127.0.0.1', port: engine.port });
      await once(tcp, 'connect');
      client.write(PING);
      await client.find(({ type }) => type === FrameType.Ping);
      const closing = engine.close();
      const late = Http2FrameClient.over(way.tls ? await secured(tcp) : tcp);
      clients.push(late);
      expect((await goAway(late))?.payload.readUInt32BE(4)).toBe(0);
      expect(engine.connections.size).toBe(1);
      client.destroy();
      await closing;
    });

    test('what is left at the deadline is cut', async () => {
      const clock = new ManualClock();
      const { engine, client } = await opened([echo], { clock, shutdown: { deadlineMs: 100 } });
      client.write(headersFrame(1, connectFields()));
      await client.fateOf(1);
      const closing = engine.close();
      expect(await goAway(client)).toBeDefined();
      clock.advance(100);
      await closing;
      await client.end();
      expect(engine.connections.size).toBe(0);
    });

    test('and listens again, HTTP/2 is there again', async () => {
      const engine = await startEngine([echo], way);
      await engine.close();
      await engine.listen();
      const raw = await (await dial(engine)).open('/');
      raw.write(text('again'));
      expect((await raw.frame()).payload.toString()).toBe('again');
    });
  });

  test('a client that says GOAWAY keeps its open WebSockets', async () => {
    const { engine, client } = await opened();
    client.write(headersFrame(1, connectFields()));
    expect(await client.fateOf(1)).toBe('status 200');
    client.write(http2Frame(FrameType.GoAway, 0, Buffer.alloc(8)));
    expect((await goAway(client))?.payload.readUInt32BE(4)).toBe(0);
    client.write(http2Frame(FrameType.Data, 1, text('still here')));
    const data = await client.find(({ type }) => type === FrameType.Data);
    expect(data?.payload.subarray(2).toString()).toBe('still here');
    expect(engine.connections.size).toBe(1);
    client.write(http2Frame(FrameType.Data, 1, close(1000), END_STREAM));
    await client.end();
  });

  describe('no error is left without a listener', () => {
    /** All that a client sends for a WebSocket and a message on it. */
    const CONVERSATION = Buffer.concat([
      PREFACE,
      http2Frame(FrameType.Settings, 0),
      headersFrame(1, connectFields()),
      http2Frame(FrameType.Data, 1, text('hello')),
    ]);

    async function expectAlive(engine: Engine): Promise<void> {
      const raw = await (await dial(engine)).open('/');
      raw.write(text('alive'));
      expect((await raw.frame()).payload.toString()).toBe('alive');
    }

    async function socketTo(port: number) {
      const tcp = connect({ host: '127.0.0.1', port }).on('error', () => {});
      await once(tcp, 'connect');
      return { socket: way.tls ? await secured(tcp) : tcp, tcp };
    }

    test('when the client resets its connection at any byte', async () => {
      const engine = await startEngine([echo], way);
      for (let cut = 0; cut <= CONVERSATION.length; cut += 5) {
        const { socket, tcp } = await socketTo(engine.port);
        await new Promise((resolve) => socket.write(CONVERSATION.subarray(0, cut), resolve));
        tcp.resetAndDestroy();
      }
      await expectAlive(engine);
    });

    test('when what ends the connection comes in the packet of a request, which is not served', async () => {
      const addresses: unknown[] = [];
      const engine = await startEngine([echo], {
        ...way,
        request: ({ socket }, response) => {
          addresses.push(socket.remoteAddress);
          response.end();
        },
      });
      const page = headersFrame(3, PAGE, END_HEADERS | END_STREAM);
      const { socket } = await socketTo(engine.port);
      socket.write(Buffer.concat([CONVERSATION, page, http2Frame(FrameType.Settings, 1)]));
      await once(socket.resume(), 'close');
      await expectAlive(engine);
      expect(addresses.filter((address) => address !== '127.0.0.1')).toHaveLength(0);
    });

    test.each<[string, Buffer]>([
      ['a preface that is none', Buffer.concat([PREFACE.subarray(0, 20), Buffer.alloc(100, 'x')])],
      ['a frame that is too long', Buffer.concat([PREFACE, Buffer.alloc(100, 0xff)])],
      [
        'headers that are no HPACK',
        Buffer.concat([PREFACE, http2Frame(4, 0), http2Frame(1, 1, Buffer.alloc(9, 0xff), 4)]),
      ],
      ['an even stream', Buffer.concat([PREFACE, http2Frame(4, 0), headersFrame(2, connectFields())])],
      ['HTTP/1.1 where HTTP/2 was agreed on', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(9))],
    ])('when it sends %s', async (_what, bytes) => {
      const clock = new ManualClock();
      const { engine } = await opened([echo], { clock });
      const { socket } = await socketTo(engine.port);
      socket.write(bytes);
      await new Promise((resolve) => socket.once('data', resolve).once('close', resolve).resume());
      socket.destroy();
      await expectAlive(engine);
    });
  });
});

async function secured(tcp: Socket): Promise<TLSSocket> {
  const socket = connectTls({ socket: tcp, ca: CA, ALPNProtocols: ['h2'] }).on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** Waits until nothing is left that would come due. */
async function noDeadline(clock: ManualClock): Promise<void> {
  while (clock.pending > 0) await new Promise(setImmediate);
}
