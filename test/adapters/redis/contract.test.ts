import { RedisBackplane } from '../../../src/adapters/redis';
import { Broker, disposeBrokers, redisCli, startRedisCluster } from '../../support/broker';
import { historyContract, messagesContract, outagesContract, type TestBroker } from '../backplane-contract';

/*
 * What every backplane does, here by way of a Redis server and of a Redis Cluster. Slow: brokers are started, killed and frozen, and a
 * silent server is given up only after four seconds.
 */

afterAll(disposeBrokers);

const testBroker = (server: Broker, url = server.url): TestBroker => ({
  connect: (prefix) => new RedisBackplane({ url, prefix }),
  kill: () => server.kill(),
  start: () => server.start(),
  freeze: () => server.freeze(),
  resume: () => server.resume(),
});

const start = async (): Promise<TestBroker> => testBroker(await Broker.start('redis'));

async function startRefusing(): Promise<TestBroker> {
  const server = await Broker.start('redis');
  const rights = ['on', '>sec:ret', 'allkeys', '+@all', 'resetchannels', '&portal:yes', '&portal:the*'];
  await redisCli('-p', String(server.port), 'acl', 'setuser', 'me', ...rights);
  return testBroker(server, server.url.replace('//', '//me:sec%3Aret@'));
}

async function startCluster(): Promise<TestBroker> {
  const servers = await startRedisCluster();
  const cluster = servers.map(({ url }) => url);
  const each = async (act: (server: Broker) => Promise<void>): Promise<void> => {
    await Promise.all(servers.map(act));
  };
  return {
    connect: (prefix) => new RedisBackplane({ cluster, prefix }),
    kill: () => each((server) => server.kill()),
    start: () => each((server) => server.start()),
  };
}

describe('a Redis server', () => {
  messagesContract(start, { refusing: startRefusing });
  outagesContract(start);
  historyContract(start);
});

describe('a Redis Cluster', () => {
  messagesContract(startCluster, { patterns: false });
  historyContract(startCluster, { outages: false });
});
