import { Names } from '../../../src/adapters/redis/names';
import { RedisLink, script } from '../../../src/adapters/redis/redis-link';
import { Broker, disposeBrokers } from '../../support/broker';
import { until } from '../nodes';

afterAll(disposeBrokers);

async function open(broker: Broker) {
  const packets: string[] = [];
  let lost = 0;
  const link = new RedisLink({
    name: 'portal',
    names: new Names('portal', false),
    isCluster: false,
    received: (subject, payload) => packets.push(`${subject} ${payload.toString()}`),
    lost: () => lost++,
  });
  await link.open(broker.url);
  return { link, packets, lost: () => lost };
}

test('subscribes, publishes and runs scripts', async () => {
  const { link, packets } = await open(await Broker.start('redis'));
  await link.subscriptions.subscribe('a');
  void link.subscriptions.subscribe('a:*');
  await link.settled();
  for (const subject of ['a', 'a:1', 'b']) expect(link.publish(subject, Buffer.from('x'))).toBe(true);
  await until(() => packets.length === 2);
  expect(packets).toEqual(['a x', 'a:1 x']);
  const echo = script('return {KEYS[1], ARGV[1]}');
  for (let run = 0; run < 3; run++) {
    expect(await link.evaluate(echo, ['key'], [Buffer.from('value')])).toEqual([
      Buffer.from('key'),
      Buffer.from('value'),
    ]);
  }
  await expect(link.evaluate(script("return redis.error_reply('OOM x')"), ['key'], [])).rejects.toThrow('OOM x');
  expect(link.isOpen).toBe(true);
  await expect(link.evaluate(script("return redis.error_reply('LOADING x')"), ['key'], [])).rejects.toThrow(
    'LOADING x',
  );
  expect(link.isOpen).toBe(false);
  expect((await link.ended).message).toContain('LOADING x');
  await link.close();
});

test('when a connection ends, nobody waits any more, and all is closed', async () => {
  const broker = await Broker.start('redis');
  const { link, lost } = await open(broker);
  await broker.freeze();
  const waiting = [
    link.subscriptions.subscribe('a'),
    link.subscriptions.subscribe('b:*'),
    link.subscriptions.unsubscribe('a'),
  ];
  const settled = expect(link.settled()).rejects.toThrow();
  const running = expect(link.evaluate(script('return 1'), ['key'], [])).rejects.toThrow();
  link.publish('a', Buffer.from('x'));
  await broker.kill();
  await Promise.all([...waiting, settled, running, link.ended]);
  await until(() => lost() === 1);
  expect(link.publish('a', Buffer.from('x'))).toBe(false);
  await Promise.all([
    link.subscriptions.subscribe('a'),
    link.subscriptions.unsubscribe('a'),
    link.close(),
    link.close(),
  ]);
});

test('no server, no link', async () => {
  const broker = await Broker.start('redis');
  await broker.kill();
  await expect(open(broker)).rejects.toThrow('ECONNREFUSED');
});
