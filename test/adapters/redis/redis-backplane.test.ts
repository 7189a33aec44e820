import { RedisBackplane, type RedisBackplaneOptions } from '../../../src/adapters/redis';
import { Process } from '../../support/channel-app';
import { Broker, disposeBrokers, redisCli } from '../../support/broker';
import { allBytes, node, Recorder, settled, stopNodes, strangeNames, until } from './nodes';

let broker: Broker;

beforeAll(async () => {
  broker = await Broker.start('redis');
});
afterEach(stopNodes);
afterAll(disposeBrokers);

const connect = (options: RedisBackplaneOptions = {}, { url }: { url: string } = broker) => node({ url, ...options });

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
  test.each(strangeNames)('%j comes as it was published', async (_, name) => {
    const one = await connect();
    await one.backplane.subscribe(name);
    expect(one.backplane.publish(`${name}:other`, Buffer.from('no'))).toBe(true);
    expect(one.backplane.publish(name, Buffer.from('yes'))).toBe(true);
    await settled(one);
    expect(one.seen.packets).toEqual([{ subject: name, packet: Buffer.from('yes'), offset: undefined }]);
  });

  test.each([
    ['room:*', ['room:7', 'room:', 'room:a[b]', 'room:*', 'room:é%'], ['room', 'rooms:7', 'other:7']],
    ['room:**', ['room:7', 'room:7:8', 'room::', 'room:a*b'], ['room', 'rooms:7']],
    ['*:7', ['room:7', ':7', '**:7'], ['7', 'room:8']],
    ['**', ['room', 'room:7', '', 'user 7'], []],
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

  test('a packet comes once for each subscription that matches', async () => {
    const one = await connect();
    for (const subject of ['room:7', 'room:7', 'room:*', 'room:**']) await one.backplane.subscribe(subject);
    one.backplane.publish('room:7', Buffer.from('x'));
    await settled(one);
    expect(one.seen.subjects).toEqual(['room:7', 'room:7', 'room:7']);
  });

  test.each(['a', 'a:*'])('%s, asked for and given up in quick succession, is as it was said last', async (subject) => {
    const one = await connect();
    const { backplane, seen } = one;
    const twice = () => [backplane.subscribe(subject), backplane.unsubscribe(subject)];
    await Promise.all([...twice(), ...twice(), backplane.subscribe(subject)]);
    backplane.publish('a', Buffer.from('1'));
    backplane.publish('a:1', Buffer.from('1'));
    await settled(one);
    expect(seen.packets).toHaveLength(1);
    await Promise.all([backplane.unsubscribe(subject), ...twice(), ...twice()]);
    await backplane.unsubscribe('never asked for');
    backplane.publish('a', Buffer.from('2'));
    backplane.publish('a:1', Buffer.from('2'));
    await settled(one);
    expect(seen.packets).toHaveLength(1);
    const channels = await redisCli('-p', String(broker.port), 'pubsub', 'channels');
    expect(channels.trim()).toBe('portal:the end');
    expect((await redisCli('-p', String(broker.port), 'pubsub', 'numpat')).trim()).toBe('0');
  });

  test('a subscription that the server does not allow is rejected, and the others hold', async () => {
    const server = await Broker.start('redis');
    const rights = ['on', '>sec:ret', 'allkeys', '+@all', 'resetchannels', '&p:yes', '&p:the*'];
    await redisCli('-p', String(server.port), 'acl', 'setuser', 'me', ...rights);
    const url = server.url.replace('//', '//me:sec%3Aret@');
    const one = await node({ url, prefix: 'p' });
    expect(one.seen.states).toEqual(['up']);
    await one.backplane.subscribe('yes');
    await expect(one.backplane.subscribe('no')).rejects.toThrow('NOPERM');
    expect(one.backplane.publish('no', Buffer.from('x'))).toBe(true);
    await until(() => one.seen.lost === 1);
    expect(one.seen.reasons).toEqual([expect.stringContaining('NOPERM')]);
    one.backplane.publish('yes', Buffer.from('x'));
    await settled(one);
    expect(one.seen.texts).toEqual(['x']);
    await one.backplane.stop();
    // it is not asked for again
    const again = new Recorder();
    await one.backplane.start(again);
    expect(again.states).toEqual(['up']);
    await one.backplane.stop();
    await one.backplane.subscribe('no');
    const refused = new Recorder();
    await one.backplane.start(refused);
    // it was asked for while the server was away: it is told, and the others hold
    expect(refused.states).toEqual(['up']);
    expect(refused.refused).toEqual([['no', expect.stringContaining('NOPERM')]]);
    one.backplane.publish('yes', Buffer.from('x'));
    await until(() => refused.texts.includes('x'));
    const wrong = await node({ url: server.url.replace('//', '//me:wrong@') });
    expect(wrong.seen.states).toEqual(['down']);
  });
});

describe('packets', () => {
  test('are binary, and come to ourselves too', async () => {
    const one = await connect();
    await one.backplane.subscribe('binary');
    await one.backplane.subscribe('binary:*');
    const inside = Buffer.concat([allBytes, allBytes, allBytes]).subarray(256, 512);
    one.backplane.publish('binary', inside);
    one.backplane.publish('binary:x', new Uint8Array(allBytes));
    one.backplane.publish('binary', Buffer.alloc(0));
    await settled(one);
    const packets = one.seen.packets.map(({ packet }) => packet);
    expect(packets).toEqual([allBytes, allBytes, Buffer.alloc(0)]);
    expect(packets.every((packet) => Buffer.isBuffer(packet))).toBe(true);
  });

  test('keep their order, ten thousand of them, also at another node', async () => {
    const [one, other] = [await connect(), await connect()];
    await one.backplane.subscribe('order');
    await other.backplane.subscribe('order');
    const texts = Array.from({ length: 10_000 }, (_, number) => String(number));
    for (const text of texts) one.backplane.publish('order', Buffer.from(text));
    await until(() => one.seen.packets.length === texts.length && other.seen.packets.length === texts.length);
    expect(one.seen.texts).toEqual(texts);
    expect(other.seen.texts).toEqual(texts);
  });

  test('of another prefix are not seen', async () => {
    const [one, other] = [await connect({ prefix: 'one' }), await connect({ prefix: 'one.c' })];
    await one.backplane.subscribe('**');
    await other.backplane.subscribe('**');
    one.backplane.publish('c', Buffer.from('1'));
    other.backplane.publish('c', Buffer.from('2'));
    await settled(one);
    await settled(other);
    // the end comes by the pattern too
    await until(() => one.seen.packets.length === 2 && other.seen.packets.length === 2);
    expect(one.seen.texts).toEqual(['1', 'end']);
    expect(other.seen.texts).toEqual(['2', 'end']);
  });

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
  test('is killed and comes back has all subscriptions again', async () => {
    const server = await Broker.start('redis');
    const one = await connect({}, server);
    const { backplane, seen } = one;
    await backplane.subscribe('kept');
    await backplane.subscribe('kept:*');
    await backplane.subscribe('given up');
    await server.kill();
    await until(() => seen.states.includes('down'));
    expect(backplane.publish('kept', Buffer.from('while away'))).toBe(false);
    await backplane.subscribe('new');
    await backplane.subscribe('new:**');
    await backplane.unsubscribe('given up');
    await server.start();
    await until(() => seen.states.length === 3);
    expect(seen.states).toEqual(['up', 'down', 'up']);
    const subjects = ['given up', 'kept', 'kept:1', 'new', 'new:1:2'];
    for (const subject of subjects) backplane.publish(subject, Buffer.from(subject));
    await until(() => seen.packets.length === 4);
    await settled(one);
    expect(seen.texts).toEqual(subjects.slice(1));
    await server.dispose();
  });

  test('is killed with packets on their way to it says how many may be lost', async () => {
    const server = await Broker.start('redis');
    const { backplane, seen } = await connect({}, server);
    server.freeze();
    for (let number = 0; number < 100; number++) expect(backplane.publish('a', Buffer.from('x'))).toBe(true);
    await server.kill();
    await until(() => seen.states.includes('down') && seen.lost > 0);
    expect(seen.lost).toBe(100);
  });

  test('still reads its data is away, though it answers', async () => {
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

  test('is not there at first is waited for', async () => {
    const server = await Broker.start('redis');
    await server.kill();
    const { backplane, seen } = await connect({}, server);
    expect(seen.states).toEqual(['down']);
    await backplane.subscribe('a');
    expect(backplane.publish('a', Buffer.from('x'))).toBe(false);
    await server.start();
    await until(() => seen.states.length === 2);
    expect(seen.states).toEqual(['down', 'up']);
    backplane.publish('a', Buffer.from('y'));
    await until(() => seen.packets.length === 1);
    expect(seen.texts).toEqual(['y']);
  });

  test.each([
    ['nothing', 0],
    ['much', 300],
  ])('is frozen is noticed, with %s on its way to it', async (_, most) => {
    const server = await Broker.start('redis');
    const one = await connect({}, server);
    await one.backplane.subscribe('a');
    await settled(one);
    server.freeze();
    let published = 0;
    // more than the buffers of the system take
    const packet = Buffer.alloc(100_000);
    await until(() => {
      if (published < most && one.backplane.publish('b', packet)) published++;
      return one.seen.states.includes('down');
    });
    expect(one.backplane.publish('b', packet)).toBe(false);
    await until(() => one.seen.lost === published);
    server.resume();
    await until(() => one.seen.states.length === 3);
    await settled(one);
    expect(one.seen.states).toEqual(['up', 'down', 'up']);
  });

  test('is still loading its data is away', async () => {
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

  test('says nothing for long is still up, when there is nothing to say', async () => {
    const one = await connect();
    await one.backplane.subscribe('a');
    await new Promise((resolve) => setTimeout(resolve, 6000));
    await settled(one);
    expect(one.seen.states).toEqual(['up']);
  });
});

test('a loop that was blocked for long does not take the server for frozen', async () => {
  const one = await connect();
  const end = Date.now() + 6000;
  while (Date.now() < end);
  await settled(one);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(one.seen.states).toEqual(['up']);
});

describe('stop', () => {
  test('without start, and twice', async () => {
    const backplane = new RedisBackplane({ url: broker.url });
    await backplane.stop();
    await backplane.stop();
    expect(backplane.publish('a', Buffer.from('x'))).toBe(false);
  });

  test('lets what was published leave, and tells nobody', async () => {
    const [one, other] = [await connect(), await connect()];
    await other.backplane.subscribe('a');
    for (let number = 0; number < 1000; number++) one.backplane.publish('a', Buffer.from(String(number)));
    await one.backplane.stop();
    expect(one.backplane.publish('a', Buffer.from('late'))).toBe(false);
    await until(() => other.seen.packets.length === 1000);
    expect(one.seen).toMatchObject({ states: ['up'], lost: 0 });
  });

  test('leaves no connections', async () => {
    const server = await Broker.start('redis');
    const clients = () => redisCli('-p', String(server.port), 'client', 'list');
    const { backplane } = await node({ url: server.url, prefix: 'app' });
    expect((await clients()).match(/name=app-\w+/g)?.sort()).toEqual(['name=app-commands', 'name=app-subscriptions']);
    await backplane.stop();
    await until(async () => !(await clients()).includes('name=app'));
  });

  test('then start again, also at once', async () => {
    const { backplane, seen } = await connect();
    await expect(backplane.start(seen)).rejects.toThrow('started already');
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

  test('while it connects for the first time', async () => {
    const backplane = new RedisBackplane({ url: broker.url });
    const seen = new Recorder();
    const starting = backplane.start(seen);
    await backplane.stop();
    await starting;
    expect(seen.states).toEqual([]);
  });

  test('while no server is there, or a frozen one', async () => {
    const server = await Broker.start('redis');
    server.freeze();
    const backplane = new RedisBackplane({ url: server.url });
    const seen = new Recorder();
    const starting = backplane.start(seen);
    await backplane.stop();
    await starting;
    expect(seen.states).toEqual([]);
    await backplane.start(seen);
    expect(seen.states).toEqual(['down']);
    server.resume();
    await server.kill();
    await backplane.stop();
    expect(seen.states).toEqual(['down']);
  });

  test('while it is up with a server that is frozen then', async () => {
    const server = await Broker.start('redis');
    const { backplane, seen } = await connect({}, server);
    server.freeze();
    backplane.publish('a', Buffer.from('x'));
    await backplane.stop();
    await until(() => seen.lost === 1);
    expect(seen.states).toEqual(['up']);
  });
});

test('applications on two databases of a server do not hear each other', async () => {
  const server = await Broker.start('redis');
  const at = (database: string) => node({ url: `${server.url}${database}` });
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

test('nor do applications on two databases, though both know all channels by a pattern and by users', async () => {
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
