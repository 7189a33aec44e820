import type { CloseInfo, Connection, Endpoint, EngineOptions } from '../../../src/engine';
import { deferred, startEngine } from '../../support/engine';
import { binary, close, text } from '../../support/frames';
import {
  connectFields,
  END_HEADERS,
  END_STREAM,
  FrameType,
  headersFrame,
  http2Frame,
  resetFrame,
  type Http2FrameClient,
} from '../../support/http2-frames';
import { dialByFrames, WAYS } from '../../support/http2-ways';
import { ManualClock } from '../../support/manual-clock';

/** RFC 9113 6.9.2. */
const WINDOW = 65_535;
const ABNORMAL = { code: 1006, reason: '', clean: false };
/** RFC 9113 section 7. */
const CODES = [0, 1, 2, 5, 8, 11, 0x7fff_ffff];

describe.each(WAYS)('%s', (_way, way) => {
  const clients: Http2FrameClient[] = [];

  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });

  /** Two WebSockets on one connection: the first to be closed, the second to stay. */
  async function opened(endpoint: Partial<Endpoint> = {}, options: EngineOptions = {}) {
    const first = deferred<Connection>();
    const closed = deferred<CloseInfo>();
    const engine = await startEngine(
      [
        { path: '/', open: (each) => first.resolve(each), close: (_, info) => closed.resolve(info), ...endpoint },
        { path: '/echo', text: (connection, message) => void connection.send(message) },
      ],
      { ...way, ...options },
    );
    const client = await dialByFrames(engine);
    clients.push(client);
    client.write(headersFrame(1, connectFields()), headersFrame(3, connectFields('/echo')));
    expect([await client.fateOf(1), await client.fateOf(3)]).toEqual(['status 200', 'status 200']);
    return { engine, client, connection: await first.promise, closed: closed.promise };
  }

  const send = (client: Http2FrameClient, payload: Buffer, flags = 0): void =>
    client.write(http2Frame(FrameType.Data, 1, payload, flags));

  /** The bytes that the server sent on the first stream up to its end, of whatever kind that was. */
  async function rest(client: Http2FrameClient): Promise<{ bytes: Buffer; end: string }> {
    const last = await client.find(
      ({ type, flags, streamId }) =>
        streamId === 1 && (type === FrameType.ResetStream || (type === FrameType.Data && (flags & END_STREAM) !== 0)),
    );
    const data = client.frames.filter(({ type, streamId }) => type === FrameType.Data && streamId === 1);
    const bytes = Buffer.concat(data.map(({ payload }) => payload));
    if (last?.type === FrameType.ResetStream) return { bytes, end: `reset ${last.payload.readUInt32BE(0)}` };
    return { bytes, end: last === undefined ? 'cut' : 'end' };
  }

  async function expectOtherAlive(client: Http2FrameClient): Promise<void> {
    client.write(http2Frame(FrameType.Data, 3, text('still here')));
    const data = await client.find(({ type, streamId }) => type === FrameType.Data && streamId === 3);
    expect(data?.payload.subarray(2).toString()).toBe('still here');
  }

  /** What the server allowed the client to send on all streams, beyond the initial window. */
  const given = (client: Http2FrameClient): number =>
    client.frames
      .filter(({ type, streamId }) => type === FrameType.WindowUpdate && streamId === 0)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);

  describe('the closing handshake', () => {
    test('of the client: Close comes back, then END_STREAM at once', async () => {
      const { engine, client, closed } = await opened();
      send(client, close(4001, 'bye'));
      expect(await rest(client)).toEqual({ bytes: Buffer.from([0x88, 2, 0x0f, 0xa1]), end: 'end' });
      send(client, Buffer.alloc(0), END_STREAM);
      expect(await closed).toEqual({ code: 4001, reason: 'bye', clean: true });
      expect(engine.connections.size).toBe(1);
      await expectOtherAlive(client);
    });

    test('of the server: Close, then END_STREAM as soon as the client answers', async () => {
      const { engine, client, connection, closed } = await opened();
      const ended = connection.close(4002, 'go');
      await client.find(({ type, streamId }) => type === FrameType.Data && streamId === 1);
      send(client, close(4002), END_STREAM);
      expect(await rest(client)).toEqual({ bytes: Buffer.from([0x88, 4, 0x0f, 0xa2, 0x67, 0x6f]), end: 'end' });
      expect(await ended).toEqual({ code: 4002, reason: '', clean: true });
      expect(await closed).toEqual({ code: 4002, reason: '', clean: true });
      expect(engine.connections.size).toBe(1);
      await expectOtherAlive(client);
    });

    test('is over at once, though the client does not end its side (RFC 9113 8.1)', async () => {
      const { client, closed } = await opened();
      send(client, close(1000));
      expect((await rest(client)).end).toBe('end');
      const reset = await client.find(({ type, streamId }) => type === FrameType.ResetStream && streamId === 1);
      expect(reset?.payload.readUInt32BE(0)).toBe(0);
      expect(await closed).toEqual({ code: 1000, reason: '', clean: true });
      await expectOtherAlive(client);
    });

    test('that the client does not answer is over at closeTimeoutMs, with a reset', async () => {
      const clock = new ManualClock();
      const { client, connection, closed } = await opened({}, { clock, limits: { closeTimeoutMs: 100 } });
      void connection.close(1000);
      clock.advance(100);
      expect((await rest(client)).end).toBe('reset 8');
      expect((await closed).clean).toBe(false);
      await expectOtherAlive(client);
    });
  });

  describe('a reset by the client is the end at once: 1006', () => {
    test.each(CODES)('with code %i', async (code) => {
      const { engine, client, closed } = await opened();
      client.write(resetFrame(1, code));
      expect(await closed).toEqual(ABNORMAL);
      expect(engine.connections.size).toBe(1);
      await expectOtherAlive(client);
    });

    test.each(CODES)('with code %i, while what it sent waits for a handler', async (code) => {
      const begun = deferred();
      const work = deferred();
      const { client, connection, closed } = await opened(
        {
          binary: () => {
            begun.resolve();
            return work.promise;
          },
        },
        { limits: { maxQueuedMessages: 1 } },
      );
      for (let count = 0; count < 60; count++) send(client, binary(Buffer.alloc(1000)));
      await begun.promise;
      const aborted = new Promise((resolve) => connection.signal.addEventListener('abort', resolve));
      client.write(resetFrame(1, code));
      await aborted;
      expect(connection.state).toBe('closed');
      work.resolve();
      expect(await closed).toEqual(ABNORMAL);
      await expectOtherAlive(client);
    });

    test.each(CODES)('with code %i, after our Close frame', async (code) => {
      const { client, connection, closed } = await opened();
      const ended = connection.close(4003, 'late');
      await client.find(({ type, streamId }) => type === FrameType.Data && streamId === 1);
      client.write(resetFrame(1, code));
      expect((await ended).clean).toBe(false);
      expect((await closed).clean).toBe(false);
      await expectOtherAlive(client);
    });
  });

  test('terminate() resets the stream with CANCEL (RFC 8441 section 5)', async () => {
    const { client, connection, closed } = await opened();
    connection.terminate();
    expect(await rest(client)).toEqual({ bytes: Buffer.alloc(0), end: 'reset 8' });
    expect(await closed).toEqual(ABNORMAL);
    await expectOtherAlive(client);
  });

  test('the end of the stream without a Close frame is 1006, and answered with the end', async () => {
    const { client, closed } = await opened();
    send(client, text('cut').subarray(0, 4), END_STREAM);
    expect(await rest(client)).toEqual({ bytes: Buffer.alloc(0), end: 'end' });
    expect(await closed).toEqual(ABNORMAL);
    await expectOtherAlive(client);
  });

  test('so are trailers', async () => {
    const { client, closed } = await opened();
    client.write(headersFrame(1, [['x-name', 'a']], END_HEADERS | END_STREAM));
    expect((await rest(client)).end).toBe('end');
    expect(await closed).toEqual(ABNORMAL);
    await expectOtherAlive(client);
  });

  test('what breaks a rule of the protocol closes one stream only', async () => {
    const { client, closed } = await opened();
    send(client, Buffer.from([0xff, 0xff]));
    const { bytes, end } = await rest(client);
    expect([bytes.readUInt16BE(2), end]).toEqual([1002, 'end']);
    expect((await closed).clean).toBe(false);
    await expectOtherAlive(client);
  });

  test('what comes on a stream that is over takes no room from the others', async () => {
    const { client, connection, closed } = await opened();
    connection.terminate();
    await closed;
    // more than the window of the connection
    const part = Buffer.alloc(16_000);
    for (let sent = 0; sent < 4 * 1024 * 1024; sent += part.length) {
      await client.find(() => WINDOW + given(client) - sent >= part.length);
      send(client, part);
    }
    await expectOtherAlive(client);
  });

  test.each<[string, (client: Http2FrameClient) => void]>([
    ['is cut', (client) => client.destroy()],
    ['is ended', (client) => client.socket.end()],
    ['gets a frame that no HTTP/2 has', (client) => client.write(http2Frame(FrameType.Settings, 1))],
  ])('a connection that %s ends all its WebSockets with 1006', async (_what, end) => {
    const closes: CloseInfo[] = [];
    const all = deferred();
    const engine = await startEngine(
      [
        {
          path: '/',
          close: (_connection, info) => {
            if (closes.push(info) === 3) all.resolve();
          },
        },
      ],
      way,
    );
    const client = await dialByFrames(engine);
    clients.push(client);
    client.write(...[1, 3, 5].map((id) => headersFrame(id, connectFields())));
    for (const id of [1, 3, 5]) expect(await client.fateOf(id)).toBe('status 200');
    end(client);
    await all.promise;
    expect(closes).toEqual([ABNORMAL, ABNORMAL, ABNORMAL]);
    expect(engine.connections.size).toBe(0);
  });
});
