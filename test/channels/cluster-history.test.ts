import { randomUUID } from 'node:crypto';
import type { BackplaneHistory, KeptPacket, PacketId } from '../../src/channels/backplane';
import { ClusterHistory } from '../../src/channels/cluster-history';
import { messageIn, Packer, unpack } from '../../src/channels/packet';
import { SharedMessage } from '../../src/engine';
import { ManualClock } from '../support/manual-clock';
import { away, text, textOf, turns } from '../support/subscribers';

const MEBI = 1024 * 1024;
const keep = { size: 3, ttlSeconds: 60 };
const NODE = '0123456789abcdef';

type Answer = (error?: Error) => void;

/** A broker that answers when it is told to, or at once. */
class Broker implements BackplaneHistory {
  maxPacketBytes: number | undefined;
  readonly asked: string[] = [];
  readonly ids: PacketId[] = [];
  readonly answers: Answer[] = [];
  packets: KeptPacket[] | undefined = [];
  atOnce: ((asked: string) => Error | undefined) | undefined = () => undefined;

  append(subject: string, packet: Uint8Array, id: PacketId): Promise<void> {
    const asked = `${subject} ${textOf(messageIn(unpack(Buffer.from(packet))!))}`;
    this.asked.push(asked);
    this.ids.push(id);
    return new Promise((resolve, reject) => {
      const answer: Answer = (error) => (error === undefined ? resolve() : reject(error));
      if (this.atOnce === undefined) this.answers.push(answer);
      else answer(this.atOnce(asked));
    });
  }

  last(): Promise<string> {
    return Promise.resolve('5-6');
  }

  after(): Promise<KeptPacket[] | undefined> {
    return Promise.resolve(this.packets);
  }
}

function start() {
  const clock = new ManualClock();
  const broker = new Broker();
  const failed: string[] = [];
  const packer = new Packer(NODE);
  const foreign: string[] = [];
  const history = new ClusterHistory(
    broker,
    packer,
    clock,
    (error) => failed.push((error as Error).message),
    (channel) => foreign.push(channel),
  );
  const append = (...texts: string[]) => texts.map((one) => history.append('log', text(one), undefined, keep));
  const took = (): string[] => broker.asked.splice(0);
  /** Whether it has stopped, and with how many lost. */
  const stop = (): { lost: number | undefined } => {
    const stopped: { lost: number | undefined } = { lost: undefined };
    void history.stop().then((lost) => (stopped.lost = lost));
    return stopped;
  };
  return { clock, broker, failed, foreign, packer, history, append, took, stop };
}

describe('a message', () => {
  test('is sent in its turn, with its own id', async () => {
    const { history, append, broker, packer, failed, clock } = start();
    history.onUp();
    expect(append('a', 'b')).toEqual(['sent', 'sent']);
    packer.nodeMessage({ is: 'bye' });
    append('c');
    await turns();
    expect(broker.asked).toEqual(['log a', 'log b', 'log c']);
    expect(broker.ids).toEqual([1, 2, 4].map((number) => ({ node: NODE, number })));
    expect(failed).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('waits while the backplane is away, and is sent in order when it is back', async () => {
    const { history, append, took } = start();
    expect(append('a')).toEqual(['kept']);
    history.onUp();
    await turns();
    history.onDown();
    expect(append('b', 'c')).toEqual(['kept', 'kept']);
    expect(took()).toEqual(['log a']);
    history.onUp();
    append('d');
    await turns();
    expect(took()).toEqual(['log b', 'log c', 'log d']);
    history.onDown();
    history.onUp();
    expect(took()).toEqual([]);
  });

  test('of which nobody knows whether it is kept is sent again, with the same id', async () => {
    const { history, append, broker, took, clock } = start();
    history.onUp();
    broker.atOnce = undefined;
    append('a', 'b', 'c');
    broker.answers[1]!();
    await turns();
    history.onDown();
    broker.answers[0]!(away());
    await turns();
    expect(clock.pending).toBe(0);
    history.onUp();
    expect(took().slice(3)).toEqual(['log a', 'log c']);
    expect(broker.ids.map(({ number }) => number)).toEqual([1, 2, 3, 1, 3]);
    // what was asked before the outage is answered at last
    for (const answer of broker.answers.slice(2)) answer();
    await turns();
    history.onDown();
    history.onUp();
    expect(took()).toEqual([]);
  });

  test('that the broker could not keep is tried again after 250 ms, and those behind it wait', async () => {
    const { history, append, broker, clock, took, failed } = start();
    history.onUp();
    broker.atOnce = () => away();
    append('a', 'b');
    await turns();
    expect(clock.pending).toBe(1);
    expect(append('c')).toEqual(['kept']);
    expect(took()).toEqual(['log a', 'log b']);
    clock.advance(249);
    expect(took()).toEqual([]);
    clock.advance(1);
    await turns();
    expect(took()).toEqual(['log a', 'log b', 'log c']);
    broker.atOnce = () => undefined;
    clock.advance(250);
    expect(took()).toEqual(['log a', 'log b', 'log c']);
    await turns();
    clock.advance(10_000);
    expect(took()).toEqual([]);
    expect(append('d')).toEqual(['sent']);
    expect(failed).toEqual([]);
  });

  test('is not tried again while the backplane is away', async () => {
    const { history, append, broker, clock, took } = start();
    history.onUp();
    broker.atOnce = () => away();
    append('a');
    await turns();
    history.onDown();
    expect(clock.pending).toBe(0);
    broker.atOnce = () => undefined;
    took();
    history.onUp();
    await turns();
    clock.advance(10_000);
    expect(took()).toEqual(['log a']);
  });

  test('that the broker refuses is reported, and not tried again', async () => {
    const { history, append, broker, clock, took, failed } = start();
    history.onUp();
    broker.atOnce = (asked) => (asked === 'log b' ? new Error('too large') : undefined);
    append('a', 'b', 'c');
    await turns();
    expect(failed).toEqual(['too large']);
    clock.advance(10_000);
    history.onDown();
    history.onUp();
    expect(took()).toEqual(['log a', 'log b', 'log c']);
  });

  test('that is larger than the broker keeps is told to who publishes, and is not tried', async () => {
    const { history, append, broker, took, failed } = start();
    broker.maxPacketBytes = 100;
    history.onUp();
    expect(append('x'.repeat(100), 'b')).toEqual(['too_large', 'sent']);
    await turns();
    history.onDown();
    expect(append('x'.repeat(100), 'c')).toEqual(['too_large', 'kept']);
    history.onUp();
    await turns();
    expect(took()).toEqual(['log b', 'log c']);
    expect(failed).toEqual([]);
  });

  test('that turns out to be larger is reported, and holds nothing up', async () => {
    const { history, append, broker, took, failed } = start();
    expect(append('a', 'x'.repeat(100), 'b')).toEqual(['kept', 'kept', 'kept']);
    broker.maxPacketBytes = 100;
    history.onUp();
    await turns();
    expect(took()).toEqual(['log a', 'log b']);
    expect(failed).toEqual([expect.stringMatching(/^a message of \d+ bytes to log is lost: the broker keeps none/)]);
  });

  test('that was sent twice is reported once', async () => {
    const { history, append, broker, failed } = start();
    history.onUp();
    broker.atOnce = undefined;
    append('a');
    history.onDown();
    history.onUp();
    for (const answer of broker.answers) answer(new Error('too large'));
    await turns();
    expect(broker.answers).toHaveLength(2);
    expect(failed).toEqual(['too large']);
  });
});

describe('what waits', () => {
  const large = (history: ClusterHistory, length: number) =>
    history.append('log', new SharedMessage(Buffer.alloc(length)), undefined, keep);

  test('has 8 MiB at most; the rest is lost, and reported', () => {
    const { history, failed } = start();
    for (let count = 0; count < 7; count++) expect(large(history, MEBI)).toBe('kept');
    expect(large(history, MEBI)).toBe('lost');
    expect(large(history, 8 * MEBI)).toBe('too_large');
    expect(large(history, MEBI / 2)).toBe('kept');
    expect(failed).toEqual(['a message to log is lost: 7 others wait for the backplane']);
  });

  test('has it while the backplane is there and does not answer, too', () => {
    const { history, broker } = start();
    history.onUp();
    broker.atOnce = undefined;
    for (let count = 0; count < 7; count++) expect(large(history, MEBI)).toBe('sent');
    expect(large(history, MEBI)).toBe('lost');
  });

  test('makes room for others once it is kept, or refused', async () => {
    const { history, broker } = start();
    history.onUp();
    for (const error of [undefined, new Error('refused'), undefined]) {
      broker.atOnce = () => error;
      for (let count = 0; count < 7; count++) expect(large(history, MEBI)).toBe('sent');
      await turns();
    }
  });
});

describe('at the end', () => {
  test('nothing is waited for where nothing is on its way', async () => {
    const { history, append, stop, clock } = start();
    history.onUp();
    append('a');
    await turns();
    const stopped = stop();
    await turns();
    expect(stopped.lost).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('what is on its way is waited for', async () => {
    const { history, append, broker, stop, clock } = start();
    history.onUp();
    broker.atOnce = undefined;
    append('a', 'b');
    const stopped = stop();
    broker.answers[0]!();
    await turns();
    expect(stopped.lost).toBeUndefined();
    broker.answers[1]!();
    await turns();
    expect(stopped.lost).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('but for two seconds at most', async () => {
    const { history, append, broker, stop, clock, took } = start();
    history.onUp();
    broker.atOnce = undefined;
    append('a', 'b');
    const stopped = stop();
    broker.answers[0]!();
    await turns();
    clock.advance(1999);
    await turns();
    expect(stopped.lost).toBeUndefined();
    clock.advance(1);
    await turns();
    expect(stopped.lost).toBe(1);
    expect(clock.pending).toBe(0);
    took();
    broker.answers[1]!(away());
    await turns();
    expect(clock.pending).toBe(0);
    expect(took()).toEqual([]);
  });

  test('it is tried again meanwhile', async () => {
    const { history, append, broker, stop, clock } = start();
    history.onUp();
    broker.atOnce = () => away();
    append('a');
    await turns();
    const stopped = stop();
    broker.atOnce = () => undefined;
    clock.advance(250);
    await turns();
    expect(stopped.lost).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('nothing is waited for while the backplane is away, and what waits is counted', async () => {
    const { append, stop, clock } = start();
    append('a', 'b');
    const stopped = stop();
    await turns();
    expect(stopped.lost).toBe(2);
    expect(clock.pending).toBe(0);
  });
});

describe('what is asked', () => {
  test('is the latest offset', async () => {
    expect(await start().history.last('log', keep)).toBe('5-6');
  });

  test('is what came after an offset, as it is sent', async () => {
    const { history, broker, packer, foreign } = start();
    const sender = randomUUID();
    broker.packets = [
      { offset: '5-7', packet: packer.historyEntry(text('{"a":1}'), sender) },
      { offset: '5-8', packet: Buffer.from('no packet') },
      { offset: '5-9', packet: packer.historyEntry(text('plain'), undefined) },
    ];
    const kept = (await history.after('log', '5-6', keep))!;
    expect(kept.map(({ offset, message, sender: from }) => [offset, textOf(message), from])).toEqual([
      ['5-7', '{"a":1,"offset":"5-7"}', sender],
      ['5-9', 'plain', undefined],
    ]);
    expect(foreign).toEqual(['log']);
  });

  test('may be gone', async () => {
    const { history, broker } = start();
    broker.packets = undefined;
    expect(await history.after('log', '5-6', keep)).toBeUndefined();
  });
});
