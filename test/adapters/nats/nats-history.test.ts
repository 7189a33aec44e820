import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectNats } from '@nats-io/transport-node';
import type { HistoryOptions } from '../../../src/channels/backplane';
import { NatsBackplane, type NatsBackplaneOptions } from '../../../src/adapters/nats';
import { NatsHistory } from '../../../src/adapters/nats/nats-history';
import { Broker, disposeBrokers } from '../../support/broker';
import { configured, disposeConfigured } from './configured';
import { newChannel as channel, textsAfter as texts } from '../backplane-contract';
import { startNode, stopNodes, until } from '../nodes';

const KEEP: HistoryOptions = { size: 2000, ttlSeconds: 3600 };
let broker: Broker;

beforeAll(async () => {
  broker = await Broker.start('nats');
});
afterEach(stopNodes);
afterAll(() => Promise.all([disposeBrokers(), disposeConfigured()]));

async function connect(options: NatsBackplaneOptions = {}, server: { url: string } = broker) {
  const { backplane, seen } = await startNode(new NatsBackplane({ servers: server.url, ...options }));
  let number = 0;
  const { history } = backplane;
  const append = (subject: string, text: string, keep = KEEP) =>
    history.append(subject, Buffer.from(text), { node: `node of ${subject}`, number: ++number }, keep);
  return { backplane, seen, history, append };
}

test.each(['', 'a*b:*'])('of the channel %j', async (name) => {
  const { backplane, history, append, seen } = await connect();
  await backplane.subscribe(name);
  await backplane.subscribe(`${name}:other`);
  const beginning = await history.last(name, KEEP);
  await append(name, 'x');
  await append(`${name}:other`, 'y');
  expect(await texts(history, name, beginning)).toEqual(['x']);
  await until(() => seen.packets.length === 2);
  expect(seen.subjects).toEqual([name, `${name}:other`]);
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

test('a history in which all has expired begins anew', async () => {
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

test('an offset that is malformed, or of another history, finds nothing', async () => {
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

test('JetStream that was there once is away, not missing: a server that ends gives it up first', async () => {
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
