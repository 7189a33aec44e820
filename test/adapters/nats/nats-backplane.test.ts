import { NatsBackplane, type NatsBackplaneOptions } from '../../../src/adapters/nats';
import { Broker, disposeBrokers } from '../../support/broker';
import { configured, disposeConfigured } from './configured';
import { frozen, Recorder, until } from './recorder';

let broker: Broker;
const started: NatsBackplane[] = [];

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
  return { backplane, seen };
}

/** What was published before has come when this has. */
async function settled({ backplane, seen }: Awaited<ReturnType<typeof connect>>): Promise<void> {
  await backplane.subscribe('the end');
  expect(backplane.publish('the end', Buffer.from('end'))).toBe(true);
  await until(() => seen.subjects.includes('the end'));
  seen.packets.splice(seen.subjects.indexOf('the end'), 1);
}

describe('options', () => {
  test.each([
    [{ prefix: '' }, RangeError],
    [{ prefix: 'a b' }, RangeError],
    [{ prefix: 'a.*' }, RangeError],
    [{ prefix: 'a.b' }, RangeError],
    [{ prefix: 'a>' }, RangeError],
    [{ prefix: 'a\n' }, RangeError],
    [{ prefix: 'x'.repeat(101) }, RangeError],
    [{ prefix: 7 }, TypeError],
    [{ servers: [] }, RangeError],
    [{ servers: 7 }, TypeError],
    [{ servers: ['nats://'] }, TypeError],
    [{ servers: 'nats://a:port' }, TypeError],
    [{ servers: 'nats://me:secret@127.0.0.1' }, TypeError],
    [{ servers: 'nats://:secret@127.0.0.1' }, TypeError],
    [{ servers: 'tls://127.0.0.1' }, TypeError],
    [{ replicas: 0 }, RangeError],
    [{ replicas: 1.5 }, RangeError],
    [{ replicas: 6 }, RangeError],
    [{ connection: 'token' }, TypeError],
    [{ connection: { noEcho: true } }, TypeError],
    [{ server: 'nats://127.0.0.1' }, TypeError],
  ])('%j is refused', (options, kind) => {
    expect(() => new NatsBackplane(options as NatsBackplaneOptions)).toThrow(kind);
  });

  test('none are needed, and servers may be written in several ways', () => {
    new NatsBackplane();
    new NatsBackplane({
      servers: ['127.0.0.1', 'localhost:4222', 'nats://[::1]:4222', 'nats.test'],
      prefix: 'a-b_C4',
    });
  });
});

describe('subjects', () => {
  test.each([
    'room:7',
    'room',
    'node 4f2a',
    'a.b:c.d',
    'a*b:*c',
    'a:>:b',
    '100%:%20:%',
    'höhe:日本:🎉',
    '',
    '::',
    'a::b:',
    'line\r\nPUB x 0\r\n',
    'x'.repeat(3000),
  ])('%j comes as it was published', async (name) => {
    const node = await connect();
    await node.backplane.subscribe(name);
    expect(node.backplane.publish(`${name}:other`, Buffer.from('no'))).toBe(true);
    expect(node.backplane.publish(name, Buffer.from('yes'))).toBe(true);
    await settled(node);
    expect(node.seen.packets).toEqual([{ subject: name, packet: Buffer.from('yes'), offset: undefined }]);
  });

  test.each([
    ['room:*', ['room:7', 'room:', 'room:a.b', 'room:*', 'room:>', 'room:é%'], ['room', 'room:7:8', 'other:7']],
    ['room:**', ['room:7', 'room:7:8', 'room::', 'room:a*b:.'], ['room', 'rooms:7']],
    ['*:7', ['room:7', ':7', '**:7'], ['7', 'room:8', 'a:b:7']],
    ['**', ['room', 'room:7', ''], ['user 7', 'node 4f2a:x']],
    ['*', ['room', '*', 'a*'], ['user 7', 'room:7']],
    ['a*:b', ['a*:b'], ['ab:b', 'a:b']],
    ['**:b', ['**:b'], ['a:b', 'a:a:b']],
  ])('the pattern %s', async (pattern, matching, others) => {
    const node = await connect();
    await node.backplane.subscribe(pattern);
    for (const name of [...others, ...matching]) node.backplane.publish(name, Buffer.from(name));
    await node.backplane.unsubscribe('x');
    await until(() => node.seen.packets.length >= matching.length);
    await node.backplane.unsubscribe(pattern);
    await settled(node);
    expect(node.seen.subjects).toEqual(matching);
    expect(node.seen.texts).toEqual(matching);
  });

  test('a packet comes once for each subscription that matches', async () => {
    const node = await connect();
    for (const subject of ['room:7', 'room:7', 'room:*', 'room:**']) await node.backplane.subscribe(subject);
    node.backplane.publish('room:7', Buffer.from('x'));
    await settled(node);
    expect(node.seen.subjects).toEqual(['room:7', 'room:7', 'room:7']);
  });

  test('what was given up does not come', async () => {
    const node = await connect();
    await node.backplane.subscribe('a');
    await node.backplane.unsubscribe('a');
    await node.backplane.unsubscribe('never asked for');
    node.backplane.publish('a', Buffer.from('1'));
    await settled(node);
    expect(node.seen.packets).toEqual([]);
  });

  test('a name that is too long is refused, and harms nobody', async () => {
    const node = await connect();
    const name = 'x'.repeat(5000);
    await expect(node.backplane.subscribe(name)).rejects.toThrow(RangeError);
    expect(node.backplane.publish(name, Buffer.from('x'))).toBe(true);
    await settled(node);
    expect(node.seen).toMatchObject({ lost: 1, states: ['up'] });
  });

  test('a subscription that the server does not allow is rejected, and the others hold', async () => {
    const server = await configured(
      'authorization { users: [{ user: me, password: secret, permissions: { subscribe: { deny: "portal.c.no" } } }] }',
    );
    const node = await connect({ connection: { user: 'me', pass: 'secret' } }, server);
    await expect(node.backplane.subscribe('no')).rejects.toThrow('Permissions Violation');
    await settled(node);
    await node.backplane.stop();
    // it is not asked for again
    const again = new Recorder();
    await node.backplane.start(again);
    expect(again.states).toEqual(['up']);
    await node.backplane.stop();
    await node.backplane.subscribe('no');
    const refused = new Recorder();
    await node.backplane.start(refused);
    // it was asked for while the server was away: it is told, and the others hold
    expect(refused.states).toEqual(['up']);
    expect(refused.refused).toEqual([['no', expect.stringContaining('Permissions Violation')]]);
    await node.backplane.subscribe('yes');
    node.backplane.publish('yes', Buffer.from('x'));
    await until(() => refused.texts.includes('x'));
  });

  test('a server that knows us not is down', async () => {
    const server = await configured('authorization { user: me, password: secret }');
    const { seen } = await connect({ connection: { user: 'me', pass: 'wrong' } }, server);
    expect(seen.states).toEqual(['down']);
  });
});

describe('packets', () => {
  test('are binary', async () => {
    const node = await connect();
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await node.backplane.subscribe('binary');
    node.backplane.publish('binary', all);
    node.backplane.publish('binary', new Uint8Array(all));
    node.backplane.publish('binary', Buffer.alloc(0));
    await settled(node);
    expect(node.seen.packets.map(({ packet }) => packet)).toEqual([all, all, Buffer.alloc(0)]);
    expect(node.seen.packets.every(({ packet }) => Buffer.isBuffer(packet))).toBe(true);
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
    const [one, other] = [await connect({ prefix: 'one' }), await connect({ prefix: 'one-c' })];
    await one.backplane.subscribe('**');
    await other.backplane.subscribe('**');
    one.backplane.publish('c', Buffer.from('1'));
    await one.backplane.unsubscribe('x');
    other.backplane.publish('c', Buffer.from('2'));
    await other.backplane.unsubscribe('x');
    for (const node of [one, other]) await settled(node);
    expect(one.seen.texts).toEqual(['1']);
    expect(other.seen.texts).toEqual(['2']);
  });

  test('which are longer than the server takes are lost, and said so', async () => {
    const node = await connect();
    await node.backplane.subscribe('long');
    expect(node.backplane.publish('long', Buffer.alloc(2 ** 21))).toBe(true);
    await settled(node);
    expect(node.seen).toMatchObject({ lost: 1, packets: [], states: ['up'] });
  });
});

describe('a server that', () => {
  test('is killed and comes back has all subscriptions again', async () => {
    const server = await Broker.start('nats');
    const node = await connect({}, server);
    const { backplane, seen } = node;
    await backplane.subscribe('kept');
    await backplane.subscribe('kept:*');
    await backplane.subscribe('given up');
    await server.kill();
    await until(() => seen.states.includes('down'));
    expect(backplane.publish('kept', Buffer.from('while away'))).toBe(false);
    await backplane.subscribe('new');
    await backplane.unsubscribe('given up');
    await server.start();
    await until(() => seen.states.length === 3);
    expect(seen.states).toEqual(['up', 'down', 'up']);
    for (const subject of ['given up', 'kept', 'kept:1', 'new']) backplane.publish(subject, Buffer.from(subject));
    await settled(node);
    expect(seen.texts).toEqual(['kept', 'kept:1', 'new']);
    await server.dispose();
  });

  test('is not there at first is waited for', async () => {
    const server = await Broker.start('nats');
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
    await server.dispose();
  });

  test('is frozen is noticed, also with much on its way to it; what may be lost is counted', async () => {
    const server = await Broker.start('nats');
    const node = await connect({}, server);
    await node.backplane.subscribe('a');
    await settled(node);
    await frozen(server);
    let published = 0;
    const packet = Buffer.alloc(100_000);
    await until(() => {
      // more than the buffers of the system take
      if (published < 300 && node.backplane.publish('b', packet)) published++;
      return node.seen.states.includes('down');
    });
    expect(node.backplane.publish('b', packet)).toBe(false);
    expect(node.seen.lost).toBeGreaterThanOrEqual(published);
    expect(node.seen.lost).toBeLessThanOrEqual(published + 1);
    server.resume();
    await until(() => node.seen.states.length === 3);
    await settled(node);
    expect(node.seen.states).toEqual(['up', 'down', 'up']);
    await server.dispose();
  });

  test.each([0, 1])('is the only one of two that is there is found at once, be it the first or not', async (first) => {
    const gone = await Broker.start('nats');
    await gone.kill();
    jest.spyOn(Math, 'random').mockReturnValueOnce(first / 2);
    const { seen } = await connect({ servers: [gone.url, broker.url] });
    expect(seen.states).toEqual(['up']);
  });
});

describe('stop', () => {
  test('without start, and twice', async () => {
    const backplane = new NatsBackplane({ servers: broker.url });
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
    const backplane = new NatsBackplane({ servers: broker.url });
    const seen = new Recorder();
    const starting = backplane.start(seen);
    await backplane.stop();
    await starting;
    expect(seen.states).toEqual([]);
  });

  test('while no server is there, or a frozen one', async () => {
    const server = await Broker.start('nats');
    await frozen(server);
    const backplane = new NatsBackplane({ servers: server.url });
    const seen = new Recorder();
    const starting = backplane.start(seen);
    await backplane.stop();
    await starting;
    expect(seen.states).toEqual([]);
    server.resume();
    await server.kill();
    await backplane.start(seen);
    await backplane.stop();
    expect(seen.states).toEqual(['down']);
    await server.dispose();
  });

  test('while it is up with a server that is frozen then', async () => {
    const server = await Broker.start('nats');
    const { backplane, seen } = await connect({}, server);
    await frozen(server);
    backplane.publish('a', Buffer.from('x'));
    await backplane.stop();
    expect(seen).toMatchObject({ states: ['up'], lost: 1 });
    await server.dispose();
  });
});
