import { randomBytes } from 'node:crypto';
import { compressedFrames } from '../conformance/deflate-peer';
import { deflateMessage } from '../support/deflate';
import { startEngine } from '../support/engine';
import { figure, mebibytes, sized } from '../support/figures';
import { BINARY } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { inUse, inWaves, KIB, leave, memoryOf, MIB, startServer } from './memory-process';

const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
const LIMIT = MIB;
/** Messages of 1 KiB; compressed, they are more than the kernel takes for one peer. */
const MANY = sized(30_000, 15_000);
const BOMB = deflateMessage(Buffer.alloc(6 * MIB));
/** Too large, compressed, to be inflated on the event loop. */
const LARGE_BOMB = deflateMessage(Buffer.concat([randomBytes(40_000), Buffer.alloc(6 * MIB)]));

describe('6 MiB of zeros get 1009, and take little more than twice the limit of 1 MiB', () => {
  test.each([
    ['whole', compressedFrames(BINARY, BOMB)],
    ['in fragments of 100 bytes', compressedFrames(BINARY, BOMB, 100)],
    ['whole, after 40 KB of noise', compressedFrames(BINARY, LARGE_BOMB)],
    ['the same in fragments of 1,000 bytes', compressedFrames(BINARY, LARGE_BOMB, 1000)],
  ])('%s', async (how, bytes) => {
    const server = await startServer({ limits: { maxMessageBytes: LIMIT }, compression: true });
    const clients = await inWaves(2, () => RawClient.open(server.url, '/', OFFER));
    const explode = async (client: RawClient): Promise<void> => {
      client.write(bytes);
      expect(await client.closeFrame()).toEqual({ code: 1009, reason: 'message too big' });
      client.destroy();
    };
    await explode(clients[0]!);
    const before = inUse(await memoryOf(server));
    await explode(clients[1]!);
    const { peak } = await memoryOf(server);

    const grown = peak - before;
    figure('compression bomb', `${how}: ${mebibytes(grown)}, with a limit of ${mebibytes(LIMIT)}`);
    // the inflated bytes, in parts and joined, and garbage
    expect(grown).toBeLessThan(2.5 * LIMIT);
  });
});

// takes long: 15 MB are compressed message by message, and read frame by frame
describe('messages compressed at once take less than 150 MB, and nothing once they are sent', () => {
  test.each([
    // the server may hold all of it for a peer that does not read yet
    { count: MANY, length: KIB, connections: 1 },
    { count: MANY, length: KIB, connections: 100 },
    // so large that threads compress it
    { count: sized(1_000, 500), length: 64 * KIB, connections: 250 },
  ])('$count messages of $length bytes to $connections connections', async ({ count, length, connections }) => {
    const server = await startServer({ limits: { maxBufferedBytes: 100 * MIB }, compression: true });
    const clients = await inWaves(connections, () => RawClient.open(server.url, '/', OFFER));
    const receive = async (of: number): Promise<void> => {
      const each = async (client: RawClient): Promise<void> => {
        client.socket.resume();
        for (let i = 0; i < of / connections; i++) expect((await client.frame()).rsv).toBe(4);
        client.socket.pause();
      };
      await Promise.all(clients.map(each));
    };
    await memoryOf(server, { send: { count: connections, length } });
    await receive(connections);
    const before = await memoryOf(server);
    const resident = server.memory().now;
    const { buffered } = await memoryOf(server, { send: { count, length } });
    await receive(count);
    const after = await memoryOf(server);
    leave(clients);

    const grown = server.memory().peak - resident;
    const left = inUse(after) - inUse(before);
    const what = `${count} of ${length / KIB} KiB to ${connections}`;
    figure('zlib memory', `${what}: ${mebibytes(grown)} resident at the most, ${mebibytes(left)} left in use`);
    if (connections === 1) expect(buffered).toBeGreaterThan(0);
    expect(after.buffered).toBe(0);
    expect(grown).toBeLessThan(150_000_000);
    expect(left).toBeLessThan(5 * MIB);
  });
});

test.each(['', '""'])('an empty value of window bits breaks the grammar, and is refused: =%s', async (value) => {
  const engine = await startEngine([{ path: '/' }], { compression: true });
  for (const side of ['server', 'client']) {
    const client = await RawClient.connect(engine.url);
    client.upgrade('/', { 'Sec-WebSocket-Extensions': `permessage-deflate; ${side}_max_window_bits=${value}` });
    expect((await client.answer()).status).toBe(400);
    client.destroy();
  }
});
