import { NatsBackplane, type NatsBackplaneOptions } from '../../../src/adapters/nats';
import { Broker, disposeBrokers } from '../../support/broker';
import { historyContract, messagesContract, outagesContract, type TestBroker } from '../backplane-contract';
import { configured, disposeConfigured } from './configured';

/*
 * What every backplane does, here by way of NATS. Slow: brokers are started, killed and frozen, and a silent server is given up only after
 * four seconds.
 */

afterAll(() => Promise.all([disposeBrokers(), disposeConfigured()]));

async function start(): Promise<TestBroker> {
  const server = await Broker.start('nats');
  return {
    connect: (prefix) => new NatsBackplane({ servers: server.url, prefix }),
    kill: () => server.kill(),
    start: () => server.start(),
    freeze: () => server.freeze(),
    resume: () => server.resume(),
  };
}

async function startRefusing(): Promise<TestBroker> {
  const { url } = await configured(
    'authorization { users: [{ user: me, password: secret, permissions: { subscribe: { deny: "portal.c.no" } } }] }',
  );
  const connection: NatsBackplaneOptions['connection'] = { user: 'me', pass: 'secret' };
  const never = (): Promise<void> => Promise.reject(new Error('nobody stops this server'));
  return { connect: () => new NatsBackplane({ servers: url, connection }), kill: never, start: never };
}

messagesContract(start, { refusing: startRefusing });
outagesContract(start);
historyContract(start);
