import type { Duplex } from 'node:stream';
import { randomBytes } from 'node:crypto';
import type { Connection, Connections, Endpoint, EngineOptions, SendResult } from '../../src/engine';
import { TRANSPORTS } from '../support/transports';
import { deferred } from '../support/engine';
import { text } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { Tape } from '../support/tape';

const KIB = 1024;
const MIB = 1024 * KIB;

describe.each(TRANSPORTS)('over %s', (_transport, open) => {
  let connections: Connections;

  /** A client that reads as fast as it can, and what the handler makes of its one message. */
  async function told(run: (connection: Connection) => unknown, options: Partial<Endpoint> & EngineOptions = {}) {
    const { limits, clock, compression, ...endpoint } = options;
    const failed = jest.fn();
    const seen = { limited: [] as string[] };
    const served = await open(
      { path: '/', text: async (connection) => void (await run(connection)), ...endpoint },
      {
        observer: { failed, limited: (_, limit) => void seen.limited.push(limit) },
        ...(limits && { limits }),
        ...(clock && { clock }),
        ...(compression && { compression }),
      },
    );
    ({ connections } = served.engine);
    const client = await served.open(compression ? { 'Sec-WebSocket-Extensions': 'permessage-deflate' } : {});
    const tape = new Tape(client.socket);
    client.write(text('go'));
    return { ...served, client, tape, failed, seen };
  }

  describe('what we were quick to send is not held against a client that reads', () => {
    test.each<[string, (connection: Connection) => unknown, string[]]>([
      [
        'a reply of 8 MiB, and the next message',
        (connection) => {
          connection.send('a'.repeat(8 * MIB));
          connection.send('next');
        },
        [`1 ${8 * MIB} aaa`, '1 4 nex'],
      ],
      [
        'two of 5 MiB, and the next message',
        (connection) => {
          connection.send(Buffer.alloc(5 * MIB, 'a'));
          connection.send(Buffer.alloc(5 * MIB, 'b'));
          connection.send('next');
        },
        [`2 ${5 * MIB} aaa`, `2 ${5 * MIB} bbb`, '1 4 nex'],
      ],
      [
        'two of 900 KiB, and the next message',
        (connection) => {
          connection.send('before');
          connection.send(Buffer.alloc(900 * KIB, 'a'));
          connection.send(Buffer.alloc(900 * KIB, 'b'));
          connection.send('next');
        },
        ['1 6 bef', `2 ${900 * KIB} aaa`, `2 ${900 * KIB} bbb`, '1 4 nex'],
      ],
      [
        'large and small ones by turns',
        (connection) => {
          connection.send('a'.repeat(3 * MIB));
          connection.send('b');
          connection.send('c'.repeat(3 * MIB));
          connection.send('d');
        },
        [`1 ${3 * MIB} aaa`, '1 1 b', `1 ${3 * MIB} ccc`, '1 1 d'],
      ],
      [
        'broadcasts, and the next message',
        (connection) => {
          for (const word of ['a', 'b']) connections.broadcast(word.repeat(2 * MIB));
          connection.emit('next');
        },
        [`1 ${2 * MIB} aaa`, `1 ${2 * MIB} bbb`, '1 16 {"e'],
      ],
      [
        'a chunk of 6 MiB in a message in fragments, and the next message',
        (connection) => {
          void connection.sendStream([Buffer.alloc(6 * MIB, 'a')]).then(() => connection.send('next'));
        },
        [`2 ${6 * MIB} aaa`, '1 4 nex'],
      ],
    ])('%s', async (_what, run, expected) => {
      const { tape } = await told(run);
      expect(await tape.until(expected.length)).toEqual(expected);
    });

    test('3 MiB of events while a message in fragments is sent, and what follows', async () => {
      const events = 3 * KIB;
      const { tape } = await told((connection) => {
        const sent = connection.sendStream(
          (async function* () {
            yield 'a'.repeat(64 * KIB);
            for (let i = 0; i < events; i++) connection.send('e'.repeat(KIB));
            yield 'a'.repeat(64 * KIB);
          })(),
        );
        void sent.then(() => connection.send('next'));
      });
      const lines = await tape.until(events + 2);
      expect([lines[0], lines[1], lines.at(-2), lines.at(-1), lines.length]).toEqual([
        `1 ${128 * KIB} aaa`,
        `1 ${KIB} eee`,
        `1 ${KIB} eee`,
        '1 4 nex',
        events + 2,
      ]);
    });

    test('2 MiB of messages that are compressed elsewhere, sent at once', async () => {
      const messages = Array.from({ length: 20 }, () => randomBytes(50_000).toString('hex'));
      const { tape } = await told((connection) => messages.forEach((message) => connection.send(message)), {
        compression: true,
      });
      const lines = await tape.until(20);
      expect(lines.map((line) => line.slice(0, 2))).toEqual(Array(20).fill('1 '));
    });
  });

  describe('a client that does not read', () => {
    /** Sends until the connection is no longer open, at most `most` times, a turn of the loop each. */
    async function flood(connection: Connection, message: string | Buffer, most: number): Promise<number> {
      let sent = 0;
      while (connection.state === 'open' && sent < most) {
        connection.send(message);
        sent++;
        await new Promise(setImmediate);
      }
      return sent;
    }

    test('is closed after its second large message at the latest, which is all that is held of them', async () => {
      const counted = deferred<[number, number]>();
      const { client } = await told(async (connection) => {
        client.socket.pause();
        let most = 0;
        let sent = 0;
        for (; connection.state === 'open' && sent < 100; sent++) {
          connection.send(Buffer.alloc(8 * MIB));
          most = Math.max(most, connection.bufferedBytes);
          await new Promise(setImmediate);
        }
        counted.resolve([sent, most]);
      });
      const [sent, most] = await counted.promise;
      // what the kernel takes is not ours to say
      expect(sent).toBeLessThanOrEqual(5);
      expect(most).toBeLessThanOrEqual(2 * (8 * MIB + 10));
      client.destroy();
    });

    test('is closed in the middle of a message in fragments too, once it has taken nothing for a second', async () => {
      const clock = new ManualClock();
      const counted = deferred<[number, number, string]>();
      const { client } = await told(
        async (connection) => {
          client.socket.pause();
          const chunk = Buffer.alloc(64 * KIB);
          void connection.sendStream(
            (function* () {
              for (;;) yield chunk;
            })(),
          );
          // until the kernel takes no more
          for (let before = -1, still = 0; still < 50; await new Promise(setImmediate)) {
            still = connection.bufferedBytes === before && before > 0 ? still + 1 : 0;
            before = connection.bufferedBytes;
          }
          const within = await flood(connection, 'e'.repeat(100 * KIB), 20);
          const held = connection.bufferedBytes;
          clock.advance(1000);
          await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
          const beyond = await flood(connection, 'e', 20);
          counted.resolve([within, beyond, held > 2_000_000 ? 'held' : `${held}`]);
        },
        { clock },
      );
      expect(await counted.promise).toEqual([20, 1, 'held']);
      client.destroy();
    });
  });

  test('a client that takes a large message slowly is not cut by the heartbeat; one that takes nothing is', async () => {
    const clock = new ManualClock();
    const opened = deferred<Connection>();
    const { client, seen } = await told(
      (connection) => {
        connection.send(Buffer.alloc(24 * MIB));
        opened.resolve(connection);
      },
      { clock },
    );
    const connection = await opened.promise;
    let read = 0;
    client.socket.on('data', (bytes: Buffer) => {
      read += bytes.length;
      if (read % (3 * MIB) < bytes.length) client.socket.pause();
    });
    for (let i = 0; i < 3; i++) {
      // it takes something, and stops again
      const before = connection.bufferedBytes;
      client.socket.resume();
      while (connection.bufferedBytes >= before) {
        client.socket.resume();
        await new Promise(setImmediate);
      }
      client.socket.pause();
      for (let ms = 0; ms < 20_000; ms += 500) clock.advance(500);
    }
    expect([connection.state, seen.limited]).toEqual(['open', []]);
    // what is on its way still
    for (let before = -1; connection.bufferedBytes !== before;) {
      before = connection.bufferedBytes;
      for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    }
    for (let ms = 0; ms < 60_000; ms += 500) clock.advance(500);
    expect(seen.limited).toEqual(['heartbeat']);
    client.destroy();
  });

  test('a client that takes a large message slowly has the time to answer our Close frame; one that takes nothing has not', async () => {
    const clock = new ManualClock();
    const opened = deferred<Connection>();
    const { client, seen } = await told(
      (connection) => {
        connection.send(Buffer.alloc(24 * MIB));
        void connection.close(1000);
        opened.resolve(connection);
      },
      { clock },
    );
    const connection = await opened.promise;
    client.socket.pause();
    for (let i = 0; i < 3; i++) {
      await takesABit(client, connection);
      clock.advance(5000);
      expect([connection.state, seen.limited]).toEqual(['closing', []]);
    }
    // what is on its way still
    for (let before = -1; connection.bufferedBytes !== before;) {
      before = connection.bufferedBytes;
      for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    }
    clock.advance(5000);
    clock.advance(5000);
    expect(seen.limited).toEqual(['closeTimeoutMs']);
    client.destroy();
  });

  test('a client that takes a little now and then is cut after twelve times the time', async () => {
    const clock = new ManualClock();
    const opened = deferred<Connection>();
    const { client, seen } = await told(
      (connection) => {
        connection.send(Buffer.alloc(96 * MIB));
        void connection.close(1000);
        opened.resolve(connection);
      },
      { clock },
    );
    const connection = await opened.promise;
    client.socket.pause();
    for (let i = 0; i < 11; i++) {
      await takesABit(client, connection);
      clock.advance(5000);
    }
    expect(seen.limited).toEqual([]);
    await takesABit(client, connection);
    clock.advance(5000);
    expect(seen.limited).toEqual(['closeTimeoutMs']);
    client.destroy();
  });

  /** Reads until less waits for it, and no longer. */
  async function takesABit({ socket }: { readonly socket: Duplex }, connection: Connection): Promise<void> {
    const before = connection.bufferedBytes;
    const pause = (): void => void socket.pause();
    while (connection.bufferedBytes >= before) {
      socket.once('data', pause);
      socket.resume();
      await new Promise(setImmediate);
    }
    socket.off('data', pause);
    socket.pause();
  }

  describe('`drained` resolves', () => {
    /** What a handler awaits must come without any further message. */
    async function goesOn(run: (connection: Connection) => Promise<unknown>, limits: EngineOptions['limits'] = {}) {
      const { tape } = await told(
        async (connection) => {
          await run(connection);
          connection.send('drained');
        },
        { limits: { maxBufferedBytes: 100 * MIB, ...limits } },
      );
      for (let lines = 1; ; lines++) {
        const line = (await tape.until(lines))[lines - 1]!;
        if (line === '1 7 dra') return;
        expect(line).not.toMatch(/closed|gone/);
      }
    }

    test.each([1, 1024, 64 * KIB, 90 * KIB])('with a mark of %i, for what is sent in one turn', async (mark) => {
      await goesOn(
        async (connection) => {
          for (const size of [100, 1100, 2000, 70_000]) {
            connection.send('x'.repeat(size));
            await connection.drained();
            connection.send(Buffer.alloc(size));
            connection.send(Buffer.alloc(size));
            await connection.drained();
          }
        },
        { highWaterMarkBytes: mark },
      );
    });

    test('whatever `send` said: by `bufferedBytes`, beside a message in fragments of 6 MiB', async () => {
      await goesOn(async (connection) => {
        const chunk = Buffer.alloc(96 * KIB);
        let sent = false;
        void connection.sendStream(Array.from({ length: 64 }, () => chunk)).then(() => (sent = true));
        while (!sent) {
          if (connection.bufferedBytes > 64 * KIB) await connection.drained();
          else await new Promise(setImmediate);
        }
      });
    });

    test('for everybody who waits', async () => {
      await goesOn(async (connection) => {
        connection.send(Buffer.alloc(8 * MIB));
        await Promise.all([connection.drained(), connection.drained()]);
      });
    });

    test('when what waited behind a message in fragments has left', async () => {
      await goesOn(async (connection) => {
        const gate = deferred();
        void connection.sendStream(
          (async function* () {
            yield 'a';
            await gate.promise;
          })(),
        );
        await new Promise(setImmediate);
        connection.send('b'.repeat(100 * KIB));
        const drained = connection.drained();
        gate.resolve();
        await drained;
      });
    });
  });

  describe("`slowConsumer: 'drop'`", () => {
    const limits = { slowConsumer: 'drop', maxBufferedBytes: 300 * KIB, highWaterMarkBytes: 290 * KIB } as const;

    test('who sends again until it is not dropped waits for the client, and others have their turn', async () => {
      const results = new Set<SendResult>();
      const { client, tape } = await told(
        async (connection) => {
          client.socket.pause();
          let result: SendResult;
          // until the kernel takes no more
          do {
            result = connection.sendResult(Buffer.alloc(200 * KIB));
            results.add(result);
            await new Promise(setImmediate);
          } while (result !== 'dropped');
          setImmediate(() => client.socket.resume());
          while (!connection.send('m'.repeat(250 * KIB))) await connection.drained();
          connection.send('done');
        },
        { limits },
      );
      let count = 1;
      while ((await tape.until(count))[count - 1] !== '1 4 don') count++;
      expect([...results]).toEqual(['sent', 'queued', 'dropped']);
      expect(tape.lines.at(-2)).toBe(`1 ${250 * KIB} mmm`);
    });

    test.each<[string, (connection: Connection) => unknown]>([
      ['terminated', (connection) => connection.terminate()],
      ['closing', (connection) => connection.close()],
    ])('who sends again and again on a connection that is %s leaves others their turn', async (_what, end) => {
      const counted = deferred<number>();
      const { client } = await told(
        async (connection) => {
          void end(connection);
          let turns = 0;
          const count = (): void => {
            turns++;
            if (turns < 1000) setImmediate(count);
          };
          setImmediate(count);
          for (let i = 0; i < 100 && !connection.send('m'); i++) await connection.drained();
          counted.resolve(turns);
        },
        { limits },
      );
      expect(await counted.promise).toBeGreaterThan(90);
      client.destroy();
    });
  });

  test('`sendResult` and `emitResult` say what became of a message; `send` and `emit` whether to go on', async () => {
    const seen = deferred<unknown[]>();
    const { client } = await told(
      async (connection) => {
        client.socket.pause();
        const results: unknown[] = [connection.sendResult('a'), connection.emitResult('a', 1), connection.send('a')];
        while (connection.sendResult(Buffer.alloc(60_000)) === 'sent') await new Promise(setImmediate);
        results.push(connection.sendResult('b'), connection.emitResult('b'), connection.send('b'));
        while (connection.sendResult(Buffer.alloc(60_000)) !== 'dropped') await new Promise(setImmediate);
        results.push(connection.emitResult('c', 'x'.repeat(60_000)), connection.send(Buffer.alloc(60_000)));
        void connection.close();
        results.push(connection.sendResult('d'), connection.emitResult('d'), connection.emit('d'));
        seen.resolve(results);
      },
      { limits: { slowConsumer: 'drop', maxBufferedBytes: 200_000 } },
    );
    expect(await seen.promise).toEqual([
      ...['sent', 'sent', true],
      ...['queued', 'queued', false],
      ...['dropped', false],
      ...['closed', 'closed', false],
    ]);
    client.destroy();
  });
});
