import { RedisBackplane, type RedisBackplaneOptions } from '../../../src/adapters/redis';
import { Process } from '../../support/channel-app';
import { Broker, disposeBrokers, redisCli } from '../../support/broker';
import { allBytes, settled, startNode, stopNodes, until } from '../nodes';

let broker: Broker;

beforeAll(async () => {
  broker = await Broker.start('redis');
});
afterEach(stopNodes);
afterAll(disposeBrokers);

const connect = (options: RedisBackplaneOptions = {}, { url }: { url: string } = broker) =>
  startNode(new RedisBackplane({ url, ...options }));

describe('options', () => {
  test.each([
    [{ prefix: '' }, RangeError],
    [{ prefix: 'a b' }, RangeError],
    [{ prefix: 'a:b' }, RangeError],
    [{ prefix: '{a}' }, RangeError],
    [{ prefix: 'x'.repeat(101) }, RangeError],
    [{ prefix: 7 }, TypeError],
    [{ url: '' }, TypeError],
    [{ url: 7 }, TypeError],
    [{ url: '127.0.0.1:6379' }, TypeError],
    [{ url: 'http://127.0.0.1' }, TypeError],
    [{ url: 'redis://' }, TypeError],
    [{ url: 'redis://127.0.0.1:port' }, TypeError],
    [{ url: 'redis://127.0.0.1/name' }, TypeError],
    [{ url: 'redis://127.0.0.1?db=3' }, TypeError],
    [{ url: 'redis://127.0.0.1/#3' }, TypeError],
    [{ cluster: ['redis://127.0.0.1?db=3'] }, TypeError],
    [{ cluster: ['redis://127.0.0.1/3'] }, TypeError],
    [{ url: 'redis://127.0.0.1', db: 3 } as never, TypeError],
    [{ url: 'redis://me:%@127.0.0.1' }, TypeError],
    [{ cluster: [] }, RangeError],
    [{ cluster: 'redis://127.0.0.1' }, TypeError],
    [{ cluster: ['http://127.0.0.1'] }, TypeError],
    [{ cluster: ['redis://127.0.0.1/1'] }, TypeError],
    [{ url: 'redis://127.0.0.1', cluster: ['redis://127.0.0.1'] }, TypeError],
    [{ host: '127.0.0.1' }, TypeError],
  ])('%j is refused', (options, kind) => {
    expect(() => new RedisBackplane(options as RedisBackplaneOptions)).toThrow(kind);
  });

  test('a wrong URL is not repeated, since there may be a password in it', () => {
    expect(() => new RedisBackplane({ url: 'http://me:secret@host' })).not.toThrow('secret');
  });

  test('none are needed', () => {
    new RedisBackplane();
    new RedisBackplane({ url: 'rediss://me:secret@[::1]:7000/2', prefix: 'a.b-c_d' });
    new RedisBackplane({ cluster: ['redis://10.0.0.1:7000', 'rediss://redis.test/0'] });
  });
});

describe('subjects', () => {
  test.each(['', 'a*b:*c', 'line\r\nPUBLISH x 0\r\n', 'x'.repeat(3000)])(
    '%j comes as it was published',
    async (name) => {
      const one = await connect();
      await one.backplane.subscribe(name);
      one.backplane.publish(name, Buffer.from('yes'));
      await settled(one);
      expect(one.seen.packets).toEqual([{ subject: name, packet: Buffer.from('yes'), offset: undefined }]);
    },
  );

  test.each([
    ['a*:b?[c]^\\:*', ['a*:b?[c]^\\:x'], ['ab:b?[c]^\\:x', 'a*:bxc^\\:x', 'a*:b?c^\\:x', 'a*:b?[c]^:x']],
    ['**:*:b', ['**:a:b'], ['a:a:b']],
  ])('the pattern %s', async (pattern, matching, others) => {
    const one = await connect();
    await one.backplane.subscribe(pattern);
    for (const name of [...others, ...matching]) one.backplane.publish(name, Buffer.from(name));
    await until(() => one.seen.packets.length >= matching.length);
    await one.backplane.unsubscribe(pattern);
    await settled(one);
    expect(one.seen.subjects).toEqual(matching);
    expect(one.seen.texts).toEqual(matching);
  });

  test('that were given up are not in the server any more', async () => {
    const one = await connect();
    for (const subject of ['a', 'a:*']) await one.backplane.subscribe(subject);
    for (const subject of ['a', 'a:*']) await one.backplane.unsubscribe(subject);
    await settled(one);
    const channels = await redisCli('-p', String(broker.port), 'pubsub', 'channels');
    expect(channels.trim()).toBe('portal:the end');
    expect((await redisCli('-p', String(broker.port), 'pubsub', 'numpat')).trim()).toBe('0');
  });
});

test('a server that does not let us in is down', async () => {
  const { seen } = await connect({ url: broker.url.replace('//', '//me:wrong@') });
  expect(seen.states).toEqual(['down']);
});

describe('packets', () => {
  test('of five megabytes', async () => {
    const one = await connect();
    const packet = Buffer.alloc(5_000_000, allBytes);
    await one.backplane.subscribe('long');
    one.backplane.publish('long', packet);
    await settled(one);
    expect(one.seen.packets[0]!.packet.equals(packet)).toBe(true);
  });
});

describe('a server that', () => {
  test('is killed with packets on their way to it says how many may be lost', async () => {
    const server = await Broker.start('redis');
    const { backplane, seen } = await connect({}, server);
    await server.freeze();
    for (let number = 0; number < 100; number++) expect(backplane.publish('a', Buffer.from('x'))).toBe(true);
    await server.kill();
    await until(() => seen.states.includes('down') && seen.lost > 0);
    expect(seen.lost).toBe(100);
  });

  test('answers some requests while it reads its data is away', async () => {
    // microseconds for each key; it answers once in 1024
    const server = await Broker.start('redis', '--key-load-delay', '20');
    const { backplane, seen } = await connect({}, server);
    await backplane.subscribe('a');
    await redisCli('-u', server.url, 'eval', "for i = 1, 40000 do redis.call('set', i, i) end", '0');
    await server.kill();
    await until(() => seen.states.includes('down'));
    await server.start();
    await until(() => seen.states.length === 3);
    expect(await redisCli('-u', server.url, 'info', 'persistence')).toMatch(/^loading:0/m);
    expect(seen.states).toEqual(['up', 'down', 'up']);
    expect(backplane.publish('a', Buffer.from('x'))).toBe(true);
    await until(() => seen.packets.length === 1);
  });

  test('answers nothing while it reads its data is away', async () => {
    const slow = ['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'];
    const server = await Broker.start('redis', ...slow);
    const cli = (...args: string[]) => redisCli('-u', server.url, ...args);
    await cli('eval', "for i = 1, 1000 do redis.call('set', i, i) end", '0');
    // only what is in the base file is loaded slowly
    await cli('bgrewriteaof');
    await until(async () => /aof_rewrites:[1-9]/.test(await cli('info', 'persistence')));
    await until(async () => (await cli('info', 'persistence')).includes('aof_rewrite_in_progress:0'));
    await server.kill();
    await server.start();
    const { seen } = await connect({}, server);
    await until(async () => {
      const isUp = seen.states.includes('up');
      const isLoading = await cli('ping').then(
        () => false,
        () => true,
      );
      if (isLoading) expect(isUp).toBe(false);
      return !isLoading;
    });
    await until(() => seen.states.at(-1) === 'up');
  });

  // six seconds: a frozen server is given up within four
  test('has nothing to say for six seconds is up', async () => {
    const one = await connect();
    await one.backplane.subscribe('a');
    await new Promise((resolve) => setTimeout(resolve, 6000));
    await settled(one);
    expect(one.seen.states).toEqual(['up']);
  });
});

// eight seconds: a frozen server is given up within four, and the pings after the blocked time must be answered too
test('an event loop that was blocked for six seconds does not take the server for frozen', async () => {
  const one = await connect();
  const end = Date.now() + 6000;
  while (Date.now() < end);
  await settled(one);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(one.seen.states).toEqual(['up']);
});

test('stop leaves no connections', async () => {
  const server = await Broker.start('redis');
  const clients = () => redisCli('-p', String(server.port), 'client', 'list');
  const { backplane } = await connect({ prefix: 'app' }, server);
  expect((await clients()).match(/name=app-\w+/g)?.sort()).toEqual(['name=app-commands', 'name=app-subscriptions']);
  await backplane.stop();
  await until(async () => !(await clients()).includes('name=app'));
});

test('applications on two databases of a server have channels and histories of their own', async () => {
  const server = await Broker.start('redis');
  const at = (database: string) => connect({ url: `${server.url}${database}` });
  const nodes = await Promise.all(['', '/0', '/', '/3', '/03', '/12'].map(at));
  for (const { backplane } of nodes)
    for (const subject of ['room:7', 'room:*', 'log']) await backplane.subscribe(subject);
  const keep = { size: 10, ttlSeconds: 60 };
  for (const [index, { backplane }] of nodes.entries()) {
    expect(backplane.publish('room:7', Buffer.from(`plain ${index}`))).toBe(true);
    await backplane.history.append('log', Buffer.from(`kept ${index}`), { node: 'n', number: index }, keep);
  }
  for (const each of nodes) await settled(each);
  const heard = nodes.map(({ seen }) => [...new Set(seen.texts)].filter((text) => text !== 'end').sort());
  const of = (...those: number[]) => [
    ...those.map((index) => `kept ${index}`),
    ...those.map((index) => `plain ${index}`),
  ];
  expect(heard).toEqual([of(0, 1, 2), of(0, 1, 2), of(0, 1, 2), of(3, 4), of(3, 4), of(5)]);
});

test('applications on two databases of a server have patterns and users of their own', async () => {
  const server = await Broker.start('redis');
  const start = (database: number) =>
    Process.start({
      backplane: new RedisBackplane({ url: `${server.url}/${database}` }),
      history: { 'log:*': { size: 5, ttlSeconds: 60 } },
    });
  const [one, two] = [await start(1), await start(2)];
  const peers = [await one.connect('?user=ann'), await two.connect('?user=ann')] as const;
  for (const peer of peers) await peer.subscribePattern('**');
  for (const { channels } of [one, two]) expect(await channels.toUser('ann').count()).toBe(1);
  one.channels.publish('room:7', 'plain');
  one.channels.publish('log:7', 'kept');
  one.channels.toUser('ann').publish('to ann');
  await until(() => peers[0].messages.length === 3);
  two.channels.publish('room:7', 'the end');
  await until(() => peers[1].messages.length > 0);
  expect(peers[1].messages).toEqual(['the end']);
});
