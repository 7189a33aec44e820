import { NatsBackplane } from '../../../src/adapters/nats';
import { configured, disposeConfigured } from './configured';
import { Process } from '../../support/channel-app';
import { startNode, stopNodes, until } from '../nodes';

/*
 * A server that refuses something is there. No file of the sources has this name: it is about all that NATS says no to.
 */

afterEach(stopNodes);
afterAll(disposeConfigured);

/** A backplane on a server with these settings, as a user with these permissions. */
async function connect(settings: string, permissions = '') {
  const users = `authorization { users: [{ user: me, password: secret, permissions: { ${permissions} } }] }`;
  const { url } = await configured(`${settings}\n${permissions === '' ? '' : users}`);
  return startNode(new NatsBackplane({ servers: url, connection: { user: 'me', pass: 'secret' } }));
}

test('a packet that the server does not allow is counted as lost, and the others arrive', async () => {
  const { backplane, seen } = await connect('', 'publish: { deny: "portal.c.no" }');
  await backplane.subscribe('no');
  await backplane.subscribe('yes');
  for (const name of ['no', 'yes', 'no']) backplane.publish(name, Buffer.from(name));
  await until(() => seen.lost === 2 && seen.packets.length === 1);
  expect(seen).toMatchObject({ texts: ['yes'], states: ['up'] });
  expect(seen.reasons[0]).toContain('Permissions Violation');
});

test('more subscriptions than the server allows are told, and the others hold', async () => {
  const { backplane, seen } = await connect('max_subscriptions: 2');
  for (const name of ['one', 'two', 'three']) await backplane.subscribe(name);
  await until(() => seen.refused.length === 1);
  expect(seen.refused).toEqual([['a channel', expect.stringMatching(/maximum subscriptions/i)]]);
  for (const name of ['one', 'two', 'three']) backplane.publish(name, Buffer.from(name));
  await until(() => seen.packets.length === 2);
  expect(seen).toMatchObject({ texts: ['one', 'two'], states: ['up'], lost: 0 });
});

test.each([
  ['', 1024 * 1024],
  ['max_payload: 65536', 65_536],
])('the server says how much it takes: %j', async (setting, most) => {
  const { backplane, seen } = await connect(`jetstream: { store_dir: "$FOLDER" }\n${setting}`);
  expect(backplane.maxPacketBytes).toBe(most);
  const ofHistory = backplane.history.maxPacketBytes!;
  expect(ofHistory).toBeLessThan(most);
  for (const name of ['room:7', 'log']) await backplane.subscribe(name);
  backplane.publish('room:7', Buffer.alloc(most));
  const id = { node: 'f'.repeat(16), number: Number.MAX_SAFE_INTEGER };
  await backplane.history.append('log', Buffer.alloc(ofHistory), id, { size: 5, ttlSeconds: 60 });
  await until(() => seen.packets.length === 2);
  expect(seen).toMatchObject({ states: ['up'], lost: 0 });
});

test('a message that the server does not take is told to who publishes, and reaches the own process', async () => {
  const { url } = await configured('jetstream: { store_dir: "$FOLDER" }\nmax_payload: 65536');
  const start = () =>
    Process.start({
      backplane: new NatsBackplane({ servers: url }),
      history: { 'log:*': { size: 5, ttlSeconds: 60 } },
    });
  const [a, b] = [await start(), await start()];
  const [here, there] = [await a.connect(), await b.connect()];
  for (const peer of [here, there]) for (const name of ['room:7', 'log:1']) await peer.subscribe(name);
  const large = 'x'.repeat(70_000);
  for (const name of ['room:7', 'log:1']) {
    expect(a.channels.publish(name, large)).toEqual({ local: 1, others: 'too_large' });
    expect(a.channels.publish(name, `small to ${name}`).others).toBe('sent');
  }
  await until(() => there.messages.length === 2 && here.messages.length === 4);
  expect(here.messages.map(String).sort()).toEqual(['small to log:1', 'small to room:7', large, large]);
  expect(there.messages.map(String).sort()).toEqual(['small to log:1', 'small to room:7']);
  expect(a.log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
});
