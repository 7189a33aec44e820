import { deferred } from '../support/engine';
import { Process, settled } from '../support/channel-app';
import { MemoryBus } from '../support/memory-bus';

/** A process on a bus, and the subjects to which it subscribes there beside its own. */
async function start(options: Parameters<typeof Process.start>[0] = {}) {
  const backplane = new MemoryBus().connect();
  const server = await Process.start({ backplane, ...options });
  const own = new Set(backplane.subjects);
  const subjects = (): string[] => [...backplane.subjects].filter((subject) => !own.has(subject));
  return { server, backplane, subjects };
}

test('the first subscriber opens a topic, and the last one closes it', async () => {
  const { server, subjects } = await start();
  const [a, b] = [await server.connect(), await server.connect()];
  await a.subscribe('room:7', { data: 1 });
  await b.subscribe('room:7', { data: 2 });
  expect((await server.channels.presence('room:7')).map(({ data }) => data)).toEqual([1, 2]);
  await a.unsubscribe('room:7');
  await a.unsubscribe('room:7');
  expect(await server.channels.subscribers('room:7')).toBe(1);
  expect(subjects()).toEqual(['room:7']);
  await b.unsubscribe('room:7');
  await settled();
  expect(await server.channels.subscribers('room:7')).toBe(0);
  expect(subjects()).toEqual([]);
});

test('subscribing again changes the data and nothing else', async () => {
  const { server } = await start();
  const a = await server.connect();
  await a.subscribe('room:7', { data: 1 });
  await a.subscribe('room:7', { data: 2 });
  expect((await server.channels.presence('room:7')).map(({ data }) => data)).toEqual([2]);
  server.channels.publish('room:7', 'x');
  expect(await a.received()).toEqual(['x']);
});

test('a subscription that the broker refuses leaves nothing behind', async () => {
  const { server, backplane, subjects } = await start();
  backplane.refused.add('secret');
  const a = await server.connect();
  await expect(a.subscribe('secret')).rejects.toThrow('no permission');
  expect(await server.channels.subscribers('secret')).toBe(0);
  expect(subjects()).toEqual([]);
  expect(server.log.errors).toEqual([]);
});

test('nothing is left of a connection that closes, also while a subscription waits for the broker', async () => {
  const { server, backplane, subjects } = await start();
  const a = await server.connect();
  await a.subscribe('room:7');
  await a.subscribePattern('room:*');
  const confirmed = deferred();
  const subscribe = backplane.subscribe.bind(backplane);
  backplane.subscribe = (subject) => subscribe(subject).then(() => confirmed.promise);
  a.subscribe('room:8').catch(() => undefined);
  await settled();
  await a.client.close();
  confirmed.resolve();
  await settled();
  for (const channel of ['room:7', 'room:8']) expect(await server.channels.subscribers(channel)).toBe(0);
  expect(server.log.errors).toEqual([]);
  expect(subjects()).toEqual([]);
});
