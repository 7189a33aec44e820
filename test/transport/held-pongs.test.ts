import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { HeldPongs } from '../../src/transport/held-pongs';
import { echo, startEngine } from '../support/engine';
import { close, ping } from '../support/frames';
import { attached, KINDS, opened } from '../support/foreign';
import { dial, LAYERS } from '../support/layers';
import type { RawClient } from '../support/raw-client';
import { serve } from '../support/serve';
import { turns } from '../support/until';
import { OnMessage, WebSocketPath } from '../../src';

const PONG = 10;
const TWENTY = Array.from({ length: 20 }, (_, index) => `ping ${index}`);

const held = (pongs: HeldPongs): string[] => pongs.take().map(String);

describe('a transport that holds what is written', () => {
  test('all wait for a write that is under way, in their order', () => {
    const pongs = new HeldPongs(false, 1_000);
    for (const payload of TWENTY) pongs.add(Buffer.from(payload));
    expect(held(pongs)).toEqual(TWENTY);
    expect(held(pongs)).toEqual([]);
  });

  test('of a write that is not done in many turns of the event loop only the latest waits, until it is done', async () => {
    const pongs = new HeldPongs(false, 1_000);
    for (const payload of TWENTY) pongs.add(Buffer.from(payload));
    await turns(20);
    expect(pongs['waiting'].map(String)).toEqual(['ping 19']);
    pongs.add(Buffer.from('a'));
    pongs.add(Buffer.from('b'));
    expect(held(pongs)).toEqual(['b']);
    pongs.add(Buffer.from('c'));
    pongs.add(Buffer.from('d'));
    expect(held(pongs)).toEqual(['c', 'd']);
  });

  test('of more than the mark only the latest waits', () => {
    const pongs = new HeldPongs(false, 30);
    for (const payload of TWENTY) pongs.add(Buffer.from(payload));
    expect(held(pongs)).toEqual(['ping 19']);
  });
});

test('a transport that takes what is written at once waits for the peer alone: only the latest waits', () => {
  const pongs = new HeldPongs(true, 1_000);
  for (const payload of TWENTY) pongs.add(Buffer.from(payload));
  expect(held(pongs)).toEqual(['ping 19']);
});

/** Writes them, and reads what comes back up to the end. */
async function expectPongs(client: RawClient<Duplex>, way: string): Promise<void> {
  const frames = TWENTY.map((payload) => ping(payload));
  if (way === 'in one packet') client.write(Buffer.concat(frames));
  else for (const frame of frames) client.write(frame);
  for (const payload of TWENTY) {
    expect(await client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from(payload) });
  }
  client.write(Buffer.concat([ping('last'), close(1000)]));
  expect(await client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from('last') });
  expect((await client.closeFrame()).code).toBe(1000);
  client.destroy();
}

const PACKETS = ['in one packet', 'each by itself'];

describe.each(Object.entries(LAYERS))(
  'twenty pings in one tick get twenty pongs, over %s',
  (_name, { options, open }) => {
    test.each(PACKETS)('%s', async (way) => {
      const engine = await startEngine([echo], options);
      await expectPongs(await open(await dial(engine)), way);
    });

    test.each(PACKETS)('and a Unix socket, %s', async (way) => {
      const socketPath = join(tmpdir(), `portal-pongs-${process.pid}.sock`);
      await startEngine([echo], { ...options, socketPath });
      await expectPongs(await open(await dial(socketPath)), way);
    });
  },
);

describe.each(Object.entries(KINDS))('and of an engine that is attached to %s', (_name, { create, ask }) => {
  test.each(PACKETS)('%s', async (way) => {
    const server = await opened(create());
    attached(server, [echo]);
    await expectPongs((await ask(server, '/')).client, way);
  });
});

test('and in memory', async () => {
  @WebSocketPath('/')
  class Echo {
    @OnMessage()
    echo(message: string): string {
      return message;
    }
  }
  const app = await serve([Echo]);
  const client = await app.connect('/');
  const { socket } = client as unknown as { socket: NodeJS.WritableStream & NodeJS.EventEmitter };
  const received: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => received.push(bytes));
  for (const payload of TWENTY) socket.write(ping(payload));
  await turns(40);
  const bytes = Buffer.concat(received).toString('latin1');
  expect(bytes.match(/ping \d+/g)).toEqual(TWENTY);
});
