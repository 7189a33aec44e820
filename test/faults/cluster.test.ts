import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Broker, disposeBrokers, type BrokerKind } from '../support/broker';
import { figure, sized } from '../support/figures';
import { ServerProcess } from '../streams/server-process';
import { Follower, OrderClient } from './cluster-client';
import type { GapTimes } from './cluster-server';

const FOLLOWERS = sized(3000, 1000);
const CHANNELS = FOLLOWERS / 10;
/** For each phase; a thousand a second. */
const MESSAGES = sized(10_000, 2000);
const PER_TICK = 10;
const TICK_MS = 10;
const TIMEOUT_MS = 240_000;

interface Sent {
  readonly channel: string;
  readonly publisher: string;
  readonly number: number;
  readonly server: ServerProcess;
  /** When the process published it. */
  readonly at: number;
}

const servers: ServerProcess[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await disposeBrokers();
}, TIMEOUT_MS);

const start = (kind: BrokerKind, broker: Broker): Promise<ServerProcess> =>
  ServerProcess.start({ file: join(__dirname, 'cluster-server.ts'), args: [kind, broker.url] });

/** Publishes through one process, each message with a number for its channel. */
class Publisher {
  readonly sent: Sent[] = [];
  /** The last of each channel. */
  readonly numbers = new Map<string, number>();
  private readonly unanswered = new Set<Promise<void>>();

  private constructor(
    readonly name: string,
    readonly server: ServerProcess,
    private readonly client: OrderClient,
  ) {}

  static async open(name: string, server: ServerProcess): Promise<Publisher> {
    return new Publisher(name, server, await OrderClient.open(server));
  }

  publish(channel: string): void {
    const { name: publisher, server, client, unanswered } = this;
    const number = (this.numbers.get(channel) ?? 0) + 1;
    this.numbers.set(channel, number);
    const answered = client.order({ do: 'publish', channel, publisher, number }).then((answer) => {
      unanswered.delete(answered);
      if (answer?.['at'] === undefined) return;
      expect(answer['others']).not.toBe('lost');
      this.sent.push({ channel, publisher, number, server, at: answer['at'] as number });
    });
    unanswered.add(answered);
  }

  async settled(): Promise<void> {
    await Promise.all(this.unanswered);
  }

  async gaps(): Promise<GapTimes[]> {
    return ((await this.client.order({ do: 'gaps', channel: '' }))?.['gaps'] ?? []) as GapTimes[];
  }

  async count(channel: string): Promise<number> {
    return (await this.client.order({ do: 'count', channel }))?.['count'] as number;
  }

  close(): void {
    this.client.close();
  }
}

describe.each(['redis', 'nats'] as const)('three processes on %s', (kind) => {
  test(
    'lose nothing but what the gap says, and with history nothing at all, and deliver nothing twice',
    async () => {
      const broker = await Broker.start(kind);
      servers.push(...(await Promise.all([start(kind, broker), start(kind, broker), start(kind, broker)])));
      const [a, b, doomed] = servers as [ServerProcess, ServerProcess, ServerProcess];
      // every second channel has history
      const channels = Array.from({ length: CHANNELS }, (_, index) => `${index % 2 === 0 ? 'log' : 'plain'}:${index}`);
      const followers: Follower[] = [];
      let turn = 0;
      const elsewhere = (): ServerProcess => (turn++ % 2 === 0 ? a : b);
      for (let index = 0; index < FOLLOWERS; index += 100) {
        const some = Array.from({ length: 100 }, (_, one) => {
          const follower = new Follower(channels[(index + one) % CHANNELS]!);
          followers.push(follower);
          return follower.follow(servers[Math.floor((index + one) / CHANNELS) % 3]!, elsewhere);
        });
        await Promise.all(some);
      }
      const publishers = await Promise.all(servers.map((server, index) => Publisher.open(`p${index}`, server)));
      let next = 0;
      const publish = async (through: Publisher[]): Promise<void> => {
        for (let count = 0; count < MESSAGES; count += PER_TICK) {
          for (let one = 0; one < PER_TICK; one++) {
            through[one % through.length]!.publish(channels[next++ % CHANNELS]!);
          }
          await sleep(TICK_MS);
        }
      };

      await publish(publishers);
      const killedAt = Date.now();
      doomed.signal('SIGKILL');
      await publish(publishers);
      // each comes back to another process
      await until(async () => {
        const counted = await Promise.all(channels.slice(0, 20).map((channel) => publishers[0]!.count(channel)));
        return counted.every((count) => count === FOLLOWERS / CHANNELS);
      });

      const survivors = publishers.slice(0, 2);
      await broker.kill();
      await publish(survivors);
      await broker.start();
      const returnedAt = Date.now();
      await publish(survivors);
      await Promise.all(survivors.map((publisher) => publisher.settled()));
      const gapsOf = (): Promise<GapTimes[][]> => Promise.all(survivors.map((publisher) => publisher.gaps()));
      await until(async () => (await gapsOf()).every(({ length }) => length > 0));
      const gaps = (await gapsOf()).flat();
      // what was sent before comes before these
      for (const publisher of survivors) for (const channel of channels) publisher.publish(channel);
      await until(() =>
        followers.every(({ channel, received, refused }) =>
          survivors.every(
            ({ name, numbers }) => refused !== undefined || received.get(name)?.at(-1) === numbers.get(channel),
          ),
        ),
      );
      await Promise.all(survivors.map((publisher) => publisher.settled()));

      const sent = publishers.flatMap((publisher) => publisher.sent);
      const byChannel = new Map(
        channels.map((channel) => [channel, sent.filter((message) => message.channel === channel)]),
      );
      const byDoomed = publishers[2]!.sent;
      const heard = byDoomed.filter(({ channel, publisher, number }) =>
        followers.some(
          (one) =>
            one.channel === channel &&
            one.spans.some(({ server, last }) => server !== doomed && (last.get(publisher) ?? 0) >= number),
        ),
      );
      const lastOut = byDoomed.indexOf(heard.at(-1)!);
      /** Of the killed process, behind all that got out of it. */
      const leftLast = (message: Sent): boolean => message.server === doomed && byDoomed.indexOf(message) > lastOut;
      const isInGap = (at: number): boolean => gaps.some(({ from, to }) => at >= from && at <= to);
      const failures: string[] = [];
      const tally = { followed: 0, lostInGap: 0, lostWithProcess: 0 };
      for (const { channel, received, spans, refused } of followers) {
        if (refused !== undefined) failures.push(`${channel} refused: ${String(refused)}`);
        const had = new Map([...received].map(([publisher, numbers]) => [publisher, new Set(numbers)]));
        for (const [publisher, numbers] of received) {
          if (had.get(publisher)!.size < numbers.length) failures.push(`${channel}: twice from ${publisher}`);
          if (numbers.some((number, index) => index > 0 && number < numbers[index - 1]!)) {
            failures.push(`${channel}: not in order from ${publisher}`);
          }
        }
        for (const message of byChannel.get(channel) ?? []) {
          tally.followed++;
          if (had.get(message.publisher)?.has(message.number) === true) continue;
          const where = `${channel}: ${message.publisher} ${message.number}`;
          if (channel.startsWith('log:')) {
            failures.push(`${where} lost`);
            continue;
          }
          const span = spans.find(({ from, to }) => from <= message.at && message.at <= to);
          const isHere = span?.server === message.server;
          // a process that is killed takes along what comes last
          const wasLast = span?.server === doomed && message.number > (span.last.get(message.publisher) ?? 0);
          if (span === undefined || wasLast || leftLast(message)) tally.lostWithProcess++;
          else if (isInGap(message.at) && !isHere) tally.lostInGap++;
          else failures.push(`${where} lost outside the gap, ${message.at - killedAt} ms after the kill`);
        }
      }
      for (const follower of followers) follower.leave();
      for (const publisher of publishers) publisher.close();
      expect(failures.slice(0, 20)).toEqual([]);
      expect(gaps).toHaveLength(2);
      expect(gaps.map(({ unrecovered }) => unrecovered)).toEqual([0, 0]);
      expect(sent.length).toBeGreaterThan(MESSAGES * 3);
      const back = Math.max(...gaps.map(({ to }) => to)) - returnedAt;
      figure(
        `${kind} killed under 1,000 messages a second`,
        `${sent.length} messages to 10 followers each, ${tally.followed} deliveries due: none twice, ${tally.lostInGap} of plain channels missed in ` +
          `the gap, ${tally.lostWithProcess} with the process that was killed, none with history; back after ${Math.round(back)} ms`,
      );
    },
    TIMEOUT_MS,
  );
});

/** Waits for what takes as long as it takes. */
async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50);
}
