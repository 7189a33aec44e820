import { once } from 'node:events';
import { Meter } from '../streams/meter';
import { figure, mebibytes, sized } from '../support/figures';
import { ping } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { inUse, KIB, leave, memoryOf, MIB, startServer } from './memory-process';

const PINGS = sized(1_000_000, 200_000);
const AT_ONCE = 1_000;
const PAYLOAD = 125;
/** A header of two bytes, and the ping's payload. */
const PONG_BYTES = 2 + PAYLOAD;
/** The most bytes of one read; its answers may be under way when the socket is full. */
const READ = 64 * KIB;

const numbered = (number: number): string => String(number).padEnd(PAYLOAD);

/** Sends all pings. Resolves with the number of bytes. */
async function flood({ socket }: RawClient): Promise<number> {
  const many = Array<Buffer>(AT_ONCE).fill(ping(numbered(0)));
  const bytes = Buffer.concat(many);
  const last = Buffer.concat([...many.slice(1), ping(numbered(PINGS))]);
  for (let at = AT_ONCE; at <= PINGS; at += AT_ONCE) {
    if (!socket.write(at < PINGS ? bytes : last)) await once(socket, 'drain');
  }
  return (PINGS / AT_ONCE) * bytes.length;
}

// takes long: 200,000 pings
test('where a peer never reads and the socket is full, only the latest ping waits for its answer', async () => {
  const server = await startServer();
  const client = await RawClient.open(server.url, '/');
  client.socket.pause();
  const before = await memoryOf(server);
  const sent = await flood(client);
  const after = await memoryOf(server, { untilRead: sent });
  const grown = inUse(after) - inUse(before);
  expect(after.read).toBe(sent);
  expect(after.buffered).toBeLessThanOrEqual(READ);
  expect(grown).toBeLessThan(2 * MIB);

  // the pongs that the kernel took, and one more
  const answered = after.written / PONG_BYTES;
  expect(answered).toBeLessThan(PINGS / 2);
  const pongs = new Meter(client);
  const latest = latestPayload(client);
  client.socket.resume();
  while (latest() !== numbered(PINGS)) await once(client.socket, 'data');
  expect(pongs.frames).toBe(answered + 1);
  client.write(ping(numbered(PINGS + 1)));
  while (latest() !== numbered(PINGS + 1)) await once(client.socket, 'data');
  expect(pongs.frames).toBe(answered + 2);
  leave([client]);

  figure('ping flood', `1 pong waits and ${PINGS - answered - 1} are not sent; memory grows by ${mebibytes(grown)}`);
});

function latestPayload({ socket }: RawClient): () => string {
  let tail = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => (tail = Buffer.concat([tail, bytes]).subarray(-PAYLOAD)));
  return () => tail.toString();
}
