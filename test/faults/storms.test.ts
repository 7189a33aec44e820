import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { close, text } from '../support/frames';
import { figure, sized } from '../support/figures';
import { RawClient } from '../support/raw-client';
import { startServer } from './fault-process';
import type { Figures, Leftovers } from './fault-server';

jest.setTimeout(sized(1_200_000, 120_000));

/** Connections at once. */
const WAVE = sized(1_002, 300);
const WAVES = sized(10, 1);
const TIMES = sized(20, 5);
const WARM_UP = 2;
/** Bytes of heap for each connection of a storm. */
const MAX_LEFT_BYTES = 256;
/** The number of ends after an accepted handshake. */
const OPENED = 4;

/** Opens waves of connections that end in all the ways of `ENDS`. */
async function storm(url: string): Promise<void> {
  for (let wave = 0; wave < WAVES; wave++) {
    await Promise.all(Array.from({ length: WAVE }, (_, at) => ENDS[at % ENDS.length]!(url)));
  }
}

async function ended(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close');
}

async function talk(url: string): Promise<RawClient> {
  const client = await RawClient.open(url, '/echo');
  client.write(text('hello'));
  expect((await client.frame()).payload.toString()).toBe('hello');
  return client;
}

const ENDS: ((url: string) => Promise<void>)[] = [
  async function closing(url) {
    const client = await talk(url);
    client.write(close(1000));
    await client.closeFrame();
    await client.end();
    client.destroy();
    await ended(client.socket);
  },
  async function leaving(url) {
    const client = await talk(url);
    client.destroy();
    await ended(client.socket);
  },
  async function reset(url) {
    const client = await talk(url);
    client.socket.resetAndDestroy();
    await ended(client.socket);
  },
  async function breakingTheRules(url) {
    const client = await talk(url);
    client.write(text('not masked', { mask: null }));
    expect(await client.closeFrame()).toMatchObject({ code: 1002 });
    client.destroy();
    await ended(client.socket);
  },
  async function refused(url) {
    const client = await RawClient.connect(url);
    client.upgrade('/nowhere');
    expect((await client.answer()).status).toBe(404);
    client.destroy();
    await ended(client.socket);
  },
  async function saysNothing(url) {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.destroy();
    await ended(socket);
  },
];

// takes long: 2,100 connections, in turn with full garbage collections
test('storms of connections leave no socket, timer or listener behind, and the heap as it was', async () => {
  const server = await startServer({ heartbeat: false });
  const quiet = (): Promise<Leftovers> => server.ask<Leftovers>({ leftovers: true });
  const atFirst = await quiet();
  for (let i = 0; i < WARM_UP; i++) await storm(server.url);
  const before = await quiet();
  let after = before;
  const growths: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    await storm(server.url);
    const now = await quiet();
    growths.push(now.heap - after.heap);
    after = now;
  }

  const { resources, listeners } = atFirst;
  expect(after).toMatchObject({ connections: 0, timers: 0, resources, listeners });
  // Node compiles meanwhile, but what a connection leaves behind grows with each storm
  expect(Math.min(...growths) / (WAVE * WAVES)).toBeLessThan(MAX_LEFT_BYTES);
  const figures = await server.ask<Figures>({});
  const opened = (WAVE * WAVES * (WARM_UP + TIMES) * OPENED) / ENDS.length;
  expect(figures).toMatchObject({ opened, closed: opened });
  const grown = (100 * (after.heap - before.heap)) / before.heap;
  figure(
    'connect storm',
    `${TIMES} times ${WAVE * WAVES} connections: nothing left, the heap grows by ${grown.toFixed(1)} %`,
  );
});
