import type { Connection } from '../../src/engine';
import { startEngine } from '../support/engine';
import { figure, mebibytes } from '../support/figures';
import { continuation, text } from '../support/frames';
import { RawClient } from '../support/raw-client';

const BUDGET = 1024 * 1024;
/** The budget may be exceeded by so much before bytes are counted again. */
const SLACK = BUDGET / 16;
const PIECE = Buffer.alloc(8 * 1024, 'x');
const GREEDY = 40;
const SMALL = 10;

async function start() {
  const limited = new Map<Connection, string>();
  let bytes = 0;
  const engine = await startEngine([{ path: '/', text: (connection, message) => void connection.send(message) }], {
    limits: { maxTotalBufferedBytes: BUDGET, maxMessageBytes: BUDGET, maxBufferedBytes: 16 * BUDGET },
    observer: {
      limited: (connection, limit) => void limited.set(connection, limit),
      bytesRead: (_, count) => void (bytes += count),
    },
  });
  return { engine, limited, read: () => bytes };
}

async function echoes(client: RawClient, message: string): Promise<void> {
  client.write(text(message));
  expect((await client.frame()).payload.toString()).toBe(message);
}

const report = (what: string, most: number): void =>
  figure('memory of all connections together', `${what}: ${mebibytes(most)}, the budget is ${mebibytes(BUDGET)}`);

test('peers that begin the largest messages are cut; the others finish theirs, and the total keeps to the budget', async () => {
  const { engine, limited, read } = await start();
  const small = await Promise.all(Array.from({ length: SMALL }, () => RawClient.open(engine.url, '/')));
  for (const client of small) client.write(text('begun ', { fin: false }));
  const greedy = new Map<Connection, { client: RawClient; sent: number; cut: boolean }>();
  for (let i = 0; i < GREEDY; i++) {
    const before = new Set(engine.connections);
    const client = await RawClient.open(engine.url, '/');
    const [connection] = [...engine.connections].filter((one) => !before.has(one));
    const peer = { client, sent: 0, cut: false };
    client.socket.on('close', () => (peer.cut = true));
    greedy.set(connection!, peer);
  }

  const held = (): number =>
    [...greedy].reduce((sum, [connection, { sent }]) => sum + (limited.has(connection) ? 0 : sent), 0);
  let most = 0;
  // in uneven steps, so that it is known who holds most
  for (let round = 0; round < 8; round++) {
    let at = 0;
    for (const [connection, peer] of greedy) {
      const pieces = 1 + (at++ % 4);
      if (limited.has(connection)) continue;
      const frame = peer.sent === 0 ? text(PIECE, { fin: false }) : continuation(PIECE, { fin: false });
      for (let piece = 0; piece < pieces && !limited.has(connection); piece++) {
        const target = read() + frame.length;
        peer.client.write(piece === 0 ? frame : continuation(PIECE, { fin: false }));
        while (read() < target && !limited.has(connection)) await new Promise(setImmediate);
        peer.sent += PIECE.length;
        most = Math.max(most, held());
      }
    }
  }
  expect(limited.size).toBeGreaterThan(0);
  expect(limited.size).toBeLessThan(GREEDY);
  expect(new Set(limited.values())).toEqual(new Set(['maxTotalBufferedBytes']));
  expect([...limited.keys()].every((connection) => greedy.has(connection))).toBe(true);
  expect(most).toBeGreaterThan(BUDGET - SLACK);
  expect(most).toBeLessThanOrEqual(BUDGET + SLACK);

  for (const client of small) {
    client.write(continuation('and ended'));
    expect((await client.frame()).payload.toString()).toBe('begun and ended');
  }
  const kept = [...greedy].filter(([connection]) => !limited.has(connection));
  for (const [connection, { client, cut }] of greedy) {
    if (limited.has(connection)) await client.end();
    else expect(cut).toBe(false);
  }
  expect(engine.connections.size).toBe(SMALL + kept.length);
  report('what is begun', most);
});

test('peers that do not read are cut, those with most first, and those who read go on', async () => {
  const { engine, limited } = await start();
  const reader = await RawClient.open(engine.url, '/');
  const [readers] = [...engine.connections];
  const stalled: Connection[] = [];
  for (let i = 0; i < GREEDY; i++) {
    const before = new Set(engine.connections);
    const client = await RawClient.open(engine.url, '/');
    client.socket.pause();
    stalled.push(...[...engine.connections].filter((one) => !before.has(one)));
  }
  const total = (): number => [...engine.connections].reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0);
  let most = 0;
  // the kernel's buffers do not count, and are filled first
  while (limited.size === 0) {
    for (const connection of stalled) {
      connection.send(Buffer.alloc(64 * 1024));
      most = Math.max(most, total());
    }
    await new Promise(setImmediate);
  }
  expect(new Set(limited.values())).toEqual(new Set(['maxTotalBufferedBytes']));
  expect(limited.has(readers!)).toBe(false);
  expect(most).toBeLessThanOrEqual(BUDGET + SLACK + 64 * 1024);
  await echoes(reader, 'still here');
  report('what is not read', most);
});
