import { once } from 'node:events';
import { connect } from 'node:net';
import type { CloseInfo } from '../../src';
import type { Connection, Endpoint } from '../../src/engine';
import { startEngine } from '../support/engine';
import { close, continuation, ping, text } from '../support/frames';
import { RawClient, UPGRADE_HEADERS } from '../support/raw-client';

const EVERY = 2;

const HANDSHAKE = [
  'GET / HTTP/1.1',
  'Host: localhost',
  ...Object.entries(UPGRADE_HEADERS).map(([name, value]) => `${name}: ${value}`),
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

/** All bytes that a client sends, from its handshake to its Close frame. */
const EXCHANGE = Buffer.concat([
  Buffer.from(HANDSHAKE, 'latin1'),
  text('a message'),
  text('in ', { fin: false }),
  ping('between'),
  continuation('three ', { fin: false }),
  continuation('fragments'),
  ping('at the end'),
  close(1000, 'bye'),
]);

interface Life {
  opens: number;
  closes: CloseInfo[];
  releases: number;
}

/** An engine that accepts one connection at a time, and the events of each. */
async function startWitness({ hold }: { hold: boolean }) {
  const lives = new Map<Connection, Life>();
  const of = (connection: Connection): Life => {
    const life = lives.get(connection) ?? { opens: 0, closes: [], releases: 0 };
    lives.set(connection, life);
    return life;
  };
  let left = 0;
  let arrived = 0;
  let abandoned = 0;
  const answer = async (connection: Connection, message: string): Promise<void> => {
    // the connection may have gone before the answer
    if (hold) await new Promise((resolve) => setTimeout(resolve, 1));
    connection.send(message);
  };
  const endpoint: Endpoint = {
    path: '/',
    ...(hold && { upgrade: () => new Promise((resolve) => setTimeout(() => resolve(undefined), 3)) }),
    open: (connection) => void of(connection).opens++,
    text: answer,
    close: (connection, info) => void of(connection).closes.push(info),
    release: (connection) => {
      of(connection).releases++;
      left++;
    },
  };
  const failures: unknown[] = [];
  const engine = await startEngine([endpoint], {
    limits: { maxConnections: 1 },
    observer: {
      arrived: () => void arrived++,
      handshakeRefused: (_, { url }) => void (url !== '' && left++),
      abandoned: () => void abandoned++,
      failed: (error) => void failures.push(error),
    },
  });
  /** Resolves when all connections that arrived have gone. */
  const quiet = async (): Promise<void> => {
    while (left < arrived || engine.connections.size > 0) await new Promise(setImmediate);
  };
  /** Resolves when one more connection has arrived than left. */
  const arrival = async (): Promise<void> => {
    while (arrived === left) await new Promise(setImmediate);
  };
  return { engine, lives, failures, abandoned: () => abandoned, arrival, quiet };
}

async function openWhenFree(url: string): Promise<RawClient> {
  for (;;) {
    const client = await RawClient.connect(url);
    client.upgrade('/');
    const { status } = await client.answer();
    if (status === 101) return client;
    expect(status).toBe(503);
    client.destroy();
  }
}

describe.each([
  ['with handlers that answer at once', { hold: false }],
  ['with a slow upgrade hook and slow handlers', { hold: true }],
])('%s', (_, options) => {
  test('a reset after any part of an exchange leaves nothing behind', async () => {
    const { engine, lives, failures, abandoned, arrival, quiet } = await startWitness(options);
    for (let sent = 0; sent <= EXCHANGE.length; sent += EVERY) {
      const socket = connect(engine.port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      if (sent > 0) {
        socket.write(EXCHANGE.subarray(0, sent));
        // reset after the server has answered, while it asks its hook, or while it reads
        const whole = sent >= HANDSHAKE.length;
        const moment = sent % 3;
        if (whole && moment === 0) await once(socket, 'data');
        else if (whole && moment === 1) await arrival();
      }
      const gone = once(socket, 'close');
      socket.resetAndDestroy();
      await gone;
      await quiet();

      // the only place is free again, as soon as the server has seen the reset
      const next = await openWhenFree(engine.url);
      next.write(close(1000));
      expect(await next.closeFrame()).toEqual({ code: 1000, reason: '' });
      next.destroy();
      await quiet();
    }
    expect(failures).toEqual([]);
    for (const { opens, closes, releases } of lives.values()) {
      expect(closes).toHaveLength(opens);
      expect(opens).toBeLessThanOrEqual(1);
      expect(releases).toBe(1);
    }
    expect(abandoned() > 0).toBe(options.hold);
    const resets = [...lives.values()].filter(({ closes }) => closes[0]?.code === 1006);
    expect(resets.length).toBeGreaterThan(0);
  });
});
