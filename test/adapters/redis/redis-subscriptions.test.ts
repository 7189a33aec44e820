import { Names } from '../../../src/adapters/redis/names';
import { RedisLine } from '../../../src/adapters/redis/redis-line';
import { RedisSubscriptions } from '../../../src/adapters/redis/redis-subscriptions';
import { Broker, disposeBrokers, redisCli } from '../../support/broker';
import { until } from '../nodes';

const lines: RedisLine[] = [];

afterAll(async () => {
  await Promise.all(lines.map((line) => line.end()));
  await disposeBrokers();
});

/** Subscriptions by way of one line, for a user who may use only some channels. */
async function start(...rights: string[]) {
  const server = await Broker.start('redis');
  await redisCli('-p', String(server.port), 'acl', 'setuser', 'me', 'on', '>secret', '+@all', ...rights);
  const line = new RedisLine(server.url.replace('//', '//me:secret@'), 'test', () => undefined);
  lines.push(line);
  await line.connected;
  const packets: string[] = [];
  const failures: string[] = [];
  let isOpen = true;
  const subscriptions = new RedisSubscriptions({
    names: new Names('portal', false),
    isCluster: false,
    isOpen: () => isOpen,
    lineOf: () => line,
    received: (subject, payload) => packets.push(`${subject} ${payload.toString()}`),
    failed: ({ message }) => failures.push(message),
  });
  const publish = (subject: string) => redisCli('-p', String(server.port), 'publish', `portal:${subject}`, 'x');
  return { server, subscriptions, packets, failures, publish, end: () => (isOpen = false) };
}

test('bring what is published to names and patterns, until they are given up', async () => {
  const { subscriptions, packets, publish } = await start('allchannels');
  void subscriptions.subscribe('a');
  void subscriptions.subscribe('a:*');
  await subscriptions.settled();
  for (const subject of ['a', 'a:1', 'b']) await publish(subject);
  await until(() => packets.length === 2);
  expect(packets).toEqual(['a x', 'a:1 x']);
  await Promise.all([subscriptions.unsubscribe('a'), subscriptions.unsubscribe('a:*')]);
  expect([await publish('a'), await publish('a:1')]).toEqual(['0\n', '0\n']);
});

test('that the server refuses are rejected, and may be asked for again', async () => {
  const { server, subscriptions, failures, publish } = await start('resetchannels');
  await expect(subscriptions.subscribe('a')).rejects.toThrow('NOPERM');
  expect(failures).toEqual([expect.stringContaining('NOPERM')]);
  await redisCli('-p', String(server.port), 'acl', 'setuser', 'me', 'allchannels');
  await subscriptions.subscribe('a');
  expect(await publish('a')).toBe('1\n');
});

test('of a link that has ended are not asked for, and fail silently', async () => {
  const { server, subscriptions, failures, end } = await start('allchannels');
  await server.freeze();
  const waiting = subscriptions.subscribe('a');
  end();
  await server.kill();
  await waiting;
  expect(failures).toHaveLength(1);
  await Promise.all([subscriptions.subscribe('b'), subscriptions.unsubscribe('a'), subscriptions.settled()]);
});
