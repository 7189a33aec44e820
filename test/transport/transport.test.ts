import { Duplex } from 'node:stream';
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
