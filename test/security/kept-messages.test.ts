import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Connection, Endpoint } from '../../src/engine';
import { text as textFrame, binary as binaryFrame, continuation, ping, type ServerFrame } from '../support/frames';
import { awaited } from '../support/awaited';
import type { RawClient } from '../support/raw-client';
import { TRANSPORTS } from '../support/transports';
import { until } from '../support/until';

type Collect = (options?: { type: 'minor' }) => void;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as Collect;
setFlagsFromString('--no-expose-gc');

/** Numbers below `bound`, the same for each run (the generator `mulberry32`). */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const hash = (message: string | Uint8Array): string => createHash('sha1').update(message).digest('base64');

const SIZES = [10, 200, 5000, 16_384, 40_000, 65_000, 130_000, 131_072, 200_000, 400_000, 1_100_000, 3_000_000];
const UNITS = ['a', 'ab', 'é', '€', '😀', 'a😀é'];

function makeMessage(random: (bound: number) => number): string | Buffer {
  const size = 1 + random(SIZES[random(SIZES.length)]!);
  const number = String(random(1e9));
  if (random(2) === 0) {
    const unit = UNITS[random(UNITS.length)]!;
    return number + unit.repeat(Math.ceil(size / Buffer.byteLength(unit))) + number;
  }
  const bytes = Buffer.alloc(size + number.length, number);
  for (let at = random(1000); at < bytes.length; at += 997) bytes[at] = random(256);
  return bytes;
}

/** One to eight frames, with a ping between them now and then. */
function framesOf(message: string | Buffer, random: (bound: number) => number): Buffer[] {
  const whole = typeof message === 'string' ? textFrame : binaryFrame;
  const bytes = Buffer.from(message as string);
  const count = random(3) === 0 ? 1 + random(8) : 1;
  if (count === 1) return [whole(bytes)];
  const cuts = Array.from({ length: count - 1 }, () => random(bytes.length + 1)).sort((a, b) => a - b);
  const places = [0, ...cuts, bytes.length];
  return places.slice(1).flatMap((end, index) => {
    const part = bytes.subarray(places[index], end);
    const frame = (index === 0 ? whole : continuation)(part, { fin: index === count - 1 });
    return random(4) === 0 ? [frame, ping('now')] : [frame];
  });
}

/** An endpoint that does all that a program may do with a message, and remembers what has to come of it. */
class Program {
  readonly received: string[] = [];
  readonly kept: { message: string | Buffer; hash: string }[] = [];
  readonly expected = new Map<Connection, string[]>();
  private pending = 0;

  constructor(private readonly random: (bound: number) => number) {}

  get endpoint(): Endpoint {
    return {
      path: '/',
      open: (connection) => void this.expected.set(connection, []),
      text: (connection, message) => this.handle(connection, message),
      binary: (connection, message) => this.handle(connection, message),
    };
  }

  get isIdle(): boolean {
    return this.pending === 0;
  }

  private handle(connection: Connection, message: string | Buffer): void {
    const { random } = this;
    this.received.push(hash(message));
    const what = random(7);
    if (what === 0 || what === 1) this.keep(message);
    else if (what === 2) this.later(1 + random(5), () => this.send(connection, message));
    else if (what === 3) for (const each of this.expected.keys()) this.send(each, message);
    else if (what === 4) this.sendChanged(connection, message);
    else if (what === 5) this.sendAndChange(connection, message);
    else {
      this.keep(message);
      this.send(connection, message);
    }
    if (random(4) === 0) collect({ type: 'minor' });
    if (random(12) === 0) collect();
  }

  private keep(message: string | Buffer): void {
    this.kept.push({ message, hash: hash(message) });
  }

  private send(connection: Connection, message: string | Buffer): void {
    connection.send(message);
    this.expected.get(connection)!.push(hash(message));
  }

  /** The message is the program's own: it may be changed in place. */
  private sendChanged(connection: Connection, message: string | Buffer): void {
    if (typeof message === 'string') return this.send(connection, `${message}!`);
    for (let at = 0; at < message.length; at += 1 + (message.length >> 4)) message[at]! ^= 0xff;
    this.keep(message);
    this.send(connection, message);
  }

  /** Changes a message once it has left. */
  private sendAndChange(connection: Connection, message: string | Buffer): void {
    this.send(connection, message);
    if (typeof message === 'string') return;
    const look = (): void => {
      if (connection.bufferedBytes > 0) return this.later(1, look);
      message.fill(0xdd);
    };
    look();
  }

  private later(turns: number, act: () => void): void {
    this.pending++;
    setImmediate(() => {
      this.pending--;
      if (turns > 1) this.later(turns - 1, act);
      else act();
    });
  }
}

/** Reads answers; pongs are left out. */
async function answers(client: RawClient<never>, count: number): Promise<string[]> {
  const hashes: string[] = [];
  while (hashes.length < count) {
    const { opcode, payload }: ServerFrame = await client.frame();
    if (opcode < 8) hashes.push(hash(payload));
  }
  return hashes;
}

/** Sends the frames in pieces, a turn after each. */
async function sendAll(
  client: RawClient<never>,
  frames: readonly Buffer[],
  random: (b: number) => number,
): Promise<void> {
  for (const frame of frames) {
    const cut = random(frame.length + 1);
    client.write(frame.subarray(0, cut));
    if (random(3) === 0) await new Promise(setImmediate);
    client.write(frame.subarray(cut));
    if (random(3) === 0) await new Promise(setImmediate);
  }
}

const LIMITS = { maxMessageBytes: 4_000_000, maxBufferedBytes: 500_000_000, maxTotalBufferedBytes: 'none' } as const;
const MESSAGES = 30;

describe.each(TRANSPORTS.filter(([name]) => name === 'TCP' || name === 'TLS'))('over %s', (_, serve) => {
  test.each([1, 2])(
    'whatever a program does with messages, and whenever V8 collects them, no byte changes (%i)',
    async (seed) => {
      const random = randomFrom(seed);
      const program = new Program(randomFrom(seed + 1000));
      const { open } = await serve(program.endpoint, { limits: LIMITS });
      const clients = [await open(), await open()] as RawClient<never>[];
      const sent = clients.map(() => Array.from({ length: MESSAGES }, () => makeMessage(random)));
      const sending = clients.map((client, index) =>
        sendAll(
          client,
          sent[index]!.flatMap((message) => framesOf(message, random)),
          randomFrom(seed + index),
        ),
      );
      const isHandled = (): boolean => program.received.length === clients.length * MESSAGES && program.isIdle;
      await awaited(Promise.all(sending), () => 'all that is sent');
      await until(isHandled);
      expect([...program.received].sort()).toEqual(sent.flat().map(hash).sort());
      const expected = [...program.expected.values()];
      const received = await Promise.all(clients.map((client, index) => answers(client, expected[index]!.length)));
      expect(received).toEqual(expected);
      expect(program.kept.map(({ message }) => hash(message))).toEqual(program.kept.map((each) => each.hash));
    },
  );
});
