import { Process, settled } from '../support/channel-app';
import { MemoryBus } from '../support/memory-bus';
import { Packer } from '../../src/channels/packet';

/** Something on the bus that is no node of ours, or a broken one. */
async function start() {
  const bus = new MemoryBus();
  const server = await Process.start({ backplane: bus.connect() });
  const packer = new Packer('00000000000000ff');
  const say = async (subject: string, what: object): Promise<void> => {
    bus.send(subject, packer.control(what));
    await settled();
  };
  return { bus, server, packer, say };
}

test('what other programs say on the broker hurts nobody', async () => {
  const { bus, server, packer, say } = await start();
  const peer = await server.connect('?user=ann');
  await peer.subscribe('room:7');
  for (const bytes of [Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(100, 255)]) {
    bus.send('room:7', bytes);
    bus.send('all nodes', bytes);
  }
  const control = packer.control({});
  control.fill('{', control.length - 2);
  bus.send('all nodes', control);
  for (const what of [null, 5, [], {}, { is: 'members' }, { is: 'joined', channel: 7 }, { is: 'nonsense' }]) {
    await say('all nodes', what as object);
  }
  await say('user "ann"'.replaceAll('"', '%22'), { is: 'close', code: 1, reason: 5 });
  expect(await peer.received()).toEqual([]);
  expect(server.log.lines).toEqual(['error the backplane failed']);
  expect(await peer.subscribe('room:8')).toBeUndefined();
});

test('questions are answered to those who ask', async () => {
  const { bus, server, packer, say } = await start();
  const peer = await server.connect();
  await peer.subscribe('room:7', { data: 'ann' });
  const asker = bus.connect();
  const answers: unknown[] = [];
  await asker.start({
    onPacket: (_subject, packet) => answers.push(JSON.parse(packet.subarray(15).toString())),
    onUp: () => undefined,
    onDown: () => undefined,
    onLost: () => undefined,
  });
  await asker.subscribe(`node ${packer.node}`);
  await say('all nodes', { is: 'question', id: 1, about: 'count', channel: 'room:7' });
  await say('all nodes', { is: 'question', id: 2, about: 'members', channel: 'room:7' });
  await say('all nodes', { is: 'question', id: 3, about: 'something' });
  const [connection] = server.app.connections;
  expect(answers).toEqual([
    { is: 'answer', id: 1, answer: 1 },
    { is: 'answer', id: 2, answer: [{ connectionId: connection!.id, data: 'ann' }] },
    { is: 'answer', id: 3, answer: null },
  ]);
});
