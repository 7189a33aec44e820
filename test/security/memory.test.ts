import { figure } from '../support/figures';
import { BINARY, binary, text, TEXT } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { inWaves, KIB, leave, memoryOf, startServer } from './memory-process';

const ROW = 'a view that pins a 64 KiB read buffer';

/** Sockets are read into one shared buffer, or as streams, with a buffer for each read. */
const WAYS = [
  ['into the shared buffer', undefined],
  ['as streams', 'export PORTAL_STREAM_SOCKETS=1'],
] as const;

// takes long: 10,000 connections are opened one after the other
test('10,000 idle connections that keep one short message each hold less than 1 KiB each outside the heap', async () => {
  const count = 10_000;
  const server = await startServer();
  const before = await memoryOf(server);
  const clients = await inWaves(count, async (index) => {
    const client = await RawClient.open(server.url, '/');
    const isText = index % 2 === 0;
    client.write(isText ? text(`hello ${index}`) : binary(Buffer.from(`hello ${index}`)));
    expect(await client.frame()).toMatchObject({
      opcode: isText ? TEXT : BINARY,
      payload: Buffer.from(`hello ${index}`),
    });
    return client;
  });
  const idle = await memoryOf(server);
  leave(clients);

  expect(idle.connections).toBe(count);
  const each = (idle.external - before.external) / count;
  figure(ROW, `${Math.round(each)} bytes outside the heap for each of 10,000 idle connections`);
  expect(each).toBeLessThan(KIB);
});

test.each(WAYS)(
  'a short message that is kept, or a frame cut at the end of a read, does not pin the rest of the read, %s',
  async (_how, prepare) => {
    const count = 300;
    const server = await startServer({}, prepare);
    const long = binary(Buffer.alloc(48 * KIB));
    const before = await memoryOf(server);
    const clients = await inWaves(count, async (index) => {
      const client = await RawClient.open(server.url, '/');
      // cut in the header of 8 bytes, behind it, or behind the first byte of payload
      const cut = long.subarray(0, 1 + (index % 9));
      client.write(Buffer.concat([long, text(`hello ${index}`), binary(Buffer.from('short')), cut]));
      const payloads: string[] = [];
      while (payloads.length < 3) payloads.push((await client.frame()).payload.toString());
      expect(payloads).toEqual([String(48 * KIB), `hello ${index}`, 'short']);
      return client;
    });
    const idle = await memoryOf(server);
    leave(clients);

    expect(idle.connections).toBe(count);
    expect((idle.external - before.external) / count).toBeLessThan(KIB);
  },
);
