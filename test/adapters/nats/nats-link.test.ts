import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { addressOf, NatsLink } from '../../../src/adapters/nats/nats-link';
import { Broker, disposeBrokers } from '../../support/broker';
import { until } from '../nodes';

afterAll(disposeBrokers);

const ignore = () => undefined;
const { signal } = new AbortController();

test.each([
  ['nats://127.0.0.1:4333', '127.0.0.1', 4333],
  ['nats.test', 'nats.test', 4222],
  ['localhost:1', 'localhost', 1],
  ['[::1]:1', '::1', 1],
])('%s is an address', (server, host, port) => {
  expect(addressOf(server)).toMatchObject({ host, port });
});

// three seconds: the time limit of a greeting
test('a server that takes a connection and says nothing is given up, with its socket', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection');
  await expect(NatsLink.open(`127.0.0.1:${port}`, {}, ignore, signal)).rejects.toThrow('does not answer');
  await accepted;
  await new Promise((resolve) => server.close(resolve));
});

test('a signal gives up', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const abort = new AbortController();
  const opening = NatsLink.open(`127.0.0.1:${port}`, {}, ignore, abort.signal);
  await once(server, 'connection');
  abort.abort();
  await expect(opening).rejects.toThrow();
  await new Promise((resolve) => server.close(resolve));
});

test('packets are confirmed before long, without being asked', async () => {
  const broker = await Broker.start('nats');
  const link = await NatsLink.open(broker.url, {}, ignore, signal);
  for (let number = 0; number < 10; number++) link.publish('a', Buffer.from('x'));
  expect(link.unconfirmed).toBe(10);
  await until(() => link.unconfirmed === 0);
  await link.close();
  expect(link.isOpen).toBe(false);
});

test('when the connection ends, nobody waits any more', async () => {
  const broker = await Broker.start('nats');
  const link = await NatsLink.open(broker.url, {}, ignore, signal);
  await broker.freeze();
  const waiting = [link.subscribe('a'), link.unsubscribe('b'), link.roundTrip()];
  await broker.kill();
  await Promise.all(waiting);
  expect((await link.ended).message).not.toBe('');
  await link.subscribe('a');
  await link.close();
});

test('what is read has a connection of its own, made when it is needed and again when it has ended', async () => {
  const broker = await Broker.start('nats');
  const link = await NatsLink.open(broker.url, {}, ignore, signal);
  const [first, same] = await Promise.all([link.reads(), link.reads()]);
  expect(same).toBe(first);
  expect(first).not.toBe(link.connection);
  await first.close();
  const second = await link.reads();
  expect(second).not.toBe(first);
  await link.endReads();
  expect(second.isClosed()).toBe(true);
  const third = await link.reads();
  expect(link.isOpen).toBe(true);
  await link.close();
  expect(third.isClosed()).toBe(true);
  await expect(link.reads()).rejects.toThrow();
});
