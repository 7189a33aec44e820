import { figure, mebibytes, sized } from '../support/figures';
import { text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { GIB, KIB, MIB } from '../streams/traffic';
import type { ServerProcess } from '../streams/server-process';
import { command, startServer } from './fault-process';

const SIZE = 64 * KIB;
const MESSAGES = sized(GIB, GIB / 8) / SIZE;
const WARM_UP = (64 * MIB) / SIZE;
const MAX_BUFFERED = MIB;
const CLOSE_TIMEOUT = 500;
const MOST_MEMORY = 32 * MIB;

async function stalled(url: string): Promise<RawClient> {
  const client = await RawClient.open(url, '/echo');
  client.socket.pause();
  return client;
}

/** Publishes all. Resolves with the growth of the server's memory, and the most bytes that waited on one connection. */
async function publish(server: ServerProcess, by: 'send' | 'broadcast') {
  const before = server.memory().now;
  const { mostBuffered } = await command(server, { publish: { messages: MESSAGES, size: SIZE, by } });
  return { mostBuffered, grown: server.memory().peak - before };
}

describe.each(['send', 'broadcast'] as const)('many messages published by `%s` to a peer that never reads', (by) => {
  // takes long: 128 MiB are published, after 64 MiB to warm up
  test.each(['close', 'drop'] as const)('costs no more than the hard limit, with the policy `%s`', async (policy) => {
    const server = await startServer({
      limits: { maxBufferedBytes: MAX_BUFFERED, slowConsumer: policy, closeTimeoutMs: CLOSE_TIMEOUT },
    });
    await command(server, { publish: { messages: WARM_UP, size: SIZE, by: 'broadcast' } });
    const peer = await stalled(server.url);
    const { mostBuffered, grown } = await publish(server, by);
    expect(mostBuffered).toBeGreaterThan(MAX_BUFFERED / 2);
    expect(mostBuffered).toBeLessThanOrEqual(MAX_BUFFERED);
    expect(grown).toBeLessThan(MOST_MEMORY);

    if (policy === 'close') {
      // the limit, and then the time-out of a closing handshake that is not read either
      let figures = await command(server, {});
      while (figures.closed === 0) figures = await command(server, {});
      expect(figures).toMatchObject({ limited: 2, closed: 1 });
    } else {
      expect((await command(server, {})).closed).toBe(0);
      peer.write(text('the rest'));
      peer.socket.resume();
      let frame = await peer.frame();
      for (; frame.opcode === 2; frame = await peer.frame()) expect(frame.payload.length).toBe(SIZE);
      expect(frame.payload.toString()).toBe('the rest');
    }
    figure(
      'slow consumer',
      `1 GiB by ${by}, ${policy}: ${mebibytes(mostBuffered)} held, memory grows by ${mebibytes(grown)}`,
    );
  });
});
