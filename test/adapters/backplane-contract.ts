import type { Backplane, BackplaneHistory, HistoryOptions } from 'portal-ws';
import { allBytes, Recorder, settled, startNode, stopNodes, until } from './nodes';

/*
 * The contract of `Backplane` as tests. A test file of a backplane calls these functions, each with a function that starts a broker:
 * `messagesContract`, `outagesContract` and, where the backplane has a history, `historyContract`.
 */

/** A broker, and backplanes on it. */
export interface TestBroker {
  /** Makes a backplane of one more process. Applications with two prefixes must not hear each other. */
  connect(prefix?: string): Backplane;
  /** Ends the broker and its connections. */
  kill(): Promise<void>;
  /** Starts the broker again, at its old address and with its data. */
  start(): Promise<void>;
  /** Stops the broker while its connections stay open, until `resume`. Only called where it freezes. */
  freeze?(): Promise<void>;
  resume?(): void;
}

type Start = () => Promise<TestBroker>;

/** Names that applications and Portal itself use, with characters that mean something to some broker. */
const NAMES = [
  'room:7',
  'node 4f2a',
  'user %22ann%22',
  'a.b:c.d',
  'a:>:b',
  'a::b:',
  '::',
  'a[b]?^\\:c',
  '{a}:b',
  'a}b{c',
  '}',
  '100%:%2A:%u002A',
  '$JS.API.>',
  'höhe:日本:🎉',
  'x'.repeat(200),
];

/** Each name behind a title for its test. */
export const named = (names: readonly string[]) => names.map((name) => [name.slice(0, 20), name] as const);

/** Each pattern with names that it stands for, and names that it does not. */
const PATTERNS: [pattern: string, matching: string[], others: string[]][] = [
  ['room:*', ['room:7', 'room:', 'room:a.b', 'room:>', 'room:a[b]', 'room:é%'], ['room', 'rooms:7', 'other:7']],
  ['room:**', ['room:7', 'room:7:8', 'room::'], ['room', 'rooms:7']],
  ['*:7', ['room:7', ':7'], ['7', 'room:8']],
  ['a:*:b', ['a:x:b', 'a::b'], ['a:b', 'a:x:c']],
  ['b?[c]^\\:*', ['b?[c]^\\:x'], ['bxc^\\:x', 'b?c^\\:x', 'b?[c]^:x']],
  ['**', ['room', 'room:7', 'a:b:c'], []],
];

/** One broker for all tests of a contract. */
function shared(start: Start) {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await start();
  });
  afterEach(stopNodes);
  return (prefix?: string) => startNode(broker.connect(prefix));
}

export interface MessagesOptions {
  /** `false` for a broker that knows no patterns, so that `subscribe` rejects. Default `true`. */
  readonly patterns?: boolean;
  /** Starts a broker that refuses subscriptions to the subject `no`. */
  readonly refusing?: Start;
}

/** Tests packets and subscriptions on a broker that is there. */
export function messagesContract(start: Start, { patterns = true, refusing }: MessagesOptions = {}): void {
  const connect = shared(start);

  describe('packets', () => {
    test.each(named(NAMES))('to %j come under its name, to it alone', async (_, name) => {
      const node = await connect();
      await node.backplane.subscribe(name);
      expect(node.backplane.publish(`${name}:other`, Buffer.from('no'))).toBe(true);
      expect(node.backplane.publish(name, Buffer.from('yes'))).toBe(true);
      await settled(node);
      expect(node.seen.packets).toEqual([{ subject: name, packet: Buffer.from('yes'), offset: undefined }]);
    });

    test('are binary, may be empty, and come to the node that publishes too', async () => {
      const node = await connect();
      await node.backplane.subscribe('binary');
      const inside = Buffer.concat([allBytes, allBytes, allBytes]).subarray(256, 512);
      for (const packet of [inside, new Uint8Array(allBytes), Buffer.alloc(0)])
        node.backplane.publish('binary', packet);
      await settled(node);
      const packets = node.seen.packets.map(({ packet }) => packet);
      expect(packets).toEqual([allBytes, allBytes, Buffer.alloc(0)]);
      expect(packets.every((packet) => Buffer.isBuffer(packet))).toBe(true);
    });

    test('keep their order, ten thousand of them, at another node too', async () => {
      const [one, other] = [await connect(), await connect()];
      await one.backplane.subscribe('order');
      await other.backplane.subscribe('order');
      const texts = Array.from({ length: 10_000 }, (_, number) => String(number));
      for (const text of texts) one.backplane.publish('order', Buffer.from(text));
      await until(() => one.seen.packets.length === texts.length && other.seen.packets.length === texts.length);
      expect(one.seen.texts).toEqual(texts);
      expect(other.seen.texts).toEqual(texts);
    });

    test('of another prefix do not come', async () => {
      const [one, other] = [await connect('one'), await connect('one-c')];
      const subject = patterns ? '**' : 'c';
      await one.backplane.subscribe(subject);
      await other.backplane.subscribe(subject);
      one.backplane.publish('c', Buffer.from('1'));
      other.backplane.publish('c', Buffer.from('2'));
      for (const node of [one, other]) await settled(node);
      expect(one.seen.texts).toContain('1');
      expect(other.seen.texts).toContain('2');
      expect(one.seen.texts).not.toContain('2');
      expect(other.seen.texts).not.toContain('1');
    });
  });

  describe('subscriptions', () => {
    test('that were given up bring nothing', async () => {
      const node = await connect();
      await node.backplane.subscribe('a');
      await node.backplane.unsubscribe('a');
      await node.backplane.unsubscribe('never asked for');
      node.backplane.publish('a', Buffer.from('1'));
      await settled(node);
      expect(node.seen.packets).toEqual([]);
    });

    test.each(patterns ? ['a', 'a:*'] : ['a'])(
      'to %s, asked for and given up at once, are as was said last',
      async (subject) => {
        const node = await connect();
        const { backplane, seen } = node;
        const name = subject.replace('*', '1');
        const twice = () => [backplane.subscribe(subject), backplane.unsubscribe(subject)];
        await Promise.all([...twice(), ...twice(), backplane.subscribe(subject)]);
        backplane.publish(name, Buffer.from('1'));
        await settled(node);
        expect(seen.texts).toEqual(['1']);
        await Promise.all([backplane.unsubscribe(subject), ...twice(), ...twice()]);
        backplane.publish(name, Buffer.from('2'));
        await settled(node);
        expect(seen.texts).toEqual(['1']);
      },
    );

    if (!patterns) {
      test('to patterns are rejected', async () => {
        const { backplane } = await connect();
        for (const [pattern] of PATTERNS) await expect(backplane.subscribe(pattern)).rejects.toThrow();
      });
    } else {
      test.each(PATTERNS)('to the pattern %s', async (pattern, matching, others) => {
        const node = await connect();
        await node.backplane.subscribe(pattern);
        for (const name of [...others, ...matching]) node.backplane.publish(name, Buffer.from(name));
        await until(() => node.seen.packets.length >= matching.length);
        await node.backplane.unsubscribe(pattern);
        await settled(node);
        expect(node.seen.subjects).toEqual(matching);
        expect(node.seen.texts).toEqual(matching);
      });

      test('bring a packet once for each that matches', async () => {
        const node = await connect();
        for (const subject of ['room:7', 'room:7', 'room:*', 'room:**']) await node.backplane.subscribe(subject);
        node.backplane.publish('room:7', Buffer.from('x'));
        await settled(node);
        expect(node.seen.subjects).toEqual(['room:7', 'room:7', 'room:7']);
      });
    }

    if (refusing !== undefined) {
      test('that the broker refuses are rejected, and the others hold', async () => {
        const { backplane, seen } = await startNode((await refusing()).connect());
        expect(seen.states).toEqual(['up']);
        await expect(backplane.subscribe('no')).rejects.toThrow();
        await backplane.stop();
        // it is not asked for again
        const again = new Recorder();
        await backplane.start(again);
        expect([again.states, again.refused]).toEqual([['up'], []]);
        await backplane.stop();
        await backplane.subscribe('no');
        const refused = new Recorder();
        await backplane.start(refused);
        expect(refused.states).toEqual(['up']);
        expect(refused.refused).toEqual([['no', expect.any(String)]]);
        await backplane.subscribe('yes');
        backplane.publish('yes', Buffer.from('x'));
        await until(() => refused.texts.includes('x'));
      });
    }
  });

  describe('stop', () => {
    test('may come without start, and twice', async () => {
      const { backplane } = await connect();
      await backplane.stop();
      await backplane.stop();
      expect(backplane.publish('a', Buffer.from('x'))).toBe(false);
    });

    test('lets what was published leave, and is not reported', async () => {
      const [one, other] = [await connect(), await connect()];
      await other.backplane.subscribe('a');
      for (let number = 0; number < 1000; number++) one.backplane.publish('a', Buffer.from(String(number)));
      await one.backplane.stop();
      expect(one.backplane.publish('a', Buffer.from('late'))).toBe(false);
      await until(() => other.seen.packets.length === 1000);
      expect(one.seen).toMatchObject({ states: ['up'], lost: 0 });
    });

    test('may be followed by start, also before it has ended', async () => {
      const { backplane, seen } = await connect();
      await backplane.subscribe('a');
      await backplane.stop();
      const again = new Recorder();
      await backplane.start(again);
      const stopped = backplane.stop();
      const third = new Recorder();
      await backplane.start(third);
      await stopped;
      backplane.publish('a', Buffer.from('x'));
      await until(() => third.packets.length === 1);
      expect([seen.states, again.states, third.states]).toEqual([['up'], ['up'], ['up']]);
      expect([...seen.packets, ...again.packets]).toEqual([]);
    });

    test('may come while the backplane connects for the first time', async () => {
      const { backplane } = await connect();
      await backplane.stop();
      const seen = new Recorder();
      const starting = backplane.start(seen);
      const before = [...seen.states];
      await backplane.stop();
      await starting;
      expect(seen.states).toEqual(before);
    });
  });
}

/**
 * Tests a broker that goes away and comes back. `freezes` is `false` where the broker cannot be frozen. Tests with a frozen broker take
 * seconds, since only after some does a backplane give it up.
 */
export function outagesContract(start: Start, { freezes = true } = {}): void {
  afterEach(stopNodes);

  test('a broker that is killed and comes back has all subscriptions again', async () => {
    const broker = await start();
    const node = await startNode(broker.connect());
    const { backplane, seen } = node;
    for (const subject of ['kept', 'kept:*', 'given up']) await backplane.subscribe(subject);
    await broker.kill();
    await until(() => seen.states.includes('down'));
    expect(backplane.publish('kept', Buffer.from('while away'))).toBe(false);
    for (const subject of ['new', 'new:**']) await backplane.subscribe(subject);
    await backplane.unsubscribe('given up');
    await broker.start();
    await until(() => seen.states.length === 3);
    expect(seen.states).toEqual(['up', 'down', 'up']);
    const subjects = ['given up', 'kept', 'kept:1', 'new', 'new:1:2'];
    for (const subject of subjects) backplane.publish(subject, Buffer.from(subject));
    await until(() => seen.packets.length === 4);
    await settled(node);
    expect(seen.texts).toEqual(subjects.slice(1));
  });

  test('a broker that is not there at first is waited for', async () => {
    const broker = await start();
    await broker.kill();
    const { backplane, seen } = await startNode(broker.connect());
    expect(seen.states).toEqual(['down']);
    await backplane.subscribe('a');
    expect(backplane.publish('a', Buffer.from('x'))).toBe(false);
    await broker.start();
    await until(() => seen.states.length === 2);
    expect(seen.states).toEqual(['down', 'up']);
    backplane.publish('a', Buffer.from('y'));
    await until(() => seen.packets.length === 1);
    expect(seen.texts).toEqual(['y']);
  });

  test('stop may come while no broker is there', async () => {
    const broker = await start();
    await broker.kill();
    const { backplane, seen } = await startNode(broker.connect());
    await backplane.stop();
    expect(seen.states).toEqual(['down']);
  });

  if (!freezes) return;

  test.each([0, 300])(
    'a broker that freezes with %d packets on their way is away, and tells what may be lost',
    async (most) => {
      const broker = await start();
      const node = await startNode(broker.connect());
      await node.backplane.subscribe('a');
      await settled(node);
      await broker.freeze!();
      let published = 0;
      // more than the buffers of the system take
      const packet = Buffer.alloc(100_000);
      await until(() => {
        if (published < most && node.backplane.publish('b', packet)) published++;
        return node.seen.states.includes('down');
      });
      expect(node.backplane.publish('b', packet)).toBe(false);
      await until(() => node.seen.lost >= published);
      // the answer to what came just before may be missing too
      expect(node.seen.lost).toBeLessThanOrEqual(published + 1);
      broker.resume!();
      await until(() => node.seen.states.length === 3);
      await settled(node);
      expect(node.seen.states).toEqual(['up', 'down', 'up']);
    },
  );

  test('stop may come while the backplane connects to a frozen broker', async () => {
    const broker = await start();
    await broker.freeze!();
    const seen = new Recorder();
    const backplane = broker.connect();
    const starting = backplane.start(seen);
    await backplane.stop();
    await starting;
    expect(seen.states).toEqual([]);
  });

  test('stop may come while the broker is frozen', async () => {
    const broker = await start();
    const { backplane, seen } = await startNode(broker.connect());
    await broker.freeze!();
    backplane.publish('a', Buffer.from('x'));
    await backplane.stop();
    await until(() => seen.lost === 1);
    expect(seen.states).toEqual(['up']);
  });
}

const RETENTION: HistoryOptions = { size: 2000, ttlSeconds: 3600 };
const AWAY = { retry: true };

let channels = 0;

/** The name of a channel that no other test uses. */
export const newChannel = (): string => `channel:${++channels}`;

export async function textsAfter(
  history: BackplaneHistory,
  subject: string,
  since: string,
  retention = RETENTION,
): Promise<string[] | undefined> {
  return (await history.after(subject, since, retention))?.map(({ packet }) => packet.toString());
}

/** Tests the history of a backplane. `outages` is `false` where the broker cannot be killed, and `freezes` where it cannot be frozen. */
export function historyContract(start: Start, { outages = true, freezes = true } = {}): void {
  const connectNode = shared(start);

  async function connect() {
    const { backplane, seen } = await connectNode();
    const history = backplane.history!;
    let number = 0;
    const append = (subject: string, text: string, retention = RETENTION) =>
      history.append(subject, Buffer.from(text), { node: `node of ${subject}`, number: ++number }, retention);
    return { backplane, seen, history, append };
  }

  test('what was appended after an offset is kept, in order, and comes to subscribers with the same offsets', async () => {
    const [one, other] = [await connect(), await connect()];
    const room = newChannel();
    await other.backplane.subscribe(room);
    const beginning = await one.history.last(room, RETENTION);
    expect(beginning).toMatch(/^\d{1,20}-\d{1,20}$/);
    expect(await one.history.last(room, RETENTION)).toBe(beginning);
    expect(await textsAfter(one.history, room, beginning)).toEqual([]);
    for (const text of ['a', 'b', 'c']) await one.append(room, text);
    const kept = (await other.history.after(room, beginning, RETENTION))!;
    expect(kept.map(({ packet }) => packet.toString())).toEqual(['a', 'b', 'c']);
    await until(() => other.seen.packets.length === 3);
    expect(other.seen.packets).toEqual(kept.map((packet) => ({ subject: room, ...packet })));
    expect(await textsAfter(other.history, room, kept[1]!.offset)).toEqual(['c']);
    expect(await textsAfter(other.history, room, kept[2]!.offset)).toEqual([]);
    expect(await other.history.last(room, RETENTION)).toBe(kept[2]!.offset);
  });

  test.each(named(NAMES))('the channel %j has a history of its own', async (_, name) => {
    const { backplane, history, append, seen } = await connect();
    await backplane.subscribe(name);
    const beginning = await history.last(name, RETENTION);
    await append(`${name}:other`, 'y');
    await append(name, 'x');
    expect(await textsAfter(history, name, beginning)).toEqual(['x']);
    await until(() => seen.packets.length === 1);
    expect(seen.packets[0]).toMatchObject({ subject: name, offset: await history.last(name, RETENTION) });
  });

  test('packets are binary, may be empty, and mix with those that are not kept', async () => {
    const { backplane, history, seen } = await connect();
    const room = newChannel();
    await backplane.subscribe(room);
    const beginning = await history.last(room, RETENTION);
    await history.append(room, new Uint8Array(allBytes), { node: room, number: 1 }, RETENTION);
    backplane.publish(room, allBytes);
    await history.append(room, Buffer.alloc(0), { node: room, number: 2 }, RETENTION);
    const kept = (await history.after(room, beginning, RETENTION))!;
    expect(kept.map(({ packet }) => packet)).toEqual([allBytes, Buffer.alloc(0)]);
    expect(kept.every(({ packet }) => Buffer.isBuffer(packet))).toBe(true);
    await until(() => seen.packets.length === 3);
    const plain = { subject: room, packet: allBytes, offset: undefined };
    expect(seen.packets).toContainEqual(plain);
    expect(seen.packets.filter(({ offset }) => offset !== undefined)).toEqual(
      kept.map((packet) => ({ subject: room, ...packet })),
    );
  });

  test('a thousand packets that are on their way at once keep their order', async () => {
    const { backplane, history, seen } = await connect();
    const [room, other] = [newChannel(), newChannel()];
    await backplane.subscribe(room);
    const beginning = await history.last(room, RETENTION);
    const expected = Array.from({ length: 1000 }, (_, index) => String(index + 1));
    await Promise.all(
      expected.flatMap((text) => [
        history.append(room, Buffer.from(text), { node: room, number: Number(text) }, RETENTION),
        history.append(other, Buffer.from('other'), { node: other, number: Number(text) }, RETENTION),
      ]),
    );
    const kept = (await history.after(room, beginning, RETENTION))!;
    expect(kept.map(({ packet }) => packet.toString())).toEqual(expected);
    await until(() => seen.packets.length === expected.length);
    expect(seen.texts).toEqual(expected);
    expect(seen.packets.map(({ offset }) => offset)).toEqual(kept.map(({ offset }) => offset));
    for (const at of [0, 7, 8, 9, 500, 990, 998, 999]) {
      expect(await textsAfter(history, room, kept[at]!.offset)).toEqual(expected.slice(at + 1));
    }
  });

  test('a packet that is appended again is there once', async () => {
    const { backplane, history, seen } = await connect();
    const room = newChannel();
    await backplane.subscribe(room);
    const beginning = await history.last(room, RETENTION);
    for (const number of [1, 2, 1, 2, 3]) {
      await history.append(room, Buffer.from(`${number}`), { node: room, number }, RETENTION);
    }
    await history.append(room, Buffer.from('other'), { node: `other ${room}`, number: 1 }, RETENTION);
    expect(await textsAfter(history, room, beginning)).toEqual(['1', '2', '3', 'other']);
    await until(() => seen.packets.length === 4);
  });

  test('only the latest packets are kept', async () => {
    const retention = { size: 3, ttlSeconds: 3600 };
    const { history, append } = await connect();
    const room = newChannel();
    const offsets = [await history.last(room, retention)];
    for (const text of ['1', '2', '3']) {
      await append(room, text, retention);
      offsets.push(await history.last(room, retention));
    }
    expect(await textsAfter(history, room, offsets[0]!, retention)).toEqual(['1', '2', '3']);
    await append(room, '4', retention);
    expect(await textsAfter(history, room, offsets[0]!, retention)).toBeUndefined();
    expect(await textsAfter(history, room, offsets[1]!, retention)).toEqual(['2', '3', '4']);
    await append(room, '5', retention);
    expect(await textsAfter(history, room, offsets[1]!, retention)).toBeUndefined();
    expect(await textsAfter(history, room, offsets[2]!, retention)).toEqual(['3', '4', '5']);
  });

  test('packets are kept only for so long', async () => {
    const retention = { size: 10, ttlSeconds: 0.5 };
    const { history, append } = await connect();
    const room = newChannel();
    const beginning = await history.last(room, retention);
    await append(room, '1', retention);
    await until(async () => (await history.after(room, beginning, retention)) === undefined);
  });

  test('an offset of another epoch, or that was never given, finds nothing', async () => {
    const { history, append } = await connect();
    const room = newChannel();
    const beginning = await history.last(room, RETENTION);
    await append(room, 'x');
    const [epoch, n] = beginning.split('-').map(Number) as [number, number];
    for (const since of ['0-0', `${epoch + 1}-${n}`, `${epoch}-${n + 1000}`, `${'9'.repeat(20)}-${n}`]) {
      expect(await history.after(room, since, RETENTION)).toBeUndefined();
    }
    expect(await textsAfter(history, room, beginning)).toEqual(['x']);
  });

  test('packets are read in pieces of about the bytes that are asked for, at least one, in order', async () => {
    const { history, append } = await connect();
    const [room, other] = [newChannel(), newChannel()];
    const beginning = await history.last(room, RETENTION);
    const small = Array.from({ length: 1000 }, (_, at) => (at === 500 ? 50_000 : 3));
    const lengths = [10, 20, 100_000, 5, 5, 300_000, 1, ...small];
    for (let at = 0; at < lengths.length; at += 100) {
      const some = lengths.slice(at, at + 100);
      await Promise.all(some.flatMap((length) => [append(room, 'x'.repeat(length)), append(other, 'y'.repeat(1000))]));
    }
    const pieces: number[][] = [];
    for (let since = beginning; ;) {
      const piece = (await history.after(room, since, RETENTION, 1000))!;
      if (piece.length === 0) break;
      pieces.push(piece.map(({ packet }) => packet.length));
      since = piece.at(-1)!.offset;
    }
    expect(pieces.flat()).toEqual(lengths);
    expect(pieces.slice(0, 2)).toEqual([
      [10, 20, 100_000],
      [5, 5, 300_000],
    ]);
    // some bytes more than were asked for are allowed
    for (const piece of pieces) expect(piece.filter((length) => length < 50).length).toBeLessThan(400);
    expect(await textsAfter(history, room, beginning)).toHaveLength(lengths.length);
  });

  if (!outages) return;

  test('while the broker is away all calls reject, to be made again; what was kept is there when it is back', async () => {
    const broker = await start();
    const backplane = broker.connect();
    const history = backplane.history!;
    await expect(history.last('never started', RETENTION)).rejects.toMatchObject(AWAY);
    const { seen } = await startNode(backplane);
    const room = newChannel();
    const beginning = await history.last(room, RETENTION);
    const ids = Array.from({ length: 500 }, (_, index) => ({ node: 'n', number: index + 1 }));
    const append = (id: (typeof ids)[number]) => history.append(room, Buffer.from(`${id.number}`), id, RETENTION);
    await Promise.all(ids.slice(0, 200).map(append));
    const onTheirWay = Promise.allSettled(ids.slice(200).map(append));
    await broker.kill();
    for (const outcome of await onTheirWay) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(AWAY);
    }
    await until(() => seen.states.includes('down'));
    await expect(append(ids[0]!)).rejects.toMatchObject(AWAY);
    await expect(history.last(room, RETENTION)).rejects.toMatchObject(AWAY);
    await expect(history.after(room, beginning, RETENTION)).rejects.toMatchObject(AWAY);
    await broker.start();
    await until(() => seen.states.length === 3);
    for (const id of ids) await append(id);
    expect(await textsAfter(history, room, beginning)).toEqual(ids.map(({ number }) => String(number)));
  });

  if (!freezes) return;

  test('while the broker is frozen all calls reject, to be made again', async () => {
    const broker = await start();
    const { backplane } = await startNode(broker.connect());
    const history = backplane.history!;
    const append = (number: number) => history.append('a', Buffer.from('x'), { node: 'n', number }, RETENTION);
    await append(1);
    const offset = await history.last('a', RETENTION);
    await broker.freeze!();
    await Promise.all([
      expect(append(2)).rejects.toMatchObject(AWAY),
      expect(history.last('a', RETENTION)).rejects.toMatchObject(AWAY),
      expect(history.after('a', offset, RETENTION)).rejects.toMatchObject(AWAY),
    ]);
    broker.resume!();
  });
}
