import { NatsBackplane, type NatsBackplaneOptions } from '../../../src/adapters/nats';
import { Broker, disposeBrokers } from '../../support/broker';
import { configured, disposeConfigured } from './configured';
import { settled, startNode, stopNodes, until } from '../nodes';

let broker: Broker;

beforeAll(async () => {
  broker = await Broker.start('nats');
});
afterEach(stopNodes);
afterAll(() => Promise.all([disposeBrokers(), disposeConfigured()]));

const connect = (options: NatsBackplaneOptions = {}, server: { url: string } = broker) =>
  startNode(new NatsBackplane({ servers: server.url, ...options }));

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
  test.each(['', 'a*b:*c', 'line\r\nPUB x 0\r\n', 'x'.repeat(3000)])('%j comes as it was published', async (name) => {
    const node = await connect();
    await node.backplane.subscribe(name);
    node.backplane.publish(name, Buffer.from('yes'));
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
  ])('the pattern %s stands for nothing else', async (pattern, matching, others) => {
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

  test('a name that is too long is refused, and the connection goes on', async () => {
    const node = await connect();
    const name = 'x'.repeat(5000);
    await expect(node.backplane.subscribe(name)).rejects.toThrow(RangeError);
    expect(node.backplane.publish(name, Buffer.from('x'))).toBe(true);
    await settled(node);
    expect(node.seen).toMatchObject({ lost: 1, states: ['up'] });
  });

  test('a server that does not let us in is down', async () => {
    const server = await configured('authorization { user: me, password: secret }');
    const { seen } = await connect({ connection: { user: 'me', pass: 'wrong' } }, server);
    expect(seen.states).toEqual(['down']);
  });
});

describe('packets', () => {
  test('that are longer than the server takes are lost, and reported', async () => {
    const node = await connect();
    await node.backplane.subscribe('long');
    expect(node.backplane.publish('long', Buffer.alloc(2 ** 21))).toBe(true);
    await settled(node);
    expect(node.seen).toMatchObject({ lost: 1, packets: [], states: ['up'] });
  });
});

test.each([0, 1])('of two servers the one that is there is found at once, from server %d on', async (first) => {
  const gone = await Broker.start('nats');
  await gone.kill();
  jest.spyOn(Math, 'random').mockReturnValueOnce(first / 2);
  const { seen } = await connect({ servers: [gone.url, broker.url] });
  expect(seen.states).toEqual(['up']);
});
