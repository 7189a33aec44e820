import { once } from 'node:events';
import { connect as connectTo, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryOptions } from '../../../src/channels/backplane';
import { RedisBackplane, type RedisBackplaneOptions } from '../../../src/adapters/redis';
import { payloadOf, split } from '../../../src/adapters/redis/redis-history';
import { Broker, disposeBrokers, redisCli, startRedisCluster } from '../../support/broker';
import { newChannel as channel, textsAfter as texts } from '../backplane-contract';
import { allBytes, startNode, stopNodes, until } from '../nodes';

const KEEP: HistoryOptions = { size: 2000, ttlSeconds: 3600 };
const away = { retry: true };
const servers: Record<string, RedisBackplaneOptions> = {};
let broker: Broker;

beforeAll(async () => {
  broker = await Broker.start('redis');
  servers['a server'] = { url: broker.url };
  servers['a cluster'] = { cluster: (await startRedisCluster()).map(({ url }) => url) };
});
afterEach(stopNodes);
afterAll(disposeBrokers);

async function connect(options: RedisBackplaneOptions = { url: broker.url }) {
  const { backplane, seen } = await startNode(new RedisBackplane(options));
  const { history } = backplane;
  let number = 0;
  const append = (subject: string, text: string, keep = KEEP) =>
    history.append(subject, Buffer.from(text), { node: `node ${subject}`, number: ++number }, keep);
  return { backplane, seen, history, append };
}

describe.each(['a server', 'a cluster'])('in %s', (kind) => {
  test('scripts that the server has forgotten are given to it again', async () => {
    const { history, append } = await connect(servers[kind]);
    const room = channel();
    const beginning = await history.last(room, KEEP);
    await append(room, '1');
    for (const url of servers[kind]!.cluster ?? [broker.url]) await redisCli('-u', url, 'script', 'flush');
    const ids = [2, 3, 4].map((number) => ({ node: `node ${room}`, number }));
    const again = () =>
      Promise.allSettled(ids.map((id) => history.append(room, Buffer.from(`${id.number}`), id, KEEP)));
    for (const outcome of await again()) expect(outcome).toMatchObject({ status: 'rejected', reason: away });
    for (const outcome of await again()) expect(outcome).toMatchObject({ status: 'fulfilled' });
    await until(async () => (await history.last(room, KEEP).catch(() => '')) !== '');
    await until(async () => (await history.after(room, beginning, KEEP).catch(() => undefined)) !== undefined);
    expect(await texts(history, room, beginning)).toEqual(['1', '2', '3', '4']);
  });
});

test('nodes that appended nothing for long are forgotten when there are many', async () => {
  const { history } = await connect();
  const room = channel();
  const nodes = `{portal:${room}}:nodes`;
  await redisCli(
    '-u',
    broker.url,
    'hset',
    nodes,
    ...Array.from({ length: 99 }, (_, i) => [`old ${i}`, '7 1000']).flat(),
  );
  await history.append(room, Buffer.from('x'), { node: 'one', number: 1 }, KEEP);
  expect((await redisCli('-u', broker.url, 'hlen', nodes)).trim()).toBe('100');
  await history.append(room, Buffer.from('y'), { node: 'two', number: 1 }, KEEP);
  expect((await redisCli('-u', broker.url, 'hkeys', nodes)).trim().split('\n').sort()).toEqual(['one', 'two']);
});

test('packets expire, and the offset of the last one stays right', async () => {
  const keep = { size: 10, ttlSeconds: 0.5 };
  const { history, append } = await connect();
  const room = channel();
  const beginning = await history.last(room, keep);
  await append(room, '1', keep);
  const one = await history.last(room, keep);
  await sleep(600);
  expect(await texts(history, room, beginning, keep)).toBeUndefined();
  // nothing of what came after this one is gone
  expect(await texts(history, room, one, keep)).toEqual([]);
  expect(await texts(history, room, beginning, KEEP)).toEqual(['1']);
});

test('keys expire some time after what is in them, and not while they are used', async () => {
  const { history, append } = await connect();
  const room = channel();
  const ttl = async (kind: string) => Number(await redisCli('-u', broker.url, 'pttl', `{portal:${room}}:${kind}`));
  const keep = { size: 10, ttlSeconds: 10 };
  await history.last(room, keep);
  expect(await ttl('stream')).toBeGreaterThan(10_000);
  await append(room, 'x', keep);
  for (const kind of ['stream', 'nodes']) {
    expect(await ttl(kind)).toBeGreaterThan(10_000);
    expect(await ttl(kind)).toBeLessThanOrEqual(610_000);
    await redisCli('-u', broker.url, 'pexpire', `{portal:${room}}:${kind}`, '5000');
  }
  await history.last(room, keep);
  for (const kind of ['stream', 'nodes']) expect(await ttl(kind)).toBeGreaterThan(10_000);
});

test('an offset that is malformed, or of another history, finds nothing', async () => {
  const { history, append } = await connect();
  const [room, other] = [channel(), channel()];
  const beginning = await history.last(room, KEEP);
  await append(room, 'x');
  await append(other, 'y');
  const [epoch, n] = beginning.split('-') as [string, string];
  const others = [
    ...['', '-', '0-0', 'abc', '$', '+', `${epoch}`, `${epoch}-`, `-${n}`, `${epoch}-0`, `${epoch}--1`],
    ...[`${epoch}-01`, `0${beginning}`, ` ${beginning}`, `${beginning}\n`, `${beginning}-1`, `(${beginning}`],
    ...[`${epoch}-1e3`, `${epoch}-0x1`, `${epoch}-*`, `${epoch}-٣`, `${epoch}-1.5`, `1-${n}`, `${epoch}-3`],
    ...[`${epoch}-999999999999999`, `${epoch}-${'9'.repeat(16)}`, `${'9'.repeat(100_000)}-1`],
    await history.last(other, KEEP),
  ];
  for (const since of others) expect(await history.after(room, since, KEEP)).toBeUndefined();
  expect(await history.after(channel(), beginning, KEEP)).toBeUndefined();
  expect(await texts(history, room, beginning)).toEqual(['x']);
});

test('a stream that somebody deletes is made again, with other offsets', async () => {
  const { history, append } = await connect();
  const room = channel();
  const before = await history.last(room, KEEP);
  await append(room, 'x');
  await redisCli('-u', broker.url, 'del', `{portal:${room}}:stream`);
  await append(room, 'y');
  expect(await texts(history, room, before)).toBeUndefined();
  const after = await history.last(room, KEEP);
  expect(after.split('-')[0]).not.toBe(before.split('-')[0]);
  expect(after).toMatch(/-0$/);
});

test('an entry that somebody deletes from the middle is gone', async () => {
  const { history, append } = await connect();
  const room = channel();
  const beginning = await history.last(room, KEEP);
  for (const text of ['1', '2', '3']) await append(room, text);
  await redisCli('-u', broker.url, 'xdel', `{portal:${room}}:stream`, beginning.replace(/1$/, '3'));
  expect(await texts(history, room, beginning)).toBeUndefined();
  expect(await texts(history, room, beginning.replace(/1$/, '3'))).toEqual(['3']);
});

test('what the server refuses is refused for good, and what comes after is kept', async () => {
  const server = await Broker.start('redis');
  const { history, append } = await connect({ url: server.url });
  const room = channel();
  const beginning = await history.last(room, KEEP);
  await redisCli('-u', server.url, 'config', 'set', 'maxmemory', '1');
  for (let number = 0; number < 3; number++) {
    const error = await append(room, 'too much').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringMatching(/^OOM/) as string });
    expect(error).not.toMatchObject(away);
  }
  const several = await Promise.allSettled([1, 2, 3].map(() => append(room, 'too much')));
  for (const outcome of several) {
    expect(outcome).toMatchObject({ reason: { message: expect.stringMatching(/^OOM/) as string } });
  }
  // what is kept can still be read
  expect(await texts(history, room, beginning)).toEqual([]);
  await redisCli('-u', server.url, 'config', 'set', 'maxmemory', '0');
  await append(room, 'x');
  expect(await texts(history, room, beginning)).toEqual(['x']);
  await redisCli('-u', server.url, 'set', '{portal:string}:stream', 'x');
  await expect(append('string', 'x')).rejects.not.toMatchObject(away);
});

test('questions are asked again at once when the server has forgotten the scripts', async () => {
  const server = await Broker.start('redis');
  const { history, append } = await connect({ url: server.url });
  const room = channel();
  const beginning = await history.last(room, KEEP);
  await append(room, '1');
  const kept = await history.after(room, beginning, KEEP);
  for (let time = 0; time < 2; time++) {
    await redisCli('-u', server.url, 'script', 'flush');
    const asked = [history.last(room, KEEP), history.last(room, KEEP)];
    expect(await history.after(room, beginning, KEEP)).toEqual(kept);
    expect(await Promise.all(asked)).toEqual([kept![0]!.offset, kept![0]!.offset]);
  }
});

test('a packet is not kept before an earlier one of its node, which is to be tried again', async () => {
  const server = await Broker.start('redis');
  const [one, other] = [await connect({ url: server.url }), await connect({ url: server.url })];
  const room = channel();
  const beginning = await one.history.last(room, KEEP);
  const append = (number: number) => one.history.append(room, Buffer.from(`${number}`), { node: 'n', number }, KEEP);
  await append(1);
  await redisCli('-u', server.url, 'script', 'flush');
  // the script is gone for one of them, and there again for the next, thanks to another node
  const second = append(2);
  await expect(second).rejects.toMatchObject(away);
  await other.append(room, 'other');
  await expect(append(3)).rejects.toMatchObject(away);
  await append(2);
  await append(3);
  expect(await texts(other.history, room, beginning)).toEqual(['1', 'other', '2', '3']);
});

test('a server that becomes a replica goes on with plain channels, and keeps again when it takes writes', async () => {
  const server = await Broker.start('redis');
  const { backplane, history, append, seen } = await connect({ url: server.url });
  const room = channel();
  const beginning = await history.last(room, KEEP);
  await append(room, 'before');
  await backplane.subscribe('plain');
  await redisCli('-u', server.url, 'replicaof', '127.0.0.1', '1');
  const id = { node: 'other', number: 1 };
  const again = () => history.append(room, Buffer.from('after'), id, KEEP);
  for (let time = 0; time < 3; time++) await expect(again()).rejects.toMatchObject(away);
  await expect(history.last(room, KEEP)).rejects.toMatchObject(away);
  expect(await texts(history, room, beginning)).toEqual(['before']);
  for (const text of ['1', '2', '3']) expect(backplane.publish('plain', Buffer.from(text))).toBe(true);
  await until(() => seen.texts.length === 3);
  await redisCli('-u', server.url, 'replicaof', 'no', 'one');
  await until(() =>
    again().then(
      () => true,
      () => false,
    ),
  );
  expect(await texts(history, room, beginning)).toEqual(['before', 'after']);
  expect(seen).toMatchObject({ states: ['up'], lost: 0 });
});

test('a server that is a replica from the beginning keeps when it takes writes', async () => {
  const server = await Broker.start('redis');
  await redisCli('-u', server.url, 'replicaof', '127.0.0.1', '1');
  const { backplane, append, seen } = await connect({ url: server.url });
  await backplane.subscribe('plain');
  await expect(append(channel(), 'x')).rejects.toMatchObject(away);
  backplane.publish('plain', Buffer.from('x'));
  await until(() => seen.texts.length === 1);
  await redisCli('-u', server.url, 'replicaof', 'no', 'one');
  const room = channel();
  await until(() =>
    append(room, 'y').then(
      () => true,
      () => false,
    ),
  );
  expect(seen.states).toEqual(['up']);
});

test.each(['with', 'without'])(
  'where its address leads to another server that takes writes, that one is joined, %s history',
  async (use) => {
    const [old, next] = [await Broker.start('redis'), await Broker.start('redis')];
    let target = old.port;
    const sockets = new Set<Socket>();
    const address = createServer((socket) => {
      const server = connectTo(target, '127.0.0.1');
      for (const [from, to] of [
        [socket, server],
        [server, socket],
      ] as const) {
        sockets.add(from);
        from
          .on('error', () => undefined)
          .on('close', () => to.destroy())
          .pipe(to);
      }
    }).listen(0, '127.0.0.1');
    await once(address, 'listening');
    const { backplane, append, seen } = await connect({
      url: `redis://127.0.0.1:${(address.address() as AddressInfo).port}`,
    });
    await backplane.subscribe('plain');
    await redisCli('-u', old.url, 'replicaof', '127.0.0.1', String(next.port));
    target = next.port;
    if (use === 'with') {
      const room = channel();
      await until(() =>
        append(room, 'y').then(
          () => true,
          () => false,
        ),
      );
      expect(await redisCli('-u', next.url, 'xlen', `{portal:${room}}:stream`)).toBe('1\n');
    }
    await until(() => seen.states.length === 3);
    await redisCli('-u', next.url, 'publish', 'portal:plain', ' x');
    await until(() => seen.packets.length === 1);
    expect(seen.states).toEqual(['up', 'down', 'up']);
    await stopNodes();
    for (const socket of sockets) socket.destroy();
    address.close();
  },
);

test('what is read goes by a connection of its own, which is made again', async () => {
  const server = await Broker.start('redis');
  const { history, append, seen } = await connect({ url: server.url });
  const room = channel();
  const clients = async () => (await redisCli('-u', server.url, 'client', 'list')).match(/name=\S+/g) ?? [];
  const beginning = await history.last(room, KEEP);
  await append(room, 'x');
  expect(await clients()).not.toContain('name=portal-reads');
  expect(await texts(history, room, beginning)).toEqual(['x']);
  const [, id] = /id=(\d+)[^\n]*portal-reads/.exec(await redisCli('-u', server.url, 'client', 'list'))!;
  await redisCli('-u', server.url, 'client', 'kill', 'id', id!);
  await until(() =>
    texts(history, room, beginning).then(
      (all) => all?.length === 1,
      () => false,
    ),
  );
  expect(await clients()).toContain('name=portal-reads');
  expect(seen.states).toEqual(['up']);
});

test('payloads', () => {
  expect(split(payloadOf(allBytes))).toEqual({ offset: undefined, packet: allBytes });
  expect(split(Buffer.from('\x033-7abc'))).toEqual({ offset: '3-7', packet: Buffer.from('abc') });
  // somebody else published it
  expect(split(Buffer.alloc(0))).toEqual({ offset: undefined, packet: Buffer.alloc(0) });
});
