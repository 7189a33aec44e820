import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloseInfo } from '../../src';
import type { Connection, Endpoint, Engine, Limits } from '../../src/engine';
import { startEngine } from '../support/engine';
import { figure } from '../support/figures';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';
import { Meter } from '../streams/meter';

const SUBSCRIBERS = 1_000;
const STALLED = 100;
const MESSAGES = 40;
const MESSAGE = Buffer.alloc(16 * 1024, 'x');
const MAX_BUFFERED = 128 * 1024;
const CLOSE_TIMEOUT = 10_000;

/** For a Unix socket: its kernel buffers are a tenth of TCP's, and sooner full. */
let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'portal-faults-'))));

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function open(socketPath: string): Promise<RawClient> {
  const stream = connect(socketPath);
  await once(stream, 'connect');
  return RawClient.over(stream).handshake('/');
}

/** A thousand subscribers; the first hundred have stopped reading. */
async function subscribed(limits: Limits) {
  const clock = new ManualClock();
  const endings = new Map<Connection, CloseInfo>();
  const limited: string[] = [];
  const endpoint: Endpoint = { path: '/', close: (connection, info) => void endings.set(connection, info) };
  const socketPath = join(folder, 'socket');
  const engine = await startEngine([endpoint], {
    socketPath,
    clock,
    heartbeat: false,
    limits: { maxBufferedBytes: MAX_BUFFERED, closeTimeoutMs: CLOSE_TIMEOUT, ...limits },
    observer: { limited: (_, limit) => void limited.push(limit) },
  });
  const stalled: RawClient[] = [];
  for (let i = 0; i < STALLED; i++) stalled.push(await open(socketPath));
  const slow = [...engine.connections];
  const meters: Meter[] = [];
  for (let i = STALLED; i < SUBSCRIBERS; i++) meters.push(new Meter(await open(socketPath)));
  for (const { socket } of stalled) socket.pause();
  return { engine, clock, endings, limited, stalled, slow, meters };
}

/** Sends to all, as fast as the readers can. Returns the most bytes that waited on one connection. */
async function broadcast(engine: Engine, meters: readonly Meter[]): Promise<number> {
  let most = 0;
  for (let sent = 1; sent <= MESSAGES; sent++) {
    engine.connections.broadcast(MESSAGE);
    for (const connection of engine.connections) most = Math.max(most, connection.bufferedBytes);
    while (meters.some(({ frames, payloadBytes }) => frames < sent || payloadBytes < sent * MESSAGE.length)) {
      await new Promise(setImmediate);
    }
  }
  return most;
}

function report(policy: string, most: number): void {
  const held = `at most ${(most / 1024).toFixed(0)} of ${MAX_BUFFERED / 1024} KiB held for each`;
  figure('100 of 1,000 subscribers stop reading', `${policy}: ${held}, and none of the others lost anything`);
}

// these take long: 40 messages to each of 1,000 subscribers, all in this process
test('subscribers who stop reading hold no more than the limit, are closed and cut, and the others lose nothing', async () => {
  const { engine, clock, endings, limited, stalled, slow, meters } = await subscribed({});
  const most = await broadcast(engine, meters);
  expect(most).toBeLessThanOrEqual(MAX_BUFFERED);
  expect(limited).toEqual(Array(STALLED).fill('maxBufferedBytes'));
  expect(slow.map(({ state }) => state)).toEqual(Array(STALLED).fill('closing'));
  // only a write that has begun and the Close frame still wait
  for (const { bufferedBytes } of slow) expect(bufferedBytes).toBeLessThan(2 * MESSAGE.length);

  // one reads again in time to see the reason
  const [late] = stalled;
  late!.socket.resume();
  let frame = await late!.frame();
  for (; frame.opcode === 2; frame = await late!.frame()) expect(frame.payload.length).toBe(MESSAGE.length);
  expect(frame.opcode).toBe(8);
  expect(frame.payload.readUInt16BE()).toBe(1008);
  expect(frame.payload.subarray(2).toString()).toBe('slow consumer');

  clock.advance(CLOSE_TIMEOUT - 1);
  await new Promise(setImmediate);
  expect(endings.size).toBe(0);
  clock.advance(1);
  while (endings.size < STALLED) await new Promise(setImmediate);
  expect(slow.every((connection) => endings.has(connection))).toBe(true);
  for (const info of endings.values()) expect(info).toMatchObject({ code: 1006, clean: false });
  expect(engine.connections.size).toBe(SUBSCRIBERS - STALLED);
  expect(meters.map(({ frames }) => frames)).toEqual(Array(SUBSCRIBERS - STALLED).fill(MESSAGES));
  report('close', most);
});

test('with the policy `drop` they stay, miss messages for which there was no room, and get the rest when they read again', async () => {
  const { engine, endings, limited, stalled, slow, meters } = await subscribed({ slowConsumer: 'drop' });
  const most = await broadcast(engine, meters);
  expect(most).toBeLessThanOrEqual(MAX_BUFFERED);
  expect(new Set(limited)).toEqual(new Set(['maxBufferedBytes']));
  expect(slow.map(({ state }) => state)).toEqual(Array(STALLED).fill('open'));
  const dropped = limited.length;
  expect(dropped).toBeGreaterThanOrEqual(STALLED);

  const late = stalled.map((client) => new Meter(client));
  for (const { socket } of stalled) socket.resume();
  const heard = (): number => late.reduce((sum, { frames }) => sum + frames, 0);
  while (heard() < STALLED * MESSAGES - dropped || slow.some(({ bufferedBytes }) => bufferedBytes > 0)) {
    await new Promise(setImmediate);
  }
  engine.connections.broadcast('the rest');
  while (heard() < STALLED * MESSAGES - dropped + STALLED) await new Promise(setImmediate);
  expect(heard()).toBe(STALLED * MESSAGES - dropped + STALLED);
  expect(endings.size).toBe(0);
  expect(meters.every(({ frames }) => frames >= MESSAGES)).toBe(true);
  report('drop', most);
});
