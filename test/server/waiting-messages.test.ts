import type { Connection, Endpoint, EngineOptions } from '../../src/engine';
import { TRANSPORTS } from '../support/transports';
import { deferred } from '../support/engine';
import { binary, text } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { countMoves } from '../support/moved';
import { Tape } from '../support/tape';
import { turns } from '../support/until';

const KIB = 1024;

/** What waits before an answer is as long as one message, each counting as 64 bytes at the least. */
const MOST_BEFORE_AN_ANSWER = (1024 * KIB) / 64;

const answer = text('{"event":"name?","data":"joe","id":"s:1"}');

const MESSAGES: [string, Buffer][] = [
  ['one character', text('x')],
  ['no bytes', binary(Buffer.alloc(0))],
];

const times = (count: number, frame: Buffer): Buffer => Buffer.concat(Array<Buffer>(count).fill(frame));

/** Asks the client its name when it says `ask`, and counts what else it says. */
function asking() {
  const seen = { answers: [] as unknown[], handled: 0, received: 0 };
  let onHandled = (): void => {};
  const take = (): void => {
    seen.handled++;
    onHandled();
  };
  const ask = async (connection: Connection): Promise<void> => {
    seen.answers.push(await connection.request('name?').catch(({ code }: { code: string }) => code));
  };
  const endpoint: Omit<Endpoint, 'path'> = {
    text: (connection, message) => (message === 'ask' ? ask(connection) : take()),
    binary: take,
  };
  const observer: EngineOptions['observer'] = { received: () => void seen.received++ };
  const until = async (count: number): Promise<void> => {
    while (seen.handled < count) await new Promise<void>((resolve) => (onHandled = resolve));
  };
  return { seen, endpoint, observer, until };
}

describe.each(TRANSPORTS)('over %s', (_transport, open) => {
  test.each(MESSAGES)('an answer passes 10,000 messages of %s', async (_what, frame) => {
    const { seen, endpoint, observer, until } = asking();
    const { open: dial } = await open({ path: '/', ...endpoint }, { observer });
    const client = await dial();
    client.write(Buffer.concat([text('ask'), times(10_000, frame), answer]));
    await until(10_000);
    expect(seen.answers).toEqual(['joe']);
  });

  test.each(MESSAGES)('no more than 16,384 messages of %s wait before it', async (_what, frame) => {
    const { seen, endpoint, observer, until } = asking();
    const clock = new ManualClock();
    const { open: dial } = await open({ path: '/', ...endpoint }, { observer, clock, heartbeat: false });
    const client = await dial();
    client.write(Buffer.concat([text('ask'), times(20_000, frame), answer]));
    while (seen.received < MOST_BEFORE_AN_ANSWER + 1) await new Promise(setImmediate);
    await turns(20);
    expect(seen.received).toBe(MOST_BEFORE_AN_ANSWER + 1);
    clock.advance(10_000);
    await until(20_000);
    expect(seen.answers).toEqual(['timeout']);
  });

  test.each(MESSAGES)('200,000 messages of %s are handled in linear work', async (_what, frame) => {
    const gate = deferred();
    const { seen, endpoint, observer, until } = asking();
    const wait = async (): Promise<void> => gate.promise;
    const { text: hook } = endpoint;
    const { open: dial } = await open(
      {
        path: '/',
        ...endpoint,
        text: (connection, message) => (message === 'wait' ? wait() : hook!(connection, message)),
      },
      { observer, limits: { maxQueuedMessages: 200_000 } },
    );
    const client = await dial();
    client.write(Buffer.concat([text('wait'), times(200_000, frame)]));
    while (seen.received < 200_001) await new Promise(setImmediate);
    const count = countMoves();
    gate.resolve();
    await until(200_000);
    count.stop();
    expect(count.moved).toBeLessThan(1_000_000);
  });

  test.each(MESSAGES)('%s counts for what all connections may hold', async (_what, frame) => {
    const limited = deferred<string>();
    const limits = { maxQueuedMessages: 200_000, maxTotalBufferedBytes: 4 * 1024 * KIB };
    const { endpoint } = asking();
    const { open: dial } = await open(
      { path: '/', ...endpoint },
      { limits, observer: { limited: (_connection, limit) => limited.resolve(limit) } },
    );
    const client = await dial();
    client.write(Buffer.concat([text('ask'), times(40_000, frame)]));
    expect(await limited.promise).toBe('maxTotalBufferedBytes');
  });

  describe('only an answer that is awaited passes the rate', () => {
    const limits = { messagesPerSecond: 10 };

    async function limited() {
      const clock = new ManualClock();
      const results: unknown[] = [];
      const asked = deferred();
      const { open: dial } = await open(
        {
          path: '/',
          text: async (connection, message) => {
            if (message !== 'ask') return void results.push(message);
            const requests = [1, 2].map((n) => connection.request('n', n, { timeoutMs: n * 1000 }));
            asked.resolve();
            for (const request of requests) results.push(await request.catch(({ code }: { code: string }) => code));
          },
        },
        { limits, clock, heartbeat: false },
      );
      const client = await dial();
      const tape = new Tape(client.socket);
      client.write(text('ask'));
      await asked.promise;
      return { client, tape, clock, results };
    }

    const answerTo = (id: string): Buffer => text(JSON.stringify({ event: 'n', data: 'answer', id }));

    test('one that is awaited does, when no other message would', async () => {
      const { client, tape, results } = await limited();
      client.write(Buffer.concat([times(9, text('m')), answerTo('s:1'), answerTo('s:2')]));
      while (results.length < 11) await new Promise(setImmediate);
      expect(results).toEqual(['answer', 'answer', ...Array<string>(9).fill('m')]);
      client.write(text('one more'));
      expect((await tape.until(3))[2]).toBe('closed 1008 rate limited');
    });

    test.each<[string, string]>([
      ['that was never asked', 's:99'],
      ['that was never asked, or ever will', 's:__proto__'],
    ])('one to a request %s does not', async (_what, id) => {
      const { client, tape } = await limited();
      client.write(times(11, answerTo(id)));
      expect((await tape.until(3))[2]).toBe('closed 1008 rate limited');
    });

    test('a second one does not', async () => {
      const { client, tape } = await limited();
      client.write(times(12, answerTo('s:2')));
      expect((await tape.until(3))[2]).toBe('closed 1008 rate limited');
    });

    test('one that comes too late does not, and means nothing', async () => {
      const { client, tape, clock, results } = await limited();
      clock.advance(1000);
      client.write(Buffer.concat([times(10, answerTo('s:1')), answerTo('s:2')]));
      while (results.length < 2) await new Promise(setImmediate);
      expect(results).toEqual(['timeout', 'answer']);
      client.write(answerTo('s:1'));
      expect((await tape.until(3))[2]).toBe('closed 1008 rate limited');
    });
  });
});
