import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ServerProcess } from '../streams/server-process';
import { connect } from '../support/app';
import { figure, sized } from '../support/figures';
import { ping } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { command, startServer } from './fault-process';

/** Long enough for peers on a busy machine to answer. */
const HEARTBEAT = { intervalMs: 500, timeoutMs: 3_000 };
/** Each is longer than a peer may be silent. */
const BLOCKS_MS = [sized(30_000, 5_000), 4_000, 3_500];
const CLIENTS = 50;

const healthyClient = async (server: ServerProcess): Promise<WebSocket> => (await connect(server, '/echo')).socket;

// takes long: the event loop is blocked for 12.5 s
test('an event loop that was blocked for longer than any peer may be silent cuts no healthy connection', async () => {
  const server = await startServer({ heartbeat: HEARTBEAT });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => healthyClient(server)));
  const [first] = clients;
  const pings = async (): Promise<void> => {
    for (let count = 0; count < 3; count++) await once(first!, 'ping');
  };
  await pings();
  // a block may fall between a ping and its answer, or anywhere else
  for (const blockMs of BLOCKS_MS) {
    await command(server, { blockMs });
    await once(first!, 'ping');
  }
  await pings();

  expect(clients.map(({ readyState }) => readyState)).toEqual(Array(CLIENTS).fill(WebSocket.OPEN));
  for (const client of clients) {
    client.send('still there');
    expect(((await once(client, 'message')) as [Buffer])[0].toString()).toBe('still there');
  }
  expect(await command(server, {})).toMatchObject({ opened: CLIENTS, closed: 0, limited: 0 });
  const [longest] = BLOCKS_MS;
  figure(
    'event loop blocked',
    `${CLIENTS} of ${CLIENTS} stay after ${longest} ms, where silence is cut after ${HEARTBEAT.timeoutMs} ms`,
  );
});

// takes long: blocks for 6 s, and then waits out the heartbeat
test('a peer that stays silent after the block is cut', async () => {
  const server = await startServer({ heartbeat: HEARTBEAT });
  const silent = await RawClient.open(server.url, '/echo');
  // a sign of life before the block
  silent.write(ping());
  await silent.frame();
  await command(server, { blockMs: 2 * HEARTBEAT.timeoutMs });
  await silent.end();
  silent.destroy();
  let figures = await command(server, {});
  while (figures.closed === 0) figures = await command(server, {});
  expect(figures).toMatchObject({ opened: 1, closed: 1, limited: 1 });
});
