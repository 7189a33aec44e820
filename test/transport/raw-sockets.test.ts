import { connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { RawSockets } from '../../src/transport/raw-sockets';
import { Transport } from '../../src/transport/transport';
import type { TransportReceiver } from '../../src/transport/transport-receiver';

async function accepted(): Promise<{ server: Socket; client: Socket; end: () => void }> {
  const listener = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  const client = connect({ host: '127.0.0.1', port });
  client.on('error', () => {});
  const server = await new Promise<Socket>((resolve) => listener.once('connection', resolve));
  const end = (): void => {
    client.destroy();
    listener.close();
  };
  return { server, client, end };
}

class Recorder implements TransportReceiver {
  received = Buffer.alloc(0);
  buffers = new Set<ArrayBufferLike>();
  events: string[] = [];
  wake: () => void = () => {};

  onBytes(bytes: Buffer, length: number): void {
    this.buffers.add(bytes.buffer);
    this.received = Buffer.concat([this.received, bytes.subarray(0, length)]);
    this.wake();
  }
  onFlushed(): void {
    this.note('flushed');
  }
  onEnd(): void {
    this.note('end');
  }
  onClosed(): void {
    this.note('closed');
  }
  onFault(): void {
    this.note('fault');
  }
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.wake = resolve));
  }
  private note(event: string): void {
    this.events.push(event);
    this.wake();
  }
}

const received = async (client: Socket, length: number): Promise<Buffer> => {
  let all = Buffer.alloc(0);
  for await (const chunk of client) {
    all = Buffer.concat([all, chunk as Buffer]);
    if (all.length >= length) break;
  }
  return all;
};

describe.each([
  ['raw', true],
  ['as streams', false],
])('sockets %s', (_how, enabled) => {
  const sockets = new RawSockets(enabled);

  test('carry bytes both ways, and tell of the end', async () => {
    const { server, client, end } = await accepted();
    const recorder = new Recorder();
    const transport = new Transport(server, sockets);
    transport.start(recorder);
    client.write('to the server');
    await recorder.until(() => recorder.received.length === 13);
    expect(recorder.received.toString()).toBe('to the server');
    expect(transport.write(Buffer.from('to '))).toBe(true);
    expect(transport.writeAll([Buffer.from('the '), Buffer.from('client')])).toBe(true);
    expect((await received(client, 13)).toString()).toBe('to the client');
    await recorder.until(() => recorder.events.includes('end'));
    transport.end();
    await recorder.until(() => recorder.events.includes('closed'));
    expect(transport.pending).toBe(0);
    end();
  });

  test('tell what a peer that does not read leaves lying, and when it has left', async () => {
    const { server, client, end } = await accepted();
    client.pause();
    const recorder = new Recorder();
    const transport = new Transport(server, sockets);
    transport.start(recorder);
    const chunk = Buffer.alloc(1_000_000, 'x');
    let written = 0;
    do written += chunk.length;
    while (transport.write(chunk) && written < 100_000_000);
    expect(transport.pending).toBeGreaterThan(0);
    transport.writeAll([Buffer.from('y'), Buffer.from('z')]);
    const all = received(client, written + 2);
    await recorder.until(() => recorder.events.includes('flushed'));
    expect(transport.pending).toBe(0);
    expect((await all).subarray(-2).toString()).toBe('yz');
    end();
  });

  test('can be paused and resumed', async () => {
    const { server, client, end } = await accepted();
    const recorder = new Recorder();
    const transport = new Transport(server, sockets);
    transport.start(recorder);
    transport.pause();
    client.write('x'.repeat(1000));
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(recorder.received).toHaveLength(0);
    transport.resume();
    await recorder.until(() => recorder.received.length === 1000);
    end();
  });

  test('survive a reset, and writes after it', async () => {
    const { server, client, end } = await accepted();
    const recorder = new Recorder();
    const transport = new Transport(server, sockets);
    server.on('error', () => {});
    transport.start(recorder);
    client.resetAndDestroy();
    while (!recorder.events.includes('closed')) {
      transport.write(Buffer.from('x'));
      await new Promise(setImmediate);
    }
    expect(transport.write(Buffer.from('late'))).toBe(true);
    transport.destroy();
    end();
  });
});

test('all raw sockets read into one buffer', async () => {
  const sockets = new RawSockets(true);
  const [one, two] = [await accepted(), await accepted()];
  const recorder = new Recorder();
  for (const { server, client } of [one, two]) {
    new Transport(server, sockets).start(recorder);
    client.write('x');
  }
  await recorder.until(() => recorder.received.length === 2);
  expect(recorder.buffers.size).toBe(1);
  one.end();
  two.end();
});

test('streams that are no plain sockets, or hold bytes, are left as they are', async () => {
  const sockets = new RawSockets(true);
  const recorder = new Recorder();
  expect(sockets.adopt(new PassThrough(), recorder)).toBe(false);
  const { server, client, end } = await accepted();
  server.unshift(Buffer.from('not handed over'));
  expect(sockets.adopt(server, recorder)).toBe(false);
  expect(server.destroyed).toBe(false);
  client.destroy();
  end();
});
