import { RedisBackplane } from '../../../src/adapters/redis';
import { Broker, disposeBrokers, redisCli } from '../../support/broker';
import { Process } from '../../support/channel-app';
import { startNode, stopNodes, until } from '../nodes';

/*
 * A server that answers with an error is there. No file of the sources has this name: it is about all that Redis says no to.
 */

afterEach(stopNodes);
afterAll(disposeBrokers);

const KEEP = { size: 5, ttlSeconds: 60 };
const connect = ({ url }: { url: string }) => startNode(new RedisBackplane({ url }));
const cli = (server: Broker, ...args: string[]) => redisCli('-p', String(server.port), ...args);

/** A disk on which Redis cannot save: it refuses all that writes, and PING. */
async function fillDisk(server: Broker): Promise<void> {
  await cli(server, 'config', 'set', 'save', '3600 1');
  await cli(server, 'config', 'set', 'dir', '/proc');
  await cli(server, 'bgsave');
  await until(async () => (await cli(server, 'info', 'persistence')).includes('last_bgsave_status:err'));
  await expect(cli(server, 'ping')).rejects.toThrow('MISCONF');
}

const refusedPings = async (server: Broker): Promise<number> => {
  const stats = await cli(server, 'info', 'commandstats');
  return Number(/cmdstat_ping:.*rejected_calls=(\d+)/.exec(stats)?.[1] ?? 0);
};

test('with a full disk plain channels go on, and those with history wait', async () => {
  const server = await Broker.start('redis', '--enable-protected-configs', 'yes');
  const [one, two] = [await connect(server), await connect(server)];
  await one.backplane.subscribe('room:7');
  await fillDisk(server);
  const before = await refusedPings(server);
  // two pings each of four connections
  await until(async () => (await refusedPings(server)) >= before + 8);
  await one.backplane.subscribe('room:*');
  expect(two.backplane.publish('room:7', Buffer.from('x'))).toBe(true);
  await until(() => one.seen.texts.length === 2);
  // it can be connected to as well
  const late = await connect(server);
  for (const { seen } of [one, two, late]) expect(seen.states).toEqual(['up']);
  const { history } = one.backplane;
  const id = { node: '0123456789abcdef', number: 1 };
  await expect(history.append('log', Buffer.from('kept'), id, KEEP)).rejects.toMatchObject({ retry: true });
  await expect(history.last('log', KEEP)).rejects.toMatchObject({ retry: true });
  await cli(server, 'config', 'set', 'save', '');
  await history.append('log', Buffer.from('kept'), id, KEEP);
  expect(one.seen).toMatchObject({ states: ['up'], lost: 0 });
});

test('without memory, plain channels go on, and where a history stands cannot be told yet', async () => {
  const server = await Broker.start('redis');
  const { backplane, seen } = await connect(server);
  await cli(server, 'config', 'set', 'maxmemory', '1');
  await backplane.subscribe('room:7');
  backplane.publish('room:7', Buffer.from('x'));
  await until(() => seen.texts.includes('x'));
  await expect(backplane.history.last('new', KEEP)).rejects.toMatchObject({ retry: true });
  expect(seen).toMatchObject({ states: ['up'], lost: 0 });
});

test.each(['-ping', '-config', '-client|setname', '-publish'])('of a user with the rule %s', async (rule) => {
  const server = await Broker.start('redis');
  await cli(server, 'acl', 'setuser', 'me', 'on', '>secret', 'allkeys', 'allchannels', '+@all', rule);
  const { backplane, seen } = await connect({ url: server.url.replace('//', '//me:secret@') });
  // the first ping is that of the beginning, the others are to find out whether the server lives
  if (rule === '-ping') await until(async () => (await refusedPings(server)) >= 5);
  await backplane.subscribe('room:7');
  backplane.publish('room:7', Buffer.from('x'));
  await until(() => seen.texts.length + seen.lost === 1);
  expect(seen.states).toEqual(['up']);
  expect(seen.reasons).toEqual(rule === '-publish' ? [expect.stringContaining('NOPERM')] : []);
});

const MIB = 1024 * 1024;

test.each([
  [['--proto-max-bulk-len', '1mb'], MIB - 1],
  [['--client-output-buffer-limit', 'pubsub 2mb 0 0'], 1.5 * MIB],
  [['--client-query-buffer-limit', '1mb'], MIB - 4096],
  [[], 24 * MIB],
])('with %j, which says how much it takes', async (settings, most) => {
  const server = await Broker.start('redis', ...settings);
  const { backplane, seen } = await connect(server);
  expect(backplane.maxPacketBytes).toBe(most);
  expect(backplane.history.maxPacketBytes).toBe(most);
  await backplane.subscribe('room:7');
  backplane.publish('room:7', Buffer.alloc(most));
  await until(() => seen.packets.length === 1);
  expect(seen).toMatchObject({ states: ['up'], lost: 0 });
});

test('but while a script holds it, what is published waits', async () => {
  const server = await Broker.start('redis', '--busy-reply-threshold', '50');
  const { backplane, seen } = await connect(server);
  await backplane.subscribe('room:7');
  const script = cli(server, 'eval', 'while true do end', '0').catch(() => undefined);
  const isBusy = (): Promise<boolean> =>
    cli(server, 'ping').then(
      () => false,
      (error: Error) => error.message.includes('BUSY'),
    );
  await until(isBusy);
  backplane.publish('room:7', Buffer.from('refused'));
  await until(() => seen.states.includes('down'));
  expect(backplane.publish('room:7', Buffer.from('kept by the caller'))).toBe(false);
  await cli(server, 'script', 'kill');
  await script;
  await until(() => seen.states.at(-1) === 'up');
  expect(backplane.publish('room:7', Buffer.from('x'))).toBe(true);
  await until(() => seen.texts.includes('x'));
  expect(seen.lost).toBe(1);
});

test('to a message that it does not take: who publishes is told, and the own process has it', async () => {
  const server = await Broker.start('redis', '--proto-max-bulk-len', '1mb');
  const history = { 'log:*': KEEP };
  const start = () => Process.start({ backplane: new RedisBackplane({ url: server.url }), history });
  const [a, b] = [await start(), await start()];
  const [here, there] = [await a.connect(), await b.connect()];
  for (const peer of [here, there]) for (const name of ['room:7', 'log:1']) await peer.subscribe(name);
  const large = 'x'.repeat(MIB);
  for (const name of ['room:7', 'log:1']) {
    expect(a.channels.publish(name, large)).toEqual({ local: 1, others: 'too_large' });
    expect(a.channels.publish(name, `small to ${name}`).others).toBe('sent');
  }
  await until(() => there.messages.length === 2 && here.messages.length === 4);
  expect(here.messages.map(String).sort()).toEqual(['small to log:1', 'small to room:7', large, large]);
  expect(a.log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
});
