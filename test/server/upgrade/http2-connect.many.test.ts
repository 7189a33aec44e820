import type { ClientHttp2Stream } from 'node:http2';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { CloseInfo, Connection, Endpoint, Engine } from '../../../src/engine';
import { deferred, startEngine } from '../../support/engine';
import { binary, CLOSE, close, ping, PONG } from '../../support/frames';
import type { Http2Client } from '../../support/http2-client';
import { dial, WAYS } from '../../support/http2-ways';
import { ManualClock } from '../../support/manual-clock';
import type { RawClient } from '../../support/raw-client';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const SESSIONS = 10;
const STREAMS = 100;
const ALL = Array.from({ length: SESSIONS * STREAMS }, (_, index) => index);
const SIZE = 5_000;

/** Half of them, on every session. */
const isReset = (index: number): boolean => Math.floor(index / SESSIONS) % 2 === 0;

/** A message that nobody else sends. */
function messageOf(index: number, direction: 'in' | 'out'): Buffer {
  const message = Buffer.alloc(SIZE, `${direction} ${index} `);
  message.writeUInt32BE(index);
  return message;
}

/** What a server that is told by a ping to send does, and what became of all its WebSockets. */
class Traffic {
  readonly received = new Map<number, Buffer>();
  readonly closes = new Map<number, CloseInfo>();
  readonly connections: WeakRef<Connection>[] = [];
  private readonly rest = deferred();

  readonly endpoint: Endpoint = {
    path: '/:index',
    open: (connection) => void this.connections.push(new WeakRef(connection)),
    binary: (connection, message) => void this.received.set(indexOf(connection), message),
    ping: (connection) => void connection.sendStream(this.halves(messageOf(indexOf(connection), 'out'))),
    close: (connection, info) => void this.closes.set(indexOf(connection), info),
  };

  sendRest(): void {
    this.rest.resolve();
  }

  private async *halves(message: Buffer): AsyncGenerator<Buffer> {
    yield message.subarray(0, SIZE / 2);
    await this.rest.promise;
    yield message.subarray(SIZE / 2);
  }
}

function indexOf({ params }: Connection): number {
  return Number(params.index);
}

/** What is left of a message whose first fragment was read. */
async function restOf(raw: RawClient<ClientHttp2Stream>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const { fin, payload } = await raw.frame();
    parts.push(payload);
    if (fin) return Buffer.concat(parts);
  }
}

describe.each(WAYS)('%s', (_way, way) => {
  /** Lets it all happen, and keeps nothing of it but what it returns. */
  async function run(engine: Engine, traffic: Traffic): Promise<Http2Client[]> {
    const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => dial(engine)));
    const sockets = await Promise.all(ALL.map((index) => sessions[index % SESSIONS]!.open(`/${index}`)));
    expect(engine.connections.size).toBe(ALL.length);

    const frames = ALL.map((index) => binary(messageOf(index, 'in')));
    const half = SIZE / 2;
    for (const index of ALL) sockets[index]!.write(Buffer.concat([ping(), frames[index]!.subarray(0, half)]));
    const begun = await Promise.all(
      sockets.map(async (raw) => {
        const first = [await raw.frame(), await raw.frame()];
        expect(first.map(({ opcode }) => opcode)).toContain(PONG);
        return first.find(({ opcode }) => opcode !== PONG)!;
      }),
    );
    for (const { fin, payload } of begun) expect([fin, payload.length]).toEqual([false, half]);

    for (const index of ALL) if (isReset(index)) sockets[index]!.socket.close(8);
    while (traffic.closes.size < ALL.length / 2) await new Promise(setImmediate);
    expect(traffic.received.size).toBe(0);

    const others = ALL.filter((index) => !isReset(index));
    traffic.sendRest();
    for (const index of others) sockets[index]!.write(frames[index]!.subarray(half));
    for (const index of others) {
      const message = Buffer.concat([begun[index]!.payload, await restOf(sockets[index]!)]);
      expect(message.equals(messageOf(index, 'out'))).toBe(true);
      sockets[index]!.write(close(1000));
      expect((await sockets[index]!.frame()).opcode).toBe(CLOSE);
      sockets[index]!.socket.end();
    }
    return sessions;
  }

  test('of 1,000 WebSockets in mid-message both ways half are reset: the others lose nothing, and nothing is left', async () => {
    const clock = new ManualClock();
    const traffic = new Traffic();
    const engine = await startEngine([traffic.endpoint], { ...way, clock, heartbeat: false });
    const sessions = await run(engine, traffic);
    while (engine.connections.size > 0) await new Promise(setImmediate);

    for (const index of ALL) {
      const expected = isReset(index) ? [1006, false] : [1000, true];
      const { code, clean } = traffic.closes.get(index)!;
      expect([code, clean]).toEqual(expected);
      const message = traffic.received.get(index);
      expect(message === undefined).toBe(isReset(index));
      expect(message?.equals(messageOf(index, 'in')) ?? true).toBe(true);
    }
    for (const session of sessions) session.destroy();
    while (clock.pending > 0) await new Promise(setImmediate);
    await engine.close();
    await new Promise(setImmediate);
    collectGarbage();
    // of one or the other something may lie on the stack
    expect(traffic.connections.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(10);
  });
});
