import type { Connection, Endpoint, MessageStream } from '../../src/engine';
import { binary, close, continuation, ping, PONG, text } from '../support/frames';
import { deferred, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

async function opened(endpoint: Partial<Endpoint>) {
  const engine = await startEngine([{ path: '/', ...endpoint }]);
  return { engine, client: await RawClient.open(engine.url, '/') };
}

async function gather(message: MessageStream): Promise<string> {
  let all = '';
  for await (const piece of message) all += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
  return all;
}

const answering = async (connection: Connection, message: MessageStream): Promise<void> => {
  const { binary: isBinary } = message;
  connection.send(`${isBinary ? 'binary' : 'text'} ${await gather(message)}`);
};

test('a streamed kind of message is handed over in parts, whatever its frames; the other kind is whole', async () => {
  const { client } = await opened({
    textStream: answering,
    binary: (connection, message) => void connection.send(message),
  });
  client.write(Buffer.concat([text('one'), text(''), text('a', { fin: false }), ping(), continuation('b')]));
  client.write(binary(Buffer.from('whole')));
  expect((await client.frame()).payload.toString()).toBe('text one');
  expect((await client.frame()).payload.toString()).toBe('text ');
  expect((await client.frame()).opcode).toBe(PONG);
  expect((await client.frame()).payload.toString()).toBe('text ab');
  expect((await client.frame()).payload.toString()).toBe('whole');
});

test('the handler begins with the first bytes, before the message is complete', async () => {
  const first = deferred<string>();
  const { client } = await opened({
    binaryStream: async (_connection, message) => {
      for await (const piece of message) first.resolve(Buffer.from(piece as Uint8Array).toString());
    },
  });
  client.write(binary(Buffer.alloc(100_000, 'x')).subarray(0, 50));
  expect(await first.promise).toMatch(/^x+$/);
});

test('streams wait for their turn, and no later message passes them', async () => {
  const gate = deferred();
  const begun: string[] = [];
  const { client } = await opened({
    text: async (connection, message) => {
      begun.push(message);
      await gate.promise;
      connection.send(message);
    },
    binaryStream: async (connection, message) => {
      begun.push('stream');
      connection.send(await gather(message));
    },
  });
  client.write(Buffer.concat([text('first'), binary(Buffer.from('second')), text('third')]));
  while (begun.length === 0) await new Promise(setImmediate);
  expect(begun).toEqual(['first']);
  gate.resolve();
  for (const expected of ['first', 'second', 'third']) {
    expect((await client.frame()).payload.toString()).toBe(expected);
  }
});

test('while the handler does not read, the socket is not read', async () => {
  const gate = deferred();
  const { client } = await opened({
    binaryStream: async (connection, message) => {
      await gate.promise;
      let total = 0;
      for await (const piece of message) total += piece.length;
      connection.send(String(total));
    },
  });
  const size = 30_000_000;
  client.write(binary(Buffer.alloc(size)));
  let before = -1;
  while (client.socket.writableLength !== before) {
    before = client.socket.writableLength;
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  }
  expect(before).toBeGreaterThan(10_000_000);
  gate.resolve();
  expect((await client.frame()).payload.toString()).toBe(String(size));
});

test.each<[string, NonNullable<Endpoint['textStream']>]>([
  ['does not read', (connection) => void connection.send('ignored')],
  ['throws', () => Promise.reject(new Error('boom'))],
  [
    'stops early',
    async (connection, message) => {
      for await (const piece of message) {
        connection.send(`stopped after ${piece.length}`);
        break;
      }
    },
  ],
])('a handler that %s lets the rest be thrown away', async (how, textStream) => {
  const { client } = await opened({ textStream, ping: () => {} });
  client.write(text('abc', { fin: false }));
  if (how === 'throws') {
    expect((await client.closeFrame()).code).toBe(1011);
    return;
  }
  await client.frame();
  for (let i = 0; i < 100; i++) client.write(continuation('x'.repeat(10_000), { fin: false }));
  client.write(Buffer.concat([continuation(''), text('next')]));
  expect((await client.frame()).payload.toString()).toMatch(/ignored|stopped after 4/);
});

test('invalid UTF-8 in mid-stream closes with 1007, and the reader is told', async () => {
  const failed = deferred<unknown>();
  const { client } = await opened({
    textStream: async (_connection, message) => {
      await gather(message).catch(failed.resolve);
    },
  });
  client.write(text(Buffer.from([0x61, 0xff, 0x61]), { fin: false }));
  expect((await client.closeFrame()).code).toBe(1007);
  expect(await failed.promise).toMatchObject({ name: 'IncompleteMessageError' });
});

test('a stream has a limit of its own', async () => {
  const { client } = await opened({ textStream: answering, limits: { maxMessageBytes: 5, maxStreamBytes: 10 } });
  client.write(text('1234567890'));
  expect((await client.frame()).payload.toString()).toBe('text 1234567890');
  client.write(Buffer.concat([text('123456', { fin: false }), continuation('12345')]));
  expect((await client.closeFrame()).code).toBe(1009);
});

test('a stream under way when we close is still delivered', async () => {
  const received = deferred<string>();
  const { client } = await opened({
    textStream: async (connection, message) => {
      void connection.close(1000);
      received.resolve(await gather(message));
    },
  });
  client.write(text('under ', { fin: false }));
  expect((await client.closeFrame()).code).toBe(1000);
  client.write(Buffer.concat([continuation('way'), text('later'), close(1000)]));
  expect(await received.promise).toBe('under way');
});
