import { slotOf } from '../../../src/adapters/redis/names';
import { RedisBackplane, type RedisBackplaneOptions } from '../../../src/adapters/redis';
import { Broker, disposeBrokers, redisCli, startRedisCluster } from '../../support/broker';
import { Recorder, settled, startNode, stopNodes, until } from '../nodes';

const KEEP = { size: 100, ttlSeconds: 3600 };
let brokers: Broker[];
let cluster: string[];

beforeAll(async () => {
  // a server that is away for a moment does not take its slots with it
  brokers = await startRedisCluster('--cluster-node-timeout', '2000');
  cluster = brokers.map(({ url }) => url);
});
afterEach(stopNodes);
afterAll(disposeBrokers);

const connect = (options: RedisBackplaneOptions = {}) => startNode(new RedisBackplane({ cluster, ...options }));
const cli = (broker: Broker, ...args: string[]) => redisCli('-u', broker.url, ...args);

test('packets go to the servers of their slots, and come from there, in order; one server is enough to know', async () => {
  const [one, other] = [await connect(), await connect({ cluster: [cluster[1]!] })];
  const rooms = Array.from({ length: 50 }, (_, number) => `room:${number}`);
  await Promise.all(rooms.map((room) => other.backplane.subscribe(room)));
  for (let number = 0; number < 100; number++) {
    for (const room of rooms) expect(one.backplane.publish(room, Buffer.from(String(number)))).toBe(true);
  }
  await until(() => other.seen.packets.length === 5000);
  const expected = Array.from({ length: 100 }, (_, number) => String(number));
  for (const room of rooms) {
    const texts = other.seen.packets.filter(({ subject }) => subject === room).map(({ packet }) => packet.toString());
    expect(texts).toEqual(expected);
  }
  for (const broker of brokers) {
    const channels = (await cli(broker, 'pubsub', 'shardchannels')).trim().split('\n');
    expect(channels.length).toBeGreaterThan(1);
  }
  await Promise.all(rooms.map((room) => other.backplane.unsubscribe(room)));
  for (const broker of brokers) expect((await cli(broker, 'pubsub', 'shardchannels')).trim()).toBe('');
});

test('a server that is killed and comes back', async () => {
  const one = await connect();
  const rooms = Array.from({ length: 20 }, (_, number) => `room:${number}`);
  for (const room of rooms) await one.backplane.subscribe(room);
  const last = await one.backplane.history.last('room:0', KEEP);
  await brokers[0]!.kill();
  await until(() => one.seen.states.includes('down'));
  expect(one.backplane.publish('room:1', Buffer.from('x'))).toBe(false);
  await one.backplane.subscribe('new');
  await brokers[0]!.start();
  await until(() => one.seen.states.at(-1) === 'up');
  expect(one.seen.states).toEqual(['up', 'down', 'up']);
  for (const room of [...rooms, 'new']) one.backplane.publish(room, Buffer.from(room));
  await until(() => one.seen.packets.length === 21);
  expect(one.seen.subjects.sort()).toEqual([...rooms, 'new'].sort());
  expect(await one.backplane.history.last('room:0', KEEP)).toBe(last);
});

test('a slot that moves to another server takes its subscriptions and its history along', async () => {
  const one = await connect();
  const { backplane, seen } = one;
  await backplane.subscribe('moving');
  const beginning = await backplane.history.last('moving', KEEP);
  await backplane.history.append('moving', Buffer.from('before'), { node: 'n', number: 1 }, KEEP);
  const slot = String(slotOf('{portal:moving}'));
  const ids = await Promise.all(brokers.map(async (broker) => (await cli(broker, 'cluster', 'myid')).trim()));
  const owners = await Promise.all(brokers.map((broker) => cli(broker, 'cluster', 'countkeysinslot', slot)));
  const from = owners.findIndex((count) => Number(count) > 0);
  const to = (from + 1) % 3;
  await cli(brokers[to]!, 'cluster', 'setslot', slot, 'importing', ids[from]!);
  await cli(brokers[from]!, 'cluster', 'setslot', slot, 'migrating', ids[to]!);
  const keys = (await cli(brokers[from]!, 'cluster', 'getkeysinslot', slot, '10')).trim().split('\n');
  await cli(brokers[from]!, 'migrate', '127.0.0.1', String(brokers[to]!.port), '', '0', '5000', 'keys', ...keys);
  const during = backplane.history.append('moving', Buffer.from('during'), { node: 'n', number: 2 }, KEEP);
  await expect(during).rejects.toMatchObject({ retry: true });
  for (const at of [to, from, 3 - to - from]) await cli(brokers[at]!, 'cluster', 'setslot', slot, 'node', ids[to]!);
  await until(() => seen.states.length >= 3 && seen.states.at(-1) === 'up');
  const again = () => backplane.history.append('moving', Buffer.from('during'), { node: 'n', number: 2 }, KEEP);
  await until(() =>
    again().then(
      () => true,
      () => false,
    ),
  );
  const kept = await backplane.history.after('moving', beginning, KEEP);
  expect(kept?.map(({ packet }) => packet.toString())).toEqual(['before', 'during']);
  await until(() => seen.packets.length === 2);
  await settled(one);
});

// four seconds: a silent server is given up no sooner
test('a server that is frozen is noticed', async () => {
  const { seen } = await connect();
  await brokers[2]!.freeze();
  await until(() => seen.states.includes('down'));
  brokers[2]!.resume();
  await until(() => seen.states.at(-1) === 'up');
});

test('a cluster in which a slot has no server is down', async () => {
  const lonely = await Broker.start('redis', '--cluster-enabled', 'yes', '--cluster-port', '0');
  await cli(lonely, 'config', 'set', 'cluster-require-full-coverage', 'no');
  await cli(lonely, 'cluster', 'addslotsrange', '0', '16382');
  await until(async () => (await cli(lonely, 'cluster', 'info')).includes('cluster_state:ok'));
  const { seen } = await connect({ cluster: [lonely.url] });
  expect(seen.states).toEqual(['down']);
  await cli(lonely, 'cluster', 'addslots', '16383');
  await until(() => seen.states.at(-1) === 'up');
});

test('a server that is in no cluster, or none at all', async () => {
  const alone = await Broker.start('redis');
  expect((await connect({ cluster: [alone.url] })).seen.states).toEqual(['down']);
  await brokers[1]!.kill();
  const { seen } = await connect({ cluster: [cluster[1]!] });
  expect(seen.states).toEqual(['down']);
  const backplane = new RedisBackplane({ cluster: [cluster[1]!] });
  const starting = backplane.start(new Recorder());
  await backplane.stop();
  await starting;
  await brokers[1]!.start();
});

test('servers that are away are passed over', async () => {
  const dead = await Broker.start('redis');
  await dead.kill();
  const first = await connect();
  await until(() => first.seen.states.at(-1) === 'up');
  // which is tried first is drawn by lot
  for (let attempt = 0; attempt < 5; attempt++) {
    const { seen } = await connect({ cluster: [dead.url, cluster[0]!] });
    expect(seen.states).toEqual(['up']);
  }
});
