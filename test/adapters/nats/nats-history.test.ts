import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectNats } from '@nats-io/transport-node';
import type { BackplaneHistory, HistoryOptions } from '../../../src/channels/backplane';
import { NatsBackplane, type NatsBackplaneOptions } from '../../../src/adapters/nats';
import { NatsHistory } from '../../../src/adapters/nats/nats-history';
import { Broker, disposeBrokers } from '../../support/broker';
import { configured, disposeConfigured } from './configured';
import { frozen, Recorder, until } from './recorder';

const KEEP: HistoryOptions = { size: 2000, ttlSeconds: 3600 };
let broker: Broker;
const started: NatsBackplane[] = [];
let channels = 0;

beforeAll(async () => {
  broker = await Broker.start('nats');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((backplane) => backplane.stop()));
});
afterAll(() => Promise.all([disposeBrokers(), disposeConfigured()]));

async function connect(options: NatsBackplaneOptions = {}, server: { url: string } = broker) {
  const backplane = new NatsBackplane({ servers: server.url, ...options });
  const seen = new Recorder();
  started.push(backplane);
  await backplane.start(seen);
  let number = 0;
  const { history } = backplane;
  const append = (subject: string, text: string, keep = KEEP) =>
    history.append(subject, Buffer.from(text), { node: `n-${subject}-${started.length}`, number: ++number }, keep);
  return { backplane, seen, history, append };
}

/** Of a test's own. */
const channel = () => `room:${++channels}`;

async function texts(history: BackplaneHistory, subject: string, since: string, keep = KEEP) {
  return (await history.after(subject, since, keep))?.map(({ packet }) => packet.toString());
}

test('what was appended after an offset is kept, in order, and comes to subscribers with the same offsets', async () => {
  const [one, other] = [await connect(), await connect()];
  const room = channel();
  await other.backplane.subscribe(room);
  const beginning = await one.history.last(room, KEEP);
  expect(beginning).toMatch(/^[1-9]\d*-[1-9]\d*$/);
  expect(await one.history.last(room, KEEP)).toBe(beginning);
  expect(await texts(one.history, room, beginning)).toEqual([]);
  for (const text of ['a', 'b', 'c']) await one.append(room, text);
  const kept = (await other.history.after(room, beginning, KEEP))!;
  expect(kept.map(({ packet }) => packet.toString())).toEqual(['a', 'b', 'c']);
  expect(kept.every(({ packet }) => Buffer.isBuffer(packet))).toBe(true);
  await until(() => other.seen.packets.length === 3);
  expect(other.seen.packets).toEqual(kept.map((packet) => ({ subject: room, ...packet })));
  expect(await texts(other.history, room, kept[1]!.offset)).toEqual(['c']);
  expect(await other.history.last(room, KEEP)).toBe(kept[2]!.offset);
});

test.each(['a.b:c', 'a*b:*', 'a:>:b', '100%', 'höhe:日本', '', 'a::', 'node 4f2a'])(
  'of the channel %j',
  async (name) => {
    const { backplane, history, append, seen } = await connect();
    await backplane.subscribe(name);
    await backplane.subscribe(`${name}:other`);
    const beginning = await history.last(name, KEEP);
    await append(name, 'x');
    await append(`${name}:other`, 'y');
    expect(await texts(history, name, beginning)).toEqual(['x']);
    await until(() => seen.packets.length === 2);
    expect(seen.subjects).toEqual([name, `${name}:other`]);
  },
);

test('packets are binary, and may be empty', async () => {
  const { history } = await connect();
  const room = channel();
  const beginning = await history.last(room, KEEP);
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  await history.append(room, new Uint8Array(all), { node: room, number: 1 }, KEEP);
  await history.append(room, Buffer.alloc(0), { node: room, number: 2 }, KEEP);
  const kept = await history.after(room, beginning, KEEP);
  expect(kept?.map(({ packet }) => packet)).toEqual([all, Buffer.alloc(0)]);
});

test('many that are on their way at once keep their order, and a thousand are read', async () => {
  const { backplane, history, seen } = await connect();
  const [room, other] = [channel(), channel()];
  await backplane.subscribe(room);
  const beginning = await history.last(room, KEEP);
  const expected = Array.from({ length: 1000 }, (_, number) => String(number));
  await Promise.all(
    expected.flatMap((text, number) => [
      history.append(room, Buffer.from(text), { node: room, number }, KEEP),
      history.append(other, Buffer.from('other'), { node: other, number }, KEEP),
    ]),
  );
  const kept = (await history.after(room, beginning, KEEP))!;
  expect(kept.map(({ packet }) => packet.toString())).toEqual(expected);
  await until(() => seen.packets.length === 1000);
  expect(seen.texts).toEqual(expected);
  expect(seen.packets.map(({ offset }) => offset)).toEqual(kept.map(({ offset }) => offset));
  for (const at of [0, 7, 8, 9, 500, 990, 998, 999]) {
    expect(await texts(history, room, kept[at]!.offset)).toEqual(expected.slice(at + 1));
  }
});

test('the first appends of a connection, which wait for the stream, keep their order', async () => {
  const { history } = await connect({ prefix: 'first' });
  const room = channel();
  const appended = [1, 2, 3].map((number) =>
    history.append(room, Buffer.from(`${number}`), { node: 'n', number }, KEEP),
  );
  await Promise.all(appended);
  const later = history.append(room, Buffer.from('4'), { node: 'n', number: 4 }, KEEP);
  const last = await history.last(room, KEEP);
  await later;
  const first = last.replace(/\d+$/, '1');
  expect(await texts(history, room, first)).toEqual(['2', '3', '4']);
});

test('what is appended again is there once', async () => {
  const { backplane, history, seen } = await connect();
  const room = channel();
  await backplane.subscribe(room);
  const beginning = await history.last(room, KEEP);
  for (const number of [1, 2, 1, 2, 3]) {
    await history.append(room, Buffer.from(`${number}`), { node: room, number }, KEEP);
  }
  expect(await texts(history, room, beginning)).toEqual(['1', '2', '3']);
  await until(() => seen.packets.length === 3);
});

test('only the latest are kept', async () => {
  const keep = { size: 3, ttlSeconds: 3600 };
  const { history, append } = await connect();
  const room = channel();
  const beginning = await history.last(room, keep);
  const offsets = [beginning];
  for (const text of ['1', '2', '3']) {
    await append(room, text, keep);
    offsets.push(await history.last(room, keep));
  }
  expect(await texts(history, room, beginning, keep)).toEqual(['1', '2', '3']);
  await append(room, '4', keep);
  expect(await texts(history, room, beginning, keep)).toBeUndefined();
  expect(await texts(history, room, offsets[1]!, keep)).toEqual(['2', '3', '4']);
  await append(room, '5', keep);
  expect(await texts(history, room, offsets[1]!, keep)).toBeUndefined();
  expect(await texts(history, room, offsets[2]!, keep)).toEqual(['3', '4', '5']);
});

test('only for so long', async () => {
  const keep = { size: 10, ttlSeconds: 1 };
  const { history, append } = await connect();
  const room = channel();
  const beginning = await history.last(room, keep);
  await append(room, '1', keep);
  await sleep(1000);
  await until(async () => (await texts(history, room, beginning, keep)) === undefined);
  await until(async () => (await history.last(room, keep)) !== beginning);
  const again = await history.last(room, keep);
  await append(room, '2', keep);
  const kept = await texts(history, room, again, keep);
  // unless the machine took a second for it
  if (kept !== undefined) expect(kept).toEqual(['2']);
});

test('a time that is no whole number of seconds', async () => {
  const keep = { size: 1, ttlSeconds: 0.25 };
  const { history, append } = await connect();
  await append(channel(), '1', keep);
  await history.last(channel(), keep);
});

test('other settings are another history', async () => {
  const other = { size: 7, ttlSeconds: 60 };
  const { backplane, history, append, seen } = await connect({ prefix: 'a-2000' });
  const room = channel();
  await backplane.subscribe(room);
  const [one, two] = [await history.last(room, KEEP), await history.last(room, other)];
  await append(room, '1', KEEP);
  await append(room, '2', other);
  expect(await texts(history, room, one, KEEP)).toEqual(['1']);
  expect(await texts(history, room, two, other)).toEqual(['2']);
  await until(() => seen.packets.length === 2);
  expect(await texts(history, room, two, KEEP)).toBeUndefined();
});

test('beginnings are not told to subscribers', async () => {
  const [one, other] = [await connect(), await connect()];
  const room = channel();
  await one.backplane.subscribe(room);
  await Promise.all([one.history.last(room, KEEP), other.history.last(room, KEEP)]);
  await one.append(room, 'x');
  await until(() => one.seen.packets.length > 0);
  expect(one.seen.texts).toEqual(['x']);
});

test('an offset that is none, or of another history, finds nothing', async () => {
  const { history, append } = await connect();
  const [room, other] = [channel(), channel()];
  const beginning = await history.last(room, KEEP);
  await append(room, 'x');
  await append(other, 'y');
  const [epoch, n] = beginning.split('-') as [string, string];
  const others = [
    '',
    '-',
    '0-0',
    'abc',
    `${epoch}`,
    `${epoch}-`,
    `-${n}`,
    `${epoch}-0`,
    `${epoch}--1`,
    `${epoch}-0${n}`,
    ` ${beginning}`,
    `${beginning}\n`,
    `${beginning}-1`,
    `${epoch}-1e3`,
    `${epoch}-0x1`,
    `${epoch}-999999999999999`,
    `${epoch}-${'9'.repeat(16)}`,
    `${epoch}-${'9'.repeat(100_000)}`,
    `1-${n}`,
    `${epoch}-${Number(n) + 2}`,
    await history.last(other, KEEP),
    `${epoch}-٣`,
  ];
  for (const since of others) expect(await history.after(room, since, KEEP)).toBeUndefined();
  expect(await texts(history, room, beginning)).toEqual(['x']);
});

test('what cannot be kept is refused for good', async () => {
  const { history } = await connect();
  const big = history.append(channel(), Buffer.alloc(2 ** 21), { node: 'big', number: 1 }, KEEP);
  await expect(big).rejects.toMatchObject({ retry: false });
  const long = history.append('x'.repeat(4000), Buffer.from('x'), { node: 'long', number: 1 }, KEEP);
  await expect(long).rejects.toThrow(RangeError);
  await expect(history.last('x'.repeat(4000), KEEP)).rejects.toThrow(RangeError);
  const { history: replicated } = await connect({ prefix: 'replicated', replicas: 3 });
  await expect(replicated.last(channel(), KEEP)).rejects.toMatchObject({ retry: false });
});

test('a server without JetStream is told so', async () => {
  const accounts = `jetstream { store_dir: "$FOLDER" }
    accounts { A { users: [{ user: a, password: a }] }, B { jetstream: enabled, users: [{ user: b, password: b }] } }`;
  for (const server of [await configured(''), await configured(accounts)]) {
    const { history, append, seen } = await connect({ connection: { user: 'a', pass: 'a' } }, server);
    expect(seen.states).toEqual(['up']);
    const refusal = { retry: false, message: expect.stringContaining('needs a NATS server with JetStream') as string };
    await expect(append(channel(), 'x')).rejects.toMatchObject(refusal);
    await expect(history.last(channel(), KEEP)).rejects.toMatchObject(refusal);
    await expect(history.after(channel(), '1-1', KEEP)).rejects.toMatchObject(refusal);
  }
});

test('what is read comes in pieces of about the bytes that are asked for, at least one, in order', async () => {
  const { history, append } = await connect({ prefix: 'pieces' });
  const [room, other] = [channel(), channel()];
  const beginning = await history.last(room, KEEP);
  const lengths = [
    10,
    20,
    100_000,
    5,
    5,
    300_000,
    1,
    ...Array.from({ length: 1000 }, (_, at) => (at === 500 ? 50_000 : 3)),
  ];
  for (let at = 0; at < lengths.length; at += 100) {
    const some = lengths.slice(at, at + 100);
    await Promise.all(some.flatMap((length) => [append(room, 'x'.repeat(length)), append(other, 'y'.repeat(1000))]));
  }
  const pieces: number[][] = [];
  for (let since = beginning; ;) {
    const piece = (await history.after(room, since, KEEP, 1000))!;
    if (piece.length === 0) break;
    pieces.push(piece.map(({ packet }) => packet.length));
    since = piece.at(-1)!.offset;
  }
  expect(pieces.flat()).toEqual(lengths);
  expect(pieces.slice(0, 2)).toEqual([
    [10, 20, 100_000],
    [5, 5, 300_000],
  ]);
  // lanes may each have read one more
  for (const piece of pieces) expect(piece.filter((length) => length < 50).length).toBeLessThan(400);
  expect(await texts(history, room, beginning)).toHaveLength(lengths.length);
});

test('once there was JetStream, that there is none is temporary: a server that ends gives it up first', async () => {
  const without = await configured('');
  const connections = [
    await connectNats({ servers: broker.url }),
    await connectNats({ servers: without.url }),
    await connectNats({ servers: broker.url }),
  ];
  let at = 0;
  const history = new NatsHistory('ended', 1, () => connections[at]);
  const room = channel();
  const beginning = await history.last(room, KEEP);
  at = 1;
  await expect(history.last(room, KEEP)).rejects.toMatchObject({ retry: true });
  at = 2;
  expect(await history.last(room, KEEP)).toBe(beginning);
  await Promise.all(connections.map((connection) => connection.close()));
});

test('a stream that somebody deletes is made again, with other offsets', async () => {
  const { history, append } = await connect({ prefix: 'deleted' });
  const room = channel();
  const before = await history.last(room, KEEP);
  const client = await connectNats({ servers: broker.url });
  await client.request('$JS.API.STREAM.DELETE.deleted-2000-3600');
  await client.close();
  await expect(append(room, 'x')).rejects.toMatchObject({ retry: true });
  await append(room, 'y');
  expect(await texts(history, room, before)).toBeUndefined();
  expect(await history.last(room, KEEP)).not.toBe(before);
});

test('while the server is away all is rejected, to be tried again; what was kept is there when it is back', async () => {
  const server = await Broker.start('nats');
  const { history, seen } = await connect({}, server);
  const room = channel();
  const beginning = await history.last(room, KEEP);
  const ids = Array.from({ length: 500 }, (_, number) => ({ node: 'n', number }));
  const append = (id: (typeof ids)[number]) => history.append(room, Buffer.from(`${id.number}`), id, KEEP);
  await Promise.all(ids.slice(0, 200).map(append));
  const onTheirWay = Promise.allSettled(ids.slice(200).map(append));
  await server.kill();
  for (const outcome of await onTheirWay) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ retry: true });
  }
  await until(() => seen.states.includes('down'));
  const away = { retry: true };
  await expect(append(ids[0]!)).rejects.toMatchObject(away);
  await expect(history.last(room, KEEP)).rejects.toMatchObject(away);
  await expect(history.after(room, beginning, KEEP)).rejects.toMatchObject(away);
  await server.start();
  await until(() => seen.states.length === 3);
  for (const id of ids) await append(id);
  expect(await texts(history, room, beginning)).toEqual(ids.map(({ number }) => String(number)));
  await server.dispose();
});

test('a frozen server is away', async () => {
  const server = await Broker.start('nats');
  const { history, append } = await connect({}, server);
  const room = channel();
  await append(room, 'x');
  await frozen(server);
  const away = { retry: true };
  await Promise.all([
    expect(append(room, 'y')).rejects.toMatchObject(away),
    expect(history.last(room, KEEP)).rejects.toMatchObject(away),
    expect(history.last(room, { size: 1, ttlSeconds: 1 })).rejects.toMatchObject(away),
  ]);
  server.resume();
  await server.dispose();
});

test('never started, it is away', async () => {
  const { history } = new NatsBackplane({ servers: broker.url });
  await expect(history.last('a', KEEP)).rejects.toMatchObject({ retry: true });
});
