import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { ServerProcess } from '../streams/server-process';
import { Broker, disposeBrokers } from '../support/broker';
import { figure, mebibytes, sized } from '../support/figures';

const MESSAGES = 200;
const LENGTH = 100_000;
const CLIENTS = 1000;
/** So many of them missed all that is kept; the others the last of it. */
const FAR_BEHIND = sized(1000, 100);
const MEBI = 1024 * 1024;

const servers: ServerProcess[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  for (const socket of sockets.splice(0)) socket.destroy();
  await disposeBrokers();
});

/** Asks, and is answered. */
class Caller {
  private readonly waiting = new Map<number, (answer: never) => void>();
  private count = 0;
  readonly heard: unknown[] = [];

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (bytes: Buffer) => {
      const { id, data } = JSON.parse(bytes.toString()) as { id?: number; data: never };
      if (id === undefined) this.heard.push(data);
      else this.waiting.get(id)!(data);
    });
  }

  static async open(url: string): Promise<Caller> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const caller = new Caller(socket);
    await once(socket, 'open');
    return caller;
  }

  request<Answer>(event: string, data: object = {}): Promise<Answer> {
    const id = ++this.count;
    this.socket.send(JSON.stringify({ event, data, id }));
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  close(): void {
    this.socket.terminate();
  }
}

/** One who comes back, and counts what it is sent: the numbers of the offsets, and the answer behind them. */
class Returning {
  readonly numbers: number[] = [];
  readonly answered: Promise<{ error?: { code: string } } | undefined>;
  private header = Buffer.alloc(0);
  private left = 0;
  private tail = Buffer.alloc(0);
  private settle!: (answer: { error?: { code: string } } | undefined) => void;

  constructor(
    readonly since: number,
    readonly socket: Socket,
  ) {
    this.answered = new Promise((resolve) => (this.settle = resolve));
    socket.on('data', (bytes: Buffer) => this.read(bytes)).on('error', () => undefined);
    socket.on('close', () => this.settle(undefined));
    sockets.push(socket);
  }

  static async open(url: string, since: number): Promise<Returning> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const key = Buffer.alloc(16).toString('base64');
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    await once(socket, 'data');
    return new Returning(since, socket);
  }

  ask(channel: string, epoch: string): void {
    const text = Buffer.from(
      JSON.stringify({ event: 'follow', data: { channel, since: `${epoch}-${this.since}` }, id: 1 }),
    );
    if (text.length > 125) throw new Error('a longer header would be needed');
    // masked with nothing
    this.socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  }

  private read(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.left === 0) {
        this.header = Buffer.concat([this.header, bytes.subarray(at, at + 1)]);
        at++;
        const size = sizeIn(this.header);
        if (size === undefined) continue;
        this.left = size;
        this.header = Buffer.alloc(0);
        continue;
      }
      const part = bytes.subarray(at, at + this.left);
      at += part.length;
      this.left -= part.length;
      this.tail = Buffer.concat([this.tail, part.subarray(-200)]).subarray(-200);
      if (this.left === 0) this.take(this.tail.toString());
    }
  }

  private take(tail: string): void {
    this.tail = Buffer.alloc(0);
    if (tail.startsWith('{"event":"follow"')) this.settle(JSON.parse(tail) as { error?: { code: string } });
    else this.numbers.push(Number(/"offset":"\d+-(\d+)"\}$/.exec(tail)![1]));
  }
}

/** The length of the payload, once the header is there. */
function sizeIn(header: Buffer): number | undefined {
  const short = (header[1] ?? 0) & 0x7f;
  if (header.length < 2) return undefined;
  if (short < 126) return short;
  if (short === 126) return header.length < 4 ? undefined : header.readUInt16BE(2);
  return header.length < 10 ? undefined : Number(header.readBigUInt64BE(2));
}

describe.each(['redis', 'nats'] as const)('on %s', (kind) => {
  test('a thousand who come back at once take nothing else down', async () => {
    const broker = await Broker.start(kind);
    const start = () => ServerProcess.start({ file: join(__dirname, 'history-server.ts'), args: [kind, broker.url] });
    servers.push(await start(), await start());
    const [here, there] = servers as [ServerProcess, ServerProcess];
    const [a, b] = [await Caller.open(here.url), await Caller.open(there.url)];
    const { offset } = await b.request<{ offset: string }>('follow', { channel: 'log:1' });
    const [epoch, first] = offset.split('-') as [string, string];
    for (let count = 0; count < MESSAGES; count += 40) {
      await a.request('fill', { channel: 'log:1', count: 40, length: LENGTH });
      while (b.heard.length < count + 40) await once(b.socket, 'message');
    }
    b.heard.length = 0;
    for (const caller of [a, b]) await caller.request('follow', { channel: 'plain' });

    const clients: Returning[] = [];
    for (let index = 0; index < CLIENTS; index++) {
      const since = index < FAR_BEHIND ? 0 : MESSAGES - 1 - (index % 5);
      clients.push(await Returning.open(here.url, Number(first) + since));
    }
    const before = here.memory().now;
    for (const client of clients) client.ask('log:1', epoch);
    let isDone = false;
    const all = Promise.all(clients.map(({ answered }) => answered)).then((answers) => {
      isDone = true;
      return answers;
    });
    let published = 0;
    while (!isDone) {
      for (const caller of [a, b]) {
        expect(await caller.request('publish', { channel: 'plain', data: ++published })).toMatchObject({
          others: 'sent',
        });
      }
    }
    const answers = await all;
    const peak = here.memory().peak;
    while (Math.min(a.heard.length, b.heard.length) < published) {
      await Promise.race([once(a.socket, 'message'), once(b.socket, 'message')]);
    }
    const wrong = clients.filter(({ since, numbers }, index) => {
      const missed = MESSAGES + Number(first) - since;
      const isInOrder = numbers.every((number, at) => number === since + 1 + at);
      return (
        answers[index] === undefined || answers[index].error !== undefined || numbers.length !== missed || !isInOrder
      );
    });
    expect(wrong).toHaveLength(0);
    const plain = Array.from({ length: published }, (_, index) => index + 1);
    for (const { heard } of [a, b]) expect([...heard].sort((x, y) => Number(x) - Number(y))).toEqual(plain);
    expect(published).toBeGreaterThan(10);
    expect([await a.request('gaps'), await b.request('gaps')]).toEqual([0, 0]);
    expect(peak - before).toBeLessThan(512 * MEBI);
    figure(
      `${kind}: ${CLIENTS} clients recover at once`,
      `${FAR_BEHIND} of them missed ${MESSAGES} × ${LENGTH} bytes: all recovered, ${published} plain messages meanwhile and none ` +
        `lost, no gap, ${mebibytes(peak - before)} more memory at most`,
    );
    // twenty who ask twenty times each, and read nothing
    const idle = here.memory().peak;
    for (let index = 0; index < 20; index++) {
      const client = await Returning.open(here.url, Number(first));
      client.socket.pause();
      for (let time = 0; time < 20; time++) client.ask('log:1', epoch);
    }
    for (let round = 0; round < 200; round++) await a.request('publish', { channel: 'plain', data: 0 });
    expect(here.memory().peak - idle).toBeLessThan(128 * MEBI);
    expect([await a.request('gaps'), await b.request('gaps')]).toEqual([0, 0]);
    for (const caller of [a, b]) caller.close();
  });
});
