import { Engine, type Connection, type Endpoint, type Limits } from '../../src/engine';
import { ServerFrames } from '../../src/testing/client-frames';
import { upgrade } from '../../src/testing/client-handshake';
import { MemorySocket } from '../../src/testing/memory-socket';
import { deferred } from '../support/engine';
import { binary, CLOSE, ping, PONG, text } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { turns } from '../support/until';

/** A client in memory, which needs no waiting to know that the server reads nothing more. */
async function opened(endpoint: Omit<Endpoint, 'path'>, limits: Limits = {}) {
  const clock = new ManualClock();
  const engine = new Engine({ clock, limits, heartbeat: false });
  engine.add({ path: '/', ...endpoint });
  const [ours, theirs] = MemorySocket.pair();
  engine.serve(theirs);
  const { socket, head } = await upgrade(ours, '/', {});
  const received: [number, string][] = [];
  const frames = new ServerFrames((opcode, payload) => void received.push([opcode, payload.toString()]));
  frames.push(head);
  socket.on('data', (chunk: Buffer) => frames.push(chunk));
  await turns(10);
  /** Writes frames and lets happen what they cause. */
  const write = async (...frames: Buffer[]): Promise<void> => {
    socket.write(Buffer.concat(frames));
    await turns(10);
  };
  const pongs = (): string[] => received.filter(([opcode]) => opcode === PONG).map(([, payload]) => payload);
  return { engine, clock, received, write, pongs };
}

/** Notes what it handles; `ask` asks the peer first, anything else with a gate waits for it. */
function noting(gate: Promise<void> = Promise.resolve()) {
  const handled: unknown[] = [];
  const hook = async (connection: Connection, message: string): Promise<void> => {
    handled.push(message);
    if (message === 'ask') {
      handled.push(await connection.request('name?').catch(({ code }: { code: string }) => code));
    } else await gate;
  };
  return { handled, text: hook };
}

const answer = text('{"event":"name?","data":"joe","id":"s:1"}');
const numbered = (count: number, size = 0): string[] =>
  Array.from({ length: count }, (_, i) => `message ${i}`.padEnd(size, '.'));

test('without a request, 64 messages wait, and what follows them is not read before half of them are handled', async () => {
  const gate = deferred();
  const { handled, text: hook } = noting(gate.promise);
  const { write, pongs } = await opened({ text: hook });
  const messages = numbered(65);
  await write(...messages.slice(0, 64).map((message) => text(message)), ping('63 wait'));
  expect(pongs()).toEqual(['63 wait']);
  await write(text(messages[64]!), ping('64 wait'), answer);
  expect(pongs()).toEqual(['63 wait']);
  expect(handled).toEqual(['message 0']);
  gate.resolve();
  await turns(10);
  expect(pongs()).toEqual(['63 wait', '64 wait']);
  expect(handled.slice(0, 65)).toEqual(messages);
});

test.each([1, 65, 2000])('an answer passes %i messages that wait for the handler that asked', async (count) => {
  const { handled, text: hook } = noting();
  const { write, clock } = await opened({ text: hook });
  const messages = numbered(count);
  await write(text('ask'), ...messages.map((message) => text(message)), answer);
  expect(handled).toEqual(['ask', 'joe', ...messages]);
  expect(clock.pending).toBe(0);
});

test.each([
  ['in one read', true],
  ['in many', false],
])('it passes as much as maxMessageBytes allows and no more, %s', async (_how, together) => {
  for (const [count, outcome] of [
    [9, 'joe'],
    [10, 'timeout'],
    [11, 'timeout'],
  ] as const) {
    const { handled, text: hook } = noting();
    const { write, clock } = await opened({ text: hook }, { maxMessageBytes: 1000, maxQueuedMessages: 4 });
    const messages = numbered(count, 100);
    const frames = [text('ask'), ...messages.map((message) => text(message)), answer];
    if (together) await write(...frames);
    else for (const frame of frames) await write(frame);
    clock.advance(10_000);
    await turns(10);
    expect(handled).toEqual(['ask', outcome, ...messages]);
  }
});

test('bytes are what counts, of binary messages too', async () => {
  const handled: string[] = [];
  const { write, clock } = await opened(
    {
      text: async (connection) => {
        await connection.request('name?').catch(({ code }: { code: string }) => handled.push(code));
      },
      binary: (_connection, message) => void handled.push(String(message.length)),
    },
    { maxMessageBytes: 1000, maxQueuedMessages: 1 },
  );
  await write(text('ask'), binary(Buffer.alloc(600)), binary(Buffer.alloc(600)), answer);
  expect(handled).toEqual([]);
  clock.advance(10_000);
  await turns(10);
  expect(handled).toEqual(['timeout', '600', '600']);
});

test('a request that begins while reading is paused lets it go on', async () => {
  const gate = deferred();
  const handled: unknown[] = [];
  const { write, pongs } = await opened({
    text: async (connection, message) => {
      handled.push(message);
      if (message !== 'first') return;
      await gate.promise;
      handled.push(await connection.request('name?'));
    },
  });
  const messages = numbered(100);
  await write(text('first'), ...messages.map((message) => text(message)), ping('read'));
  await write(answer);
  expect(pongs()).toEqual([]);
  gate.resolve();
  await turns(10);
  expect(pongs()).toEqual(['read']);
  expect(handled).toEqual(['first', 'joe', ...messages]);
});

test('when the request is over, the next message that must wait stops the reading again', async () => {
  const gate = deferred();
  const { handled, text: hook } = noting(gate.promise);
  const { write, pongs } = await opened({ text: hook });
  await write(text('ask'), ...numbered(100).map((message) => text(message)), answer);
  expect(handled).toEqual(['ask', 'joe', 'message 0']);
  await write(text('more'), ping('read'));
  expect(pongs()).toEqual([]);
  gate.resolve();
  await turns(10);
  expect(pongs()).toEqual(['read']);
  expect(handled).toEqual(['ask', 'joe', ...numbered(100), 'more']);
});

test('the open hook may await an answer, though no message is handed over before it settles', async () => {
  const handled: unknown[] = [];
  const { write, received } = await opened({
    open: async (connection) => void handled.push(await connection.request('name?')),
    text: (_connection, message) => void handled.push(message),
  });
  expect(received).toEqual([[1, '{"event":"name?","id":"s:1"}']]);
  await write(text('first'), answer, text('second'));
  expect(handled).toEqual(['joe', 'first', 'second']);
});

test('a server that stops still reads the answer that a handler awaits, and sends what the handler replies', async () => {
  const { write, received, engine } = await opened({
    text: async (connection) => void connection.send(`hello ${await connection.request<string>('name?')}`),
  });
  await write(text('ask'));
  const closed = engine.close();
  await turns(10);
  await write(answer);
  expect(received.slice(1).map(([opcode, payload]) => (opcode === CLOSE ? 'close' : payload))).toEqual([
    'hello joe',
    'close',
  ]);
  void closed;
});
