import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { chunks, frameHeader } from '../../src/protocol';
import { CopiedFrame } from '../../src/transport/copied-frame';
import { RawSockets } from '../../src/transport/raw-sockets';
import { Transport } from '../../src/transport/transport';

/** A duplex stream whose writes complete when the test says so. */
class Manual extends Duplex {
  written: Buffer[] = [];
  complete: (() => void)[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.written.push(chunk);
    this.complete.push(callback);
  }
}

/** A stream of HTTP/2, as far as a transport knows them. */
class ManualHttp2 extends Manual {
  readonly rstCode = 0;
  readonly state = { localClose: 0 };
  readonly closedWith: number[] = [];

  close(code: number): void {
    this.closedWith.push(code);
  }
}

function started<Stream extends Manual = Manual>(stream: Stream = new Manual() as Stream) {
  const events: string[] = [];
  const transport = new Transport(stream, new RawSockets());
  transport.start({
    onBytes: (bytes, length) => void events.push(`bytes ${bytes.toString('utf8', 0, length)}`),
    onFlushed: () => void events.push('flushed'),
    onEnd: () => void events.push('end'),
    onClosed: () => void events.push('closed'),
    onFault: () => void events.push('fault'),
  });
  return { stream, transport, events };
}

const turn = (): Promise<void> => new Promise(setImmediate);

test('it tells what came, the end, and that it is closed, once', async () => {
  const { stream, transport, events } = started();
  stream.push('hi');
  stream.push(null);
  await turn();
  transport.destroy();
  transport.destroy();
  await turn();
  expect(events).toEqual(['bytes hi', 'end', 'closed']);
});

test('a write that the stream still holds is pending until it has left', async () => {
  const { stream, transport, events } = started();
  expect(transport.write(Buffer.from('abc'))).toBe(false);
  expect(transport.pending).toBe(3);
  stream.complete.shift()!();
  await turn();
  expect(transport.pending).toBe(0);
  expect(events).toEqual(['flushed']);
});

test('nothing is flushed while a later write is pending', async () => {
  const { stream, transport, events } = started();
  transport.write(Buffer.from('a'));
  transport.writeAll([Buffer.from('b'), Buffer.from('c')]);
  stream.complete.shift()!();
  await turn();
  expect(events).toEqual([]);
  while (stream.complete.length > 0) {
    stream.complete.shift()!();
    await turn();
  }
  expect(events.at(-1)).toBe('flushed');
  expect(Buffer.concat(stream.written).toString()).toBe('abc');
});

describe('a large write', () => {
  const KIB = 1024;
  const bytes = Buffer.from(Array.from({ length: 600 * KIB }, (_, i) => i & 255));
  const lengths = ({ written }: Manual): number[] => written.map(({ length }) => length);

  test('is given in parts, so that one sees it leave', async () => {
    const { stream, transport, events } = started();
    expect(transport.writeAll([Buffer.from('head'), bytes])).toBe(false);
    const pending = [transport.pending];
    while (stream.complete.length > 0) {
      stream.complete.shift()!();
      await turn();
      pending.push(transport.pending);
    }
    expect(pending[0]).toBe(600 * KIB + 4);
    expect(pending.at(-1)).toBe(0);
    expect(pending.length).toBeGreaterThan(3);
    expect(events).toEqual(['flushed']);
    expect(Buffer.concat(stream.written).equals(Buffer.concat([Buffer.from('head'), bytes]))).toBe(true);
  });

  test('is before all that is written after it', async () => {
    const { stream, transport } = started();
    transport.write(bytes);
    transport.write(Buffer.from('after'));
    while (stream.complete.length > 0) {
      stream.complete.shift()!();
      await turn();
    }
    expect(lengths(stream)).toEqual([256 * KIB, 256 * KIB, 88 * KIB, 5]);
  });

  test('is whole before the end', async () => {
    const { stream, transport } = started();
    const finished = new Promise((resolve) => stream.on('finish', resolve));
    transport.write(bytes);
    transport.end();
    while (stream.complete.length > 0) {
      stream.complete.shift()!();
      await turn();
    }
    await finished;
    expect(Buffer.concat(stream.written).equals(bytes)).toBe(true);
  });

  test('is forgotten with its stream', () => {
    const { transport, stream } = started();
    transport.write(bytes);
    transport.destroy();
    expect(transport.pending).toBeLessThanOrEqual(stream.writableLength);
  });
});

test('while it is paused nothing is read', async () => {
  const { stream, transport, events } = started();
  await turn();
  transport.pause();
  stream.push('later');
  await turn();
  expect(events).toEqual([]);
  transport.resume();
  await turn();
  expect(events).toEqual(['bytes later']);
});

describe('over HTTP/2', () => {
  test('an ended stream is reset without an error, once the end is sent', async () => {
    const { stream, transport } = started(new ManualHttp2());
    stream.resume();
    stream.state.localClose = 1;
    stream.on('finish', () => expect(stream.closedWith).toEqual([]));
    transport.end();
    await turn();
    await turn();
    expect(stream.writableFinished).toBe(true);
    expect(stream.closedWith).toEqual([0]);
  });

  test.each<[string, (stream: ManualHttp2) => void]>([
    ['whose end is not sent yet', () => {}],
    [
      'that is gone',
      (stream) => {
        stream.state.localClose = 1;
        stream.destroy();
      },
    ],
  ])('what is ended is not reset: a stream %s', async (_what, change) => {
    const { stream, transport } = started(new ManualHttp2());
    stream.on('finish', () => change(stream));
    transport.end();
    await turn();
    await turn();
    expect(stream.writableFinished).toBe(true);
    expect(stream.closedWith).toEqual([]);
  });
});

describe('over a TCP socket', () => {
  const PAYLOAD = Buffer.alloc(3_000_000, 'portal');

  const frame = (): CopiedFrame => new CopiedFrame(0x82, PAYLOAD);

  /** A transport over an accepted socket whose peer does not read yet. */
  async function accepted() {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
    client.on('error', () => {});
    const [socket] = (await once(server, 'connection')) as [Socket];
    server.close();
    const events: string[] = [];
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => {});
    const transport = new Transport(socket, new RawSockets());
    transport.start({
      onBytes: () => {},
      onFlushed: () => void events.push('flushed'),
      onEnd: () => void events.push('end'),
      onClosed: () => void events.push('closed'),
      onFault: () => void events.push('fault'),
    });
    return { transport, client, events, closed };
  }

  /** Does not run where sockets are used as streams: those are not given copied frames. */
  const direct = process.env.PORTAL_STREAM_SOCKETS === undefined ? test : test.skip;

  let take: jest.SpyInstance;
  let give: jest.SpyInstance;

  const inUse = (): number => take.mock.calls.length - give.mock.calls.length;

  beforeEach(() => {
    take = jest.spyOn(chunks, 'take');
    give = jest.spyOn(chunks, 'give');
  });

  afterEach(() => jest.restoreAllMocks());

  direct('copied frames and what stands between them are whole, in order, before the end', async () => {
    const { transport, client } = await accepted();
    expect(transport.writeAll([Buffer.from('a'), frame(), Buffer.from('b'), frame()])).toBe(false);
    expect(transport.pending).toBeGreaterThan(1_000_000);
    transport.end();
    const received: Buffer[] = [];
    for await (const bytes of client) received.push(bytes as Buffer);
    const whole = Buffer.concat([frameHeader(0x82, PAYLOAD.length), PAYLOAD]);
    const expected = Buffer.concat([Buffer.from('a'), whole, Buffer.from('b'), whole]);
    expect(Buffer.concat(received).equals(expected)).toBe(true);
    expect(inUse()).toBe(0);
  });

  direct.each(['destroyed here', 'reset by the peer'])('chunks are given back when the socket is %s', async (how) => {
    const { transport, client, closed, events } = await accepted();
    transport.writeAll([frame(), frame()]);
    expect(inUse()).toBeGreaterThan(8);
    if (how === 'destroyed here') transport.destroy();
    else client.resetAndDestroy();
    await closed;
    expect([inUse(), transport.pending, events.includes('flushed')]).toEqual([0, 0, false]);
    client.destroy();
  });

  direct.each([false, true])(
    'a copied frame for a socket that is gone is given back (a turn later: %s)',
    async (isLater) => {
      const { transport, client, closed } = await accepted();
      transport.destroy();
      if (isLater) await closed;
      expect(transport.writePiece(frame())).toBe(true);
      expect(transport.writeAll([Buffer.from('a'), frame()])).toBe(true);
      await closed;
      expect(inUse()).toBe(0);
      client.destroy();
    },
  );
});
