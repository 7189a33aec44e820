import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { redis } from '../../../src/adapters/redis/packages';
import {
  away,
  failure,
  isAway,
  isForgotten,
  isRefusal,
  isReply,
  RedisLine,
} from '../../../src/adapters/redis/redis-line';
import { Broker, disposeBrokers } from '../../support/broker';

afterAll(disposeBrokers);

/** Takes connections and says nothing. */
async function silentServer() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, url: `redis://127.0.0.1:${port}` };
}

test('which errors may pass', () => {
  const reply = (text: string) => new redis.ErrorReply(text);
  const gone = new Error('Socket closed unexpectedly');
  for (const text of ['LOADING x', 'MASTERDOWN x', 'CLUSTERDOWN x', 'BUSY x', 'NOAUTH x', 'MOVED 1 a:1']) {
    expect([isRefusal(reply(text)), isAway(failure(reply(text)))]).toEqual([true, true]);
  }
  for (const text of ['TRYAGAIN x', 'NOSCRIPT x', 'MISCONF x', 'ASK 1 a:1', 'NOREPLICAS x', 'READONLY x']) {
    expect([isRefusal(reply(text)), isAway(failure(reply(text)))]).toEqual([false, true]);
  }
  for (const error of [reply('OOM x'), reply('NOPERM x'), reply('ERR LOADING'), reply('')]) {
    expect([isRefusal(error), failure(error)]).toEqual([false, error]);
  }
  expect([reply('NOSCRIPT x'), reply('OOM x'), gone].map(isForgotten)).toEqual([true, false, false]);
  expect([isReply(gone), isRefusal(gone)]).toEqual([false, false]);
  expect(failure(gone)).toMatchObject({ retry: true, cause: gone });
  expect(away('x').message).toBe('the Redis server is away: x');
});

test('a server that takes a connection and says nothing is given up, with its socket', async () => {
  const { server, url } = await silentServer();
  const accepted = once(server, 'connection');
  const failed = new Promise<Error>((resolve) => {
    const line = new RedisLine(url, 'a', (error) => {
      resolve(error);
      void line.end();
    });
    void accepted.then(() => {
      for (let tick = 0; tick < 10; tick++) line.tick();
    });
  });
  expect((await failed).message).toBe('the Redis server does not answer');
  await new Promise((resolve) => server.close(resolve));
});

test('it can be ended at once, before there is a connection, and during the greeting', async () => {
  const { server, url } = await silentServer();
  const never = () => {
    throw new Error('failed');
  };
  await new RedisLine(url, 'a', never).end();
  const accepted = once(server, 'connection');
  const line = new RedisLine(url, 'a', never);
  await accepted;
  await line.end();
  await line.end();
  await expect(line.connected).rejects.toThrow();
  await new Promise((resolve) => server.close(resolve));
  const broker = await Broker.start('redis');
  for (const wait of [0, 1, 2, 3]) {
    const early = new RedisLine(broker.url, 'a', never);
    await new Promise((resolve) => setTimeout(resolve, wait));
    await early.end();
    expect(early.client.isReady).toBe(false);
  }
});

test('ticks ping an idle server now and then, and what is heard puts the end off', async () => {
  const broker = await Broker.start('redis');
  const failures: Error[] = [];
  const line = new RedisLine(broker.url, 'a', (error) => failures.push(error));
  await line.connected;
  for (let tick = 0; tick < 20; tick++) {
    line.tick();
    await line.ping();
  }
  expect(failures).toEqual([]);
  await broker.freeze();
  for (let tick = 0; tick < 20; tick++) {
    line.tick();
    line.heard();
  }
  expect(failures).toEqual([]);
  for (let tick = 0; tick < 6; tick++) line.tick();
  expect(failures.map(({ message }) => message)).toEqual(['the Redis server does not answer']);
  await line.end();
});
