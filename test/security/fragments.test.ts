import { continuation, ping, PONG, text } from '../support/frames';
import { figure, mebibytes, sized } from '../support/figures';
import { RawClient } from '../support/raw-client';
import { inUse, inWaves, leave, memoryOf, MIB, startServer } from './memory-process';

const CONNECTIONS = 50;
const FRAGMENTS = sized(131_000, 20_000);
const MOST = 20 * MIB;
const ALLOWED_EMPTY = 128;

const ONE_BYTE = Buffer.concat(Array<Buffer>(1000).fill(continuation('x', { fin: false })));
const EMPTY = continuation('', { fin: false });

/** Resolves when the server has read all that was sent before. */
async function heard(client: RawClient): Promise<void> {
  client.write(ping('heard?'));
  expect(await client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from('heard?') });
}

test('fragments of one byte on 50 connections take less than 20 MiB, and nothing afterwards', async () => {
  const server = await startServer();
  const clients = await inWaves(CONNECTIONS, () => RawClient.open(server.url, '/'));
  await Promise.all(clients.map(heard));
  const before = inUse(await memoryOf(server));
  await Promise.all(
    clients.map(async (client) => {
      client.write(text('x', { fin: false }));
      for (let sent = 0; sent < FRAGMENTS; sent += 1000) {
        client.write(ONE_BYTE);
        if (client.socket.writableNeedDrain) await new Promise((resolve) => client.socket.once('drain', resolve));
      }
      await heard(client);
    }),
  );
  const held = inUse(await memoryOf(server)) - before;
  for (const client of clients) client.write(continuation(''));
  for (const client of clients) {
    expect((await client.frame()).payload.toString()).toBe(String(FRAGMENTS + 1));
  }
  const left = inUse(await memoryOf(server)) - before;
  leave(clients);

  figure('tiny or empty fragments', `${mebibytes(held)} for 50 × 131,000 one-byte fragments, ${mebibytes(left)} after`);
  expect(held).toBeLessThan(MOST);
  // less than a tenth of the bound, with some room for code that V8 compiles
  expect(left).toBeLessThan(MOST / 10);
});

test('128 empty fragments in a row pass, and the 129th gets 1008, alone or with 10,000 more', async () => {
  const server = await startServer();
  const clients = await inWaves(CONNECTIONS, () => RawClient.open(server.url, '/'));
  for (const client of clients) client.write(text('x', { fin: false }));
  for (const client of clients) client.write(Buffer.concat(Array<Buffer>(ALLOWED_EMPTY).fill(EMPTY)));
  await Promise.all(clients.map(heard));
  const before = inUse(await memoryOf(server));
  const flood = Buffer.concat(Array<Buffer>(10_000).fill(EMPTY));
  clients.forEach((client, index) => client.write(index % 2 === 0 ? EMPTY : flood));
  for (const client of clients) {
    expect(await client.closeFrame()).toEqual({ code: 1008, reason: 'too many empty fragments' });
    expect(await client.end()).toHaveLength(0);
  }
  leave(clients);
  expect(inUse(await memoryOf(server)) - before).toBeLessThan(MOST);
});
