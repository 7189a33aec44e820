import { once } from 'node:events';
import { text } from '../support/frames';
import { figure, mebibytes } from '../support/figures';
import { RawClient } from '../support/raw-client';
import { MIB, roundTrips } from '../streams/traffic';
import { command, startServer } from './fault-process';

const MESSAGES = 100_000;
const SIZE = 1024;
const TOGETHER = 50;
const ROUNDS = 20;
/** The default of `limits.maxQueuedMessages`. */
const MAX_QUEUED = 64;
/** Far more than the operating system keeps for one connection, and less than a third of what is sent. */
const MOST_IN_KERNEL = 32 * MIB;
const MOST_MEMORY = 20 * MIB;

/** Sends all messages, each with its number, as fast as the socket takes them. `sent` counts the bytes it took. */
function send(client: RawClient): { readonly sent: number; done: Promise<void> } {
  const sending = { sent: 0, done: Promise.resolve() };
  const run = async (): Promise<void> => {
    for (let at = 0; at < MESSAGES; at += TOGETHER) {
      const frames = Buffer.concat(Array.from({ length: TOGETHER }, (_, i) => text(`${at + i} `.padEnd(SIZE, '.'))));
      if (!client.socket.write(frames)) await once(client.socket, 'drain');
      sending.sent += frames.length;
    }
  };
  sending.done = run();
  return sending;
}

// takes long: 100 MiB pass one message at a time
test('a slow handler holds back a client that sends 100,000 messages at once: 64 wait, and memory stays flat', async () => {
  const server = await startServer();
  const [client, neighbour] = [await RawClient.open(server.url, '/stepped'), await RawClient.open(server.url, '/echo')];
  const frame = text('.'.repeat(SIZE)).length;
  const sending = send(client);

  // while nothing is handled, only the buffers of the operating system fill
  let before: number;
  do {
    before = sending.sent;
    await roundTrips(neighbour);
  } while (sending.sent > before);
  expect(client.socket.writableNeedDrain).toBe(true);
  expect(await command(server, {})).toMatchObject({ stepped: 0, mostWaiting: MAX_QUEUED });

  let most = sending.sent;
  let warm = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const { stepped } = await command(server, { steps: MESSAGES / ROUNDS });
    expect(stepped).toBe((round * MESSAGES) / ROUNDS);
    most = Math.max(most, sending.sent - stepped * frame);
    if (round === 2) warm = server.memory().now;
  }
  await sending.done;
  const grown = server.memory().peak - warm;
  expect(most).toBeLessThan(MOST_IN_KERNEL);
  expect(grown).toBeLessThan(MOST_MEMORY);
  const figures = await command(server, {});
  expect(figures).toMatchObject({ stepped: MESSAGES, mostWaiting: MAX_QUEUED, limited: 0, closed: 0 });
  figure(
    'a handler of 10 ms and 100,000 messages at once',
    `at most ${figures.mostWaiting} pending, ${mebibytes(most)} of ${mebibytes(MESSAGES * frame)} on their way, ` +
      `memory grows by ${mebibytes(grown)}`,
  );
});
