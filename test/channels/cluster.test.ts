import type { Gap } from '../../src';
import { pass, Process, settled, type Peer } from '../support/channel-app';
import { MemoryBus, type BusBackplane } from '../support/memory-bus';

const texts = async (peer: Peer): Promise<string[]> => (await peer.received()).map(String);

/** Some processes of one application, and how each reaches the bus. */
async function cluster(count: number, options: Parameters<typeof Process.start>[0] = {}) {
  const bus = new MemoryBus();
  const ways: BusBackplane[] = [];
  const gaps: Gap[] = [];
  const processes: Process[] = [];
  for (let index = 0; index < count; index++) {
    const backplane = bus.connect();
    ways.push(backplane);
    const observers = [{ backplaneGap: (gap: Gap) => void gaps.push(gap) }];
    processes.push(await Process.start({ backplane, observers, ...options }));
  }
  await settled();
  const [a, b, c] = processes as [Process, Process, Process];
  return { bus, ways, gaps, processes, a, b, c };
}

describe('messages', () => {
  test('reach the subscribers of all processes, once each', async () => {
    const { a, b, c } = await cluster(3);
    const [onA, onB, other] = [await a.connect(), await b.connect(), await c.connect()];
    await onA.subscribe('room:7');
    await onB.subscribe('room:7');
    await onB.subscribePattern('room:*');
    await other.subscribe('room:8');
    expect(a.channels.publish('room:7', 'from process a')).toEqual({ local: 1, others: 'sent' });
    await onB.publish('room:7', 'from a client of b');
    c.channels.publish('room:7', Buffer.from('from c'));
    expect((await texts(onA)).sort()).toEqual(['from a client of b', 'from c', 'from process a']);
    expect((await texts(onB)).sort()).toEqual(['from c', 'from process a']);
    expect(await texts(other)).toEqual([]);
  });

  test('of this process alone stay here', async () => {
    const { a, b } = await cluster(2);
    const [onA, onB] = [await a.connect(), await b.connect()];
    await onA.subscribe('room:7');
    await onB.subscribe('room:7');
    expect(a.channels.publish('room:7', 'here', { local: true })).toEqual({ local: 1, others: 'none' });
    expect([await texts(onA), await texts(onB)]).toEqual([['here'], []]);
  });

  test('that are larger than the broker takes stay here, as who publishes is told; the log tells it once', async () => {
    const { a, b, ways } = await cluster(2, { history: { 'log:*': { size: 3, ttlSeconds: 60 } } });
    const [here, there] = [await a.connect(), await b.connect()];
    for (const peer of [here, there]) for (const name of ['room:7', 'log:1']) await peer.subscribe(name);
    ways[0]!.maxPacketBytes = 100;
    ways[0]!.history.maxPacketBytes = 100;
    const large = 'x'.repeat(100);
    expect(a.channels.publish('room:7', large)).toEqual({ local: 1, others: 'too_large' });
    expect(a.channels.publish('log:1', large)).toEqual({ local: 1, others: 'too_large' });
    expect(a.channels.toUser('ann').publish(large)).toEqual({ local: 0, others: 'too_large' });
    await here.publish('room:7', large);
    expect(a.channels.publish('room:7', 'small')).toEqual({ local: 1, others: 'sent' });
    expect(await texts(here)).toEqual([large, large, 'small']);
    expect(await texts(there)).toEqual(['small']);
    expect(a.log.errors.map(String)).toEqual([
      'Error: a message to room:7 is larger than the broker takes: it stays in this process',
    ]);
  });

  test('keep the order of each publisher', async () => {
    const { a, b } = await cluster(2);
    const peer = await b.connect();
    await peer.subscribe('room:7');
    const sent = Array.from({ length: 500 }, (_, index) => String(index));
    for (const text of sent) a.channels.publish('room:7', text);
    await settled();
    expect(await texts(peer)).toEqual(sent);
  });

  test('are asked of the backplane only where somebody wants them', async () => {
    const { a, ways } = await cluster(1);
    const own = new Set(ways[0]!.subjects);
    const added = (): string[] => [...ways[0]!.subjects].filter((subject) => !own.has(subject));
    const [one, two] = [await a.connect(), await a.connect()];
    await one.subscribe('room:7');
    await two.subscribe('room:7');
    await two.subscribePattern('room:*');
    expect(added()).toEqual(['room:7', 'room:*']);
    await one.client.close();
    await two.unsubscribePattern('room:*');
    expect(added()).toEqual(['room:7']);
    await two.client.close();
    await settled();
    expect(added()).toEqual([]);
  });

  test('of a user whose subscription the broker refuses are reported as missing', async () => {
    const { a, ways } = await cluster(1);
    ways[0]!.refused.add('user %22ann%22');
    await a.connect('?user=ann');
    await settled();
    expect(a.log.lines).toEqual(['error the backplane failed']);
    expect(a.channels.toUser('ann').publish('here').local).toBe(1);
  });

  test('a subscription that the broker refuses is refused', async () => {
    const { a, ways } = await cluster(1);
    ways[0]!.refused.add('secret');
    const peer = await a.connect();
    await expect(peer.subscribe('secret')).rejects.toThrow('no permission');
    expect(await a.channels.subscribers('secret')).toBe(0);
  });
});

describe('all processes together', () => {
  test('count subscribers and list members', async () => {
    const { a, b, c } = await cluster(3);
    const [onA, onB, alsoB] = [await a.connect(), await b.connect(), await b.connect()];
    await onA.subscribe('room:7', { data: 'ann' });
    await onB.subscribe('room:7', { data: 'bob' });
    await alsoB.subscribe('room:7', { data: { name: 'cid' } });
    expect(await c.channels.subscribers('room:7')).toBe(3);
    const data = (await c.channels.presence('room:7')).map((member) => JSON.stringify(member.data));
    expect(data.sort()).toEqual(['"ann"', '"bob"', '{"name":"cid"}']);
  });

  test('find a user, and close all of their connections', async () => {
    const { a, b, c } = await cluster(3);
    const [onA, onB] = [await a.connect('?user=ann'), await b.connect('?user=ann')];
    const other = await b.connect('?user=bob');
    const ann = c.channels.toUser('ann');
    expect(ann.publish('hello')).toEqual({ local: 0, others: 'sent' });
    expect([await texts(onA), await texts(onB), await texts(other)]).toEqual([['hello'], ['hello'], []]);
    expect(await ann.count()).toBe(2);
    ann.disconnect(4003, 'banned');
    expect(await onA.client.closed).toMatchObject({ code: 4003, reason: 'banned' });
    expect(await onB.client.closed).toMatchObject({ code: 4003, reason: 'banned' });
    await settled();
    expect(b.app.connections.size).toBe(1);
  });

  test('a process that dies is forgotten, with its members, within five seconds', async () => {
    const { a, b, c, ways } = await cluster(3);
    const onB = await b.connect();
    await onB.subscribe('room:7', { data: 'bob' });
    const events: string[] = [];
    const watch = await a.channels.watch('room:7', {
      join: ({ data }) => events.push(`join ${String(data)}`),
      leave: ({ data }) => events.push(`leave ${String(data)}`),
    });
    expect(watch.members).toMatchObject([{ data: 'bob' }]);
    await (await c.connect()).subscribe('room:7', { data: 'cid' });
    await settled();
    ways[1]!.die();
    const counting = a.channels.subscribers('room:7');
    await pass(5000, a, c);
    expect(await counting).toBe(1);
    expect(events).toEqual(['join cid', 'leave bob']);
    // nobody waits for it any more
    expect(await a.channels.subscribers('room:7')).toBe(1);
  });

  test('a process that comes later tells those who watch of its members', async () => {
    const { a, bus } = await cluster(1);
    const joined: unknown[] = [];
    await a.channels.watch('room:7', { join: ({ data }) => joined.push(data) });
    const later = await Process.start({ backplane: bus.connect() });
    await (await later.connect()).subscribe('room:7', { data: 'late' });
    await settled();
    expect(joined).toEqual(['late']);
  });

  test('a watch that begins while another process is cut off hears of it later', async () => {
    const { a, b, ways } = await cluster(2);
    await pass(1000, a, b);
    ways[1]!.cut();
    const joined: unknown[] = [];
    const watching = a.channels.watch('room:7', { join: ({ data }) => joined.push(data) });
    await pass(1100, a, b);
    const watch = await watching;
    ways[1]!.restore();
    await pass(1000, a, b);
    await (await b.connect()).subscribe('room:7', { data: 'bob' });
    await settled();
    expect(joined).toEqual(['bob']);
    // and one that ends is ended there, too
    ways[1]!.cut();
    watch.stop();
    await settled();
    ways[1]!.restore();
    await pass(1000, a, b);
    const before = ways[1]!.published;
    await (await b.connect()).subscribe('room:7', { data: 'eve' });
    expect(ways[1]!.published).toBe(before);
  });

  test('data that is no JSON is refused, and what becomes that later is reported', async () => {
    const { a, b } = await cluster(2);
    await a.connect();
    const [connection] = a.app.connections;
    await expect(connection!.subscribe('room:7', { data: { id: 1n } })).rejects.toThrow(TypeError);
    expect(await a.channels.subscribers('room:7')).toBe(0);
    const data: { self?: unknown } = {};
    await connection!.subscribe('room:7', { data });
    data.self = data;
    const asked = b.channels.presence('room:7');
    await pass(1100, a, b);
    expect(await asked).toEqual([]);
    expect(a.log.lines).toEqual(['error the backplane failed']);
  });

  test('a process that stops takes its members with it at once', async () => {
    const { a, b } = await cluster(2);
    const left: unknown[] = [];
    await (await b.connect()).subscribe('room:7', { data: 'bob' });
    await a.channels.watch('room:7', { leave: ({ data }) => left.push(data) });
    await b.app.close();
    await settled();
    expect(left).toEqual(['bob']);
    expect(await a.channels.presence('room:7')).toEqual([]);
  });
});

describe('while the backplane is away', () => {
  test('delivery goes on here; what is kept follows, and the gap is reported', async () => {
    const { a, b, bus, gaps } = await cluster(2);
    const [onA, onB] = [await a.connect(), await b.connect()];
    await onA.subscribe('room:7');
    await onB.subscribe('room:7');
    bus.goDown();
    expect(a.channels.publish('room:7', 'in the dark')).toEqual({ local: 1, others: 'kept' });
    const late = await b.connect();
    await late.subscribe('room:7');
    expect(await a.channels.subscribers('room:7')).toBe(1);
    await pass(4000, a, b);
    bus.comeUp();
    await pass(500, a, b);
    expect(a.channels.publish('room:7', 'after it')).toEqual({ local: 1, others: 'kept' });
    await pass(600, a, b);
    expect(a.channels.publish('room:7', 'as before')).toEqual({ local: 1, others: 'sent' });
    const all = ['in the dark', 'after it', 'as before'];
    expect([await texts(onA), await texts(onB), await texts(late)]).toEqual([all, all, all]);
    expect(gaps).toHaveLength(2);
    expect(gaps[0]!.lost).toBe(0);
    expect(gaps[0]!.ms).toBeGreaterThanOrEqual(4000);
    expect(gaps[0]!.ms).toBeLessThan(6500);
    expect(gaps[0]!.since.getTime()).toBeLessThan(Date.now());
    const lines = ['warn the backplane cannot be reached: channels go on in this process alone'];
    lines.push('warn the backplane is back: messages between processes may have been missed');
    expect(a.log.lines).toEqual(lines);
    expect(await a.channels.subscribers('room:7')).toBe(3);
  });

  test('what there is no room for is lost, and counted', async () => {
    const { a, bus, gaps, ways } = await cluster(1);
    ways[0]!.lose(3);
    bus.goDown();
    const mebibyte = Buffer.alloc(1024 * 1024);
    const outcomes = Array.from({ length: 9 }, () => a.channels.publish('room:7', mebibyte).others);
    expect(outcomes).toEqual([...Array<string>(7).fill('kept'), 'lost', 'lost']);
    bus.comeUp();
    await settled();
    expect(gaps).toMatchObject([{ lost: 5, unrecovered: [] }]);
  });

  test('what the broker refuses is told without one', async () => {
    const { a, ways, gaps } = await cluster(1);
    ways[0]!.lose(2);
    ways[0]!.lose(1);
    await pass(300, a);
    expect(a.log.errors.map(String)).toEqual(['Error: the broker did not take 3 messages to other processes']);
    expect(gaps).toEqual([]);
  });

  test('what the broker said to what is lost, or to a subscription, is in the log', async () => {
    const { a, ways } = await cluster(1);
    const noperm = new Error('NOPERM');
    ways[0]!.lose(1, noperm);
    ways[0]!.refuse('room:7', noperm);
    await pass(300, a);
    expect(a.log.errors).toMatchObject([
      { message: 'the broker refuses the subscription to room:7', cause: noperm },
      { message: 'the broker did not take 1 messages to other processes', cause: noperm },
    ]);
  });

  test('nobody is taken for dead, and presence is right again after it', async () => {
    const { a, b, bus } = await cluster(2);
    const onB = await b.connect();
    await onB.subscribe('room:7', { data: 'bob' });
    const events: string[] = [];
    await a.channels.watch('room:7', {
      join: ({ data }) => events.push(`join ${String(data)}`),
      leave: ({ data }) => events.push(`leave ${String(data)}`),
    });
    bus.goDown();
    await (await b.connect()).subscribe('room:7', { data: 'eve' });
    await onB.client.close();
    await pass(10_000, a, b);
    expect(events).toEqual([]);
    bus.comeUp();
    await pass(2000, a, b);
    expect(events.sort()).toEqual(['join eve', 'leave bob']);
  });

  test('a process starts, and finds the others later', async () => {
    const bus = new MemoryBus();
    bus.goDown();
    const a = await Process.start({ backplane: bus.connect() });
    const b = await Process.start({ backplane: bus.connect() });
    const peer = await a.connect();
    await peer.subscribe('room:7');
    bus.comeUp();
    await pass(100, a, b);
    b.channels.publish('room:7', 'hello');
    expect(await texts(peer)).toEqual(['hello']);
  });

  test('providers are told of the gap', async () => {
    const bus = new MemoryBus();
    const told: Gap[] = [];
    class Listener {
      onBackplaneGap(gap: Gap): void {
        told.push(gap);
        throw new Error('oops');
      }
    }
    const providers = [Listener] as never[];
    const a = await Process.start({ backplane: bus.connect(), providers });
    bus.goDown();
    bus.comeUp();
    await settled();
    expect(told).toHaveLength(1);
    expect(a.log.lines).toContain('error Listener.onBackplaneGap failed');
  });
});
