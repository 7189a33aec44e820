import type { Gap } from '../../src';
import { pass, Process, settled, type Peer } from '../support/channel-app';
import { deferred } from '../support/engine';
import { MemoryBus } from '../support/memory-bus';

const history = { 'log:*': { size: 3, ttlSeconds: 60 } };
const parsed = async (peer: Peer) => (await peer.received()).map((text) => JSON.parse(String(text)) as unknown);
const message = (n: number): string => JSON.stringify({ n });

/** One process with its own memory, or two on a bus. */
const kinds = [
  ['in memory', async () => [await Process.start({ history })]],
  [
    'on a backplane',
    async () => {
      const bus = new MemoryBus();
      return [
        await Process.start({ history, backplane: bus.connect() }),
        await Process.start({ history, backplane: bus.connect() }),
      ];
    },
  ],
] as [string, () => Promise<Process[]>][];

describe.each(kinds)('a channel with history %s', (_name, start) => {
  test('gives each message an offset, from which one goes on', async () => {
    const [a, b = a] = (await start()) as [Process, Process?];
    const peer = await a.connect();
    const { offset } = await peer.subscribe('log:1');
    for (const n of [1, 2]) b.channels.publish('log:1', message(n));
    await settled();
    const [first, second] = (await parsed(peer)) as { n: number; offset: string }[];
    expect([first!.n, second!.n]).toEqual([1, 2]);
    await peer.client.close();
    for (const n of [3, 4]) a.channels.publish('log:1', message(n));
    await settled();
    const again = await b.connect();
    await again.subscribe('log:1', { since: first!.offset });
    b.channels.publish('log:1', message(5));
    expect(await parsed(again)).toMatchObject([{ n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }]);
    const fromBefore = await b.connect();
    await expect(fromBefore.subscribe('log:1', { since: offset })).rejects.toMatchObject({ code: 'history_lost' });
    expect(await a.channels.subscribers('log:1')).toBe(1);
  });

  test('goes on for those who ask for what is not kept', async () => {
    const [a] = (await start()) as [Process];
    const peer = await a.connect();
    await peer.subscribe('log:1', { data: 'before' });
    const asked = peer.subscribe('log:1', { data: 'after', since: '1-1' });
    a.channels.publish('log:1', message(1));
    await expect(asked).rejects.toMatchObject({ code: 'history_lost' });
    a.channels.publish('log:1', message(2));
    expect(await parsed(peer)).toMatchObject([{ n: 1 }, { n: 2 }]);
    expect(await a.channels.presence('log:1')).toMatchObject([{ data: 'before' }]);
  });

  test('sends nothing twice to those who come with the latest offset', async () => {
    const [a] = (await start()) as [Process];
    const peer = await a.connect();
    const { offset } = await peer.subscribe('log:1');
    const { offset: same } = await peer.subscribe('log:1', { since: offset });
    expect(same).toBe(offset);
    a.channels.publish('log:1', message(1));
    expect(await parsed(peer)).toMatchObject([{ n: 1 }]);
  });

  test('leaves its sender out, and bytes and other text as they are', async () => {
    const [a] = (await start()) as [Process];
    const [one, two] = [await a.connect(), await a.connect()];
    await one.subscribe('log:1');
    await two.subscribe('log:1');
    await two.subscribePattern('log:*');
    await one.publish('log:1', 'no JSON');
    a.channels.publish('log:1', Uint8Array.of(1, 2));
    a.channels.publish('log:1', '[1]');
    expect(await two.received()).toEqual(['no JSON', Buffer.of(1, 2), '[1]']);
    expect(await one.received()).toEqual([Buffer.of(1, 2), '[1]']);
  });

  test.each(['', 'x', '1', '1-', '-1', '1-1-1', '1-99999999999999999999', `${'9'.repeat(5000)}-1`])(
    'refuses the offset %p',
    async (since) => {
      const [a] = (await start()) as [Process];
      const peer = await a.connect();
      await peer.subscribe('log:1');
      await expect(peer.subscribe('log:1', { since })).rejects.toMatchObject({ code: 'history_lost' });
      await expect(peer.subscribe('plain', { since })).rejects.toMatchObject({ code: 'history_lost' });
      await expect(peer.call('subscribe', 'log:1', { since: 5 })).rejects.toMatchObject({
        name: 'TypeError',
        code: 'validation_failed',
      });
    },
  );
});

test('messages grow too old', async () => {
  const a = await Process.start({ history });
  const peer = await a.connect();
  const { offset } = await peer.subscribe('log:1');
  a.channels.publish('log:1', message(1));
  await pass(61_000, a);
  await expect(peer.subscribe('log:1', { since: offset })).rejects.toMatchObject({ code: 'history_lost' });
});

test('those who subscribe to several patterns get a message once', async () => {
  const a = await Process.start({
    history: { 'log:**': { size: 3, ttlSeconds: 60 } },
    backplane: new MemoryBus().connect(),
  });
  const [one, two] = [await a.connect(), await a.connect()];
  await one.subscribePattern('log:*');
  await two.subscribePattern('log:**');
  await two.subscribePattern('**');
  a.channels.publish('log:1', 'once');
  expect([await one.received(), await two.received()]).toEqual([['once'], ['once']]);
});

describe('while the backplane is away, a channel with history', () => {
  async function two() {
    const bus = new MemoryBus();
    const gaps: Gap[] = [];
    const observers = [{ backplaneGap: (gap: Gap) => void gaps.push(gap) }];
    const [toA, toB] = [bus.connect(), bus.connect()];
    const a = await Process.start({ history, backplane: toA, observers });
    const b = await Process.start({ history, backplane: toB, observers });
    return { bus, gaps, a, b, toA, toB };
  }

  test('keeps its messages, and delivers all of them when it is back, in one order', async () => {
    const { bus, a, b, gaps } = await two();
    const [onA, onB] = [await a.connect(), await b.connect()];
    await onA.subscribe('log:1');
    await onB.subscribe('log:1');
    bus.goDown();
    expect(a.channels.publish('log:1', message(1))).toEqual({ local: 0, others: 'kept' });
    b.channels.publish('log:1', message(2));
    bus.comeUp();
    a.channels.publish('log:1', message(3));
    await pass(500, a, b);
    const got = await parsed(onA);
    expect(got).toHaveLength(3);
    expect(await parsed(onB)).toEqual(got);
    expect(gaps).toMatchObject([
      { lost: 0, unrecovered: [] },
      { lost: 0, unrecovered: [] },
    ]);
  });

  test('gets what it missed, as long as that is kept', async () => {
    const { a, b, toB, gaps } = await two();
    const onB = await b.connect();
    await onB.subscribe('log:1');
    await onB.subscribe('log:2');
    a.channels.publish('log:2', message(0));
    expect(await parsed(onB)).toMatchObject([{ n: 0 }]);
    toB.cut();
    for (const n of [1, 2, 3]) a.channels.publish('log:1', message(n));
    for (const n of [1, 2, 3, 4]) a.channels.publish('log:2', message(n));
    await settled();
    toB.restore();
    a.channels.publish('log:1', message(4));
    a.channels.publish('log:2', message(5));
    await pass(200, a, b);
    const got = (await parsed(onB)) as { n: number; offset: string }[];
    const byChannel = got.map(({ n }) => n);
    expect(byChannel.filter((n) => n <= 4).sort()).toEqual([1, 2, 3, 4]);
    expect(byChannel).toContain(5);
    expect(gaps).toMatchObject([{ unrecovered: ['log:2'] }]);
  });

  test('is named when something is gone, also where another must be asked for twice', async () => {
    const { a, b, toB, gaps } = await two();
    const onB = await b.connect();
    for (const name of ['log:1', 'log:2']) await onB.subscribe(name);
    toB.cut();
    for (let n = 1; n <= 4; n++) a.channels.publish('log:2', message(n));
    await settled();
    toB.onAfter = (subject) => {
      if (subject !== 'log:1') return;
      toB.onAfter = () => undefined;
      throw Object.assign(new Error('busy'), { retry: true });
    };
    toB.restore();
    await pass(1000, a, b);
    expect(gaps).toMatchObject([{ unrecovered: ['log:2'] }]);
  });

  test('is named after the outage in which it is found out, when there were two', async () => {
    const { a, b, toB, gaps } = await two();
    const onB = await b.connect();
    await onB.subscribe('log:1');
    toB.cut();
    for (let n = 1; n <= 4; n++) a.channels.publish('log:1', message(n));
    await settled();
    toB.restore();
    toB.cut();
    await settled();
    expect(gaps).toEqual([]);
    toB.restore();
    await pass(500, a, b);
    expect(gaps).toMatchObject([{ unrecovered: ['log:1'] }]);
  });

  test('brings to those who have come meanwhile nothing of before', async () => {
    const { a, b, toB } = await two();
    const [gone, come] = [await b.connect(), await b.connect()];
    await gone.subscribe('log:1');
    toB.cut();
    for (const n of [1, 2]) a.channels.publish('log:1', message(n));
    await settled();
    const answered = deferred();
    const { after } = toB.history;
    toB.history.after = (subject, since) => answered.promise.then(() => after(subject, since));
    toB.restore();
    await gone.unsubscribe('log:1');
    const place = await come.subscribe('log:1');
    answered.resolve();
    await pass(500, a, b);
    expect([place, await come.received()]).toEqual([{ offset: '1-2' }, []]);
    a.channels.publish('log:1', message(3));
    expect(await parsed(come)).toMatchObject([{ n: 3 }]);
  });

  test('waits on when the backplane goes away again in the middle', async () => {
    const { a, b, toB } = await two();
    const onB = await b.connect();
    await onB.subscribe('log:1');
    toB.cut();
    const answered = deferred();
    const { after } = toB.history;
    toB.history.after = async (subject, since) => {
      const missed = await after(subject, since);
      await answered.promise;
      return missed;
    };
    toB.restore();
    toB.cut();
    toB.history.after = after;
    answered.resolve();
    await settled();
    for (const n of [1, 2]) a.channels.publish('log:1', message(n));
    await settled();
    toB.restore();
    await pass(500, a, b);
    expect(await parsed(onB)).toMatchObject([{ n: 1 }, { n: 2 }]);
  });

  test('delivers to those who have come meanwhile what is said here meanwhile', async () => {
    const { bus, a, b, toA, gaps } = await two();
    bus.goDown();
    const peer = await a.connect();
    await peer.subscribe('log:1');
    for (const n of [1, 2]) a.channels.publish('log:1', message(n));
    // the messages are back before it is known which is the latest
    const { last } = toA.history;
    toA.history.last = async (subject) => {
      const latest = await last(subject);
      await settled();
      return latest;
    };
    bus.comeUp();
    await pass(500, a, b);
    expect(await parsed(peer)).toMatchObject([{ n: 1 }, { n: 2 }]);
    expect(gaps).toContainEqual(expect.objectContaining({ unrecovered: ['log:1'] }));
  });

  test('says that it cannot tell what was missed', async () => {
    const { bus, a, gaps } = await two();
    const peer = await a.connect();
    const { offset } = await peer.subscribe('log:1');
    bus.goDown();
    const other = await a.connect();
    await expect(other.subscribe('log:1', { since: offset })).rejects.toMatchObject({ code: 'unavailable' });
    await other.subscribe('log:1');
    await other.subscribe('log:3');
    bus.comeUp();
    a.channels.publish('log:3', message(1));
    await pass(200, a);
    expect(await parsed(other)).toMatchObject([{ n: 1 }]);
    // somebody may have published there before we knew where it stood
    expect(gaps.at(-1)).toMatchObject({ unrecovered: ['log:3'] });
  });
});

test('a process that ends waits for what is on its way', async () => {
  const bus = new MemoryBus();
  const [a, b] = [
    await Process.start({ history, backplane: bus.connect() }),
    await Process.start({ history, backplane: bus.connect() }),
  ];
  const peer = await b.connect();
  await peer.subscribe('log:1');
  a.channels.publish('log:1', message(1));
  await a.app.close();
  expect(await parsed(peer)).toMatchObject([{ n: 1 }]);
});

test('history needs a backplane that can keep messages', async () => {
  const backplane = { publish: () => true } as never;
  await expect(Process.start({ history, backplane })).rejects.toThrow('the option history needs a backplane');
});
