import { Process, settled } from '../support/channel-app';
import { MemoryBus } from '../support/memory-bus';
import { nodeMessageIn, Packer, unpack } from '../../src/channels/packet';

/** A process, and a node on the same bus that may say anything. */
async function start() {
  const bus = new MemoryBus();
  const server = await Process.start({ backplane: bus.connect() });
  const packer = new Packer('00000000000000ff');
  const say = async (subject: string, what: object): Promise<void> => {
    bus.send(subject, packer.nodeMessage(what as never));
    await settled();
  };
  return { bus, server, packer, say };
}

test('what other programs and versions say on the broker is ignored, and reported once', async () => {
  const { bus, server, packer, say } = await start();
  const peer = await server.connect('?user=ann');
  await peer.subscribe('room:7');
  for (const bytes of [Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(100, 255)]) {
    bus.send('room:7', bytes);
    bus.send('all nodes', bytes);
  }
  const next = packer.nodeMessage({ is: 'bye' });
  next[0]!++;
  bus.send('all nodes', next);
  const broken = packer.nodeMessage({ is: 'bye' });
  broken.fill('{', broken.length - 2);
  bus.send('all nodes', broken);
  for (const what of [null, 5, [], {}, { is: 'members' }, { is: 'joined', channel: 7 }, { is: 'nonsense' }]) {
    await say('all nodes', what as object);
  }
  await say('user %22ann%22', { is: 'close', code: 4000, reason: 5 });
  expect(await peer.received()).toEqual([]);
  expect(server.log.lines).toEqual(['error the backplane failed']);
  expect(server.log.errors.map(String)).toEqual([
    'Error: packets on room:7 are ignored, as all others like them: another program sends them, or another version of ' +
      'Portal (this one reads version 1 of packets)',
  ]);
  expect(await peer.subscribe('room:8')).toBeUndefined();
});

test('a code that no connection may be closed with closes none', async () => {
  const { server, say } = await start();
  const peer = await server.connect('?user=ann');
  await say('user %22ann%22', { is: 'close', code: 1 });
  expect(server.log.lines).toEqual(['error the backplane failed']);
  expect(await peer.subscribe('room:8')).toBeUndefined();
});

test('questions are answered to the node that asks', async () => {
  const { bus, server, packer, say } = await start();
  const peer = await server.connect();
  await peer.subscribe('room:7', { data: 'ann' });
  const asker = bus.connect();
  const answers: unknown[] = [];
  await asker.start({
    onPacket: (_subject, packet) => answers.push(nodeMessageIn(unpack(packet)!)),
    onUp: () => undefined,
    onDown: () => undefined,
    onLost: () => undefined,
  });
  await asker.subscribe(`node ${packer.node}`);
  await say('all nodes', { is: 'question', id: 1, about: 'count', channel: 'room:7' });
  await say('all nodes', { is: 'question', id: 2, about: 'members', channel: 'room:7' });
  await say('all nodes', { is: 'question', id: 3, about: 'nothing', channel: 'room:7' });
  const [connection] = server.app.connections;
  expect(answers).toEqual([
    { is: 'answer', id: 1, answer: 1 },
    { is: 'answer', id: 2, answer: [{ connectionId: connection!.id, data: 'ann' }] },
    { is: 'answer', id: 3, answer: null },
  ]);
});
