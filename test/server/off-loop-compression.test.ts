import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { Connection, Endpoint, Engine, EngineOptions } from '../../src/engine';
import { startEngine } from '../support/engine';

/** Compressed it is longer than what is inflated on the event loop, and so is what is sent back. */
const LARGE = randomBytes(60_000).toString('hex');
const LARGE_BYTES = Buffer.from(LARGE);

let engine: Engine;
afterEach(() => engine.close());

const echo: Endpoint = {
  path: '/',
  text: (connection, message) => void connection.send(message),
  binary: (connection, message) => void connection.send(message),
};

async function start(endpoint: Partial<Endpoint> = {}, options: EngineOptions = {}): Promise<void> {
  engine = await startEngine([{ ...echo, ...endpoint }], { compression: { threshold: 0 }, ...options });
}

/** What the client gets until the connection is closed: messages, pongs, and at last the code. */
function connect(): { client: WebSocket; opened: Promise<void>; got: (string | number)[]; closed: Promise<void> } {
  const client = new WebSocket(engine.url, { perMessageDeflate: { threshold: 0 } });
  const got: (string | number)[] = [];
  client.on('message', (message: Buffer, binary) => got.push(nameOf(message, binary)));
  client.on('error', () => {});
  const closed = new Promise<void>((resolve) =>
    client.on('close', (code) => {
      got.push(code);
      resolve();
    }),
  );
  return { client, opened: new Promise((resolve) => client.on('open', resolve)), got, closed };
}

function nameOf(message: Buffer, binary: boolean): string {
  if (message.equals(LARGE_BYTES)) return binary ? 'large binary' : 'large text';
  return message.toString();
}

test.each<[string, NonNullable<EngineOptions['compression']>]>([
  ['without context takeover', { threshold: 0 }],
  ['with it, both ways', { threshold: 0, serverContextTakeover: true, clientContextTakeover: true }],
])('large and small messages keep their order, %s', async (_, compression) => {
  await start({}, { compression });
  const { client, opened, got, closed } = connect();
  await opened;
  for (const message of ['1', LARGE, '2', LARGE_BYTES, LARGE_BYTES, '3']) client.send(message);
  client.close(1000);
  await closed;
  expect(got).toEqual(['1', 'large text', '2', 'large binary', 'large binary', '3', 1000]);
});

test('what was sent before close() arrives before the Close frame', async () => {
  await start({
    open(connection) {
      connection.send(LARGE);
      connection.send('small');
      void connection.close(4000);
    },
  });
  const { got, closed } = connect();
  await closed;
  expect(got).toEqual(['large text', 'small', 4000]);
});

test('a message in fragments begins after a large one that was sent before it', async () => {
  let sent: Promise<void> | undefined;
  await start({
    open(connection) {
      connection.send(LARGE);
      sent = connection.sendStream(['a', 'b']);
      void sent.then(() => connection.close(1000));
    },
  });
  const { got, closed } = connect();
  await closed;
  expect(got).toEqual(['large text', 'ab', 1000]);
});

test('while it is compressed it counts as waiting, and its turn is reported as drained', async () => {
  let report: [boolean, number] | undefined;
  await start({
    async open(connection: Connection) {
      const below = connection.send(LARGE);
      report = [below, connection.bufferedBytes];
      await connection.drained();
      void connection.close(1000);
    },
  });
  const { got, closed } = connect();
  await closed;
  expect(report).toEqual([false, LARGE.length]);
  expect(got).toEqual(['large text', 1000]);
});

test('a message that is inflated when we close is still delivered', async () => {
  const delivered: string[] = [];
  await start({
    text(connection, message) {
      delivered.push(nameOf(Buffer.from(message), false));
      if (message === 'close') void connection.close(1000);
    },
  });
  const { client, opened, closed } = connect();
  await opened;
  client.send(LARGE);
  client.send('close');
  await closed;
  expect(delivered).toEqual(['large text', 'close']);
});

test('when the server stops, it handles and answers what it is still inflating', async () => {
  await start();
  const { client, opened, got, closed } = connect();
  await opened;
  client.send('first');
  await new Promise((resolve) => client.once('message', resolve));
  client.send(LARGE);
  await new Promise<void>((resolve) => client.ping('', true, () => resolve()));
  await new Promise((resolve) => client.once('pong', resolve));
  await engine.close();
  await closed;
  expect(got).toEqual(['first', 'large text', 1001]);
});

test('one that is too long, or no UTF-8, ends the connection', async () => {
  await start({}, { compression: { threshold: 0 }, limits: { maxMessageBytes: 100_000 } });
  const tooLong = connect();
  await tooLong.opened;
  tooLong.client.send(LARGE);
  const noText = connect();
  await noText.opened;
  noText.client.send(randomBytes(50_000), { binary: false });
  await Promise.all([tooLong.closed, noText.closed]);
  expect([tooLong.got, noText.got]).toEqual([[1009], [1007]]);
});

test('a client that goes away while its message is inflated leaves nothing behind', async () => {
  const closes: number[] = [];
  await start({ close: (_, { code }) => void closes.push(code) });
  const { client, opened, closed } = connect();
  await opened;
  await new Promise<void>((resolve) => client.send(LARGE, () => resolve()));
  client.terminate();
  await closed;
  await engine.close();
  expect(closes).toEqual([1006]);
  expect(engine.connections.size).toBe(0);
});
