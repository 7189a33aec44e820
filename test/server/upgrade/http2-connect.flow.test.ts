import type { ClientHttp2Stream } from 'node:http2';
import type { Connection, Endpoint, EngineOptions } from '../../../src/engine';
import { deferred, echo, startEngine } from '../../support/engine';
import { binary, close, text } from '../../support/frames';
import {
  connectFields,
  FrameType,
  headersFrame,
  http2Frame,
  uint32,
  type Http2FrameClient,
} from '../../support/http2-frames';
import { dial, dialByFrames, WAYS } from '../../support/http2-ways';
import { ManualClock } from '../../support/manual-clock';
import type { RawClient } from '../../support/raw-client';

/** RFC 9113 6.9.2: what may be sent on a stream of which nothing was read. */
const WINDOW = 65_535;
const MIB = 1024 * 1024;
/** Neither sent nor read by the WebSocket that it is about. */
const ONWARD: Endpoint = { ...echo, path: '/echo' };

describe.each(WAYS)('%s', (_way, way) => {
  const clients: Http2FrameClient[] = [];

  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });

  /** A client that reads nothing of its first stream, and has room for all the others. */
  async function deaf(options: EngineOptions = {}, more: Partial<Endpoint> = {}) {
    const connection = deferred<Connection>();
    const endpoint: Endpoint = { path: '/', open: (each) => connection.resolve(each), ...more };
    const engine = await startEngine([endpoint, ONWARD], { ...way, ...options });
    const client = await dialByFrames(engine);
    clients.push(client);
    client.write(http2Frame(FrameType.WindowUpdate, 0, uint32(100 * MIB)));
    client.write(headersFrame(1, connectFields()), headersFrame(3, connectFields('/echo')));
    expect([await client.fateOf(1), await client.fateOf(3)]).toEqual(['status 200', 'status 200']);
    return { engine, client, connection: connection.promise };
  }

  const dataOn = (client: Http2FrameClient, streamId: number): Buffer =>
    Buffer.concat(
      client.frames
        .filter((each) => each.type === FrameType.Data && each.streamId === streamId)
        .map((each) => each.payload),
    );

  /** A round trip on the third stream; what the server sent before it has come by then. */
  async function roundTrip(client: Http2FrameClient): Promise<void> {
    const before = dataOn(client, 3).length;
    client.write(http2Frame(FrameType.Data, 3, text('ping')));
    await client.find(() => dataOn(client, 3).length === before + 6);
  }

  test('a stream that is not read is a peer that does not read, and the others go on', async () => {
    const { client, connection: opened } = await deaf();
    const connection = await opened;
    const message = Buffer.alloc(200_000, 'x');
    expect(connection.send(message)).toBe(false);
    let drained = false;
    const done = connection.drained().then(() => (drained = true));
    await client.find(() => dataOn(client, 1).length === WINDOW);
    await roundTrip(client);
    expect(dataOn(client, 1)).toHaveLength(WINDOW);
    expect(connection.bufferedBytes).toBeGreaterThanOrEqual(message.length - WINDOW);
    expect(drained).toBe(false);

    client.write(http2Frame(FrameType.WindowUpdate, 1, uint32(MIB)));
    await done;
    await client.find(() => dataOn(client, 1).length === message.length + 10);
    expect(dataOn(client, 1).subarray(10).equals(message)).toBe(true);
    expect(connection.bufferedBytes).toBe(0);
    expect(connection.send('more')).toBe(true);
  });

  test('what waits for it is bounded: 1008, and reset when it does not take that either', async () => {
    const clock = new ManualClock();
    const closed = deferred<number>();
    const onClose: Endpoint['close'] = (_connection, { code }) => closed.resolve(code);
    const limits = { maxBufferedBytes: 256 * 1024, closeTimeoutMs: 100 };
    const { client, connection: opened } = await deaf({ clock, limits }, { close: onClose });
    const connection = await opened;
    const chunk = Buffer.alloc(50_000);
    let sent = 0;
    while (connection.state === 'open' && sent < MIB) {
      connection.send(chunk);
      sent += chunk.length;
    }
    expect(connection.state).toBe('closing');
    expect(sent).toBeLessThanOrEqual(limits.maxBufferedBytes + WINDOW + chunk.length);
    await roundTrip(client);
    clock.advance(100);
    expect(await client.find(({ type, streamId }) => type === FrameType.ResetStream && streamId === 1)).toBeDefined();
    expect(await closed.promise).toBe(1006);
    await roundTrip(client);
  });

  test('megabytes that wait on some streams of a connection keep no others out', async () => {
    const { client, engine } = await deaf({}, { open: (connection) => void connection.send(Buffer.alloc(MIB)) });
    const more = Array.from({ length: 170 }, (_, index) => 5 + 2 * index);
    for (const [index, id] of more.entries()) {
      client.write(headersFrame(id, connectFields(index < 20 ? '/' : '/echo')));
      expect(await client.fateOf(id)).toBe('status 200');
    }
    expect(engine.connections.size).toBe(172);
    expect([...engine.connections].reduce((sum, each) => sum + each.bufferedBytes, 0)).toBeGreaterThan(
      20 * (MIB - WINDOW),
    );
  });

  test.each<[string, EngineOptions['limits'], boolean]>([
    ['messages wait for their handler', { maxQueuedMessages: 4 }, false],
    ['a stream waits for its reader', {}, true],
  ])('while %s, the stream is not read, and the others go on', async (_what, limits, streaming) => {
    const upgrader = deferred();
    let handled = 0;
    const slow: Endpoint = {
      path: '/',
      ...(streaming
        ? {
            binaryStream: async (_connection, message) => {
              await upgrader.promise;
              for await (const part of message) handled += part.length;
            },
          }
        : {
            binary: async (_connection, message) => {
              await upgrader.promise;
              handled += message.length;
            },
          }),
    };
    const engine = await startEngine([slow, ONWARD], { ...way, ...(limits && { limits }) });
    const client = await dial(engine, { maxSessionMemory: 100 });
    const stalled: RawClient<ClientHttp2Stream>[] = [];
    for (let count = 0; count < 20; count++) stalled.push(await client.open('/'));
    const message = binary(Buffer.alloc(32 * 1024));
    for (const { socket } of stalled) for (let count = 0; count < 32; count++) socket.write(message);

    // what is not read of 20 streams is more than the window of the whole connection
    const other = await client.open('/echo');
    for (let count = 0; count < 8; count++) {
      other.write(binary(Buffer.alloc(MIB / 2, count)));
      expect((await other.frame()).payload.equals(Buffer.alloc(MIB / 2, count))).toBe(true);
    }
    expect(handled).toBe(0);
    for (const { socket } of stalled) expect(socket.writableLength).toBeGreaterThan(MIB / 2);

    upgrader.resolve();
    for (const raw of stalled) raw.write(close(1000));
    for (const raw of stalled) expect((await raw.closeFrame()).code).toBe(1000);
    expect(handled).toBe(20 * MIB);
  });
});
