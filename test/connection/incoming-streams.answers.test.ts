import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  Engine,
  JsonCodec,
  MessagePackCodec,
  type Codec,
  type Connection,
  type Endpoint,
  type Limits,
  type MessageStream,
} from '../../src/engine';
import { ServerFrames } from '../../src/testing/client-frames';
import { upgrade } from '../../src/testing/client-handshake';
import { MemorySocket } from '../../src/testing/memory-socket';
import { startEngine, heldBytesOf } from '../support/engine';
import { binary, continuation, text } from '../support/frames';
import { dial, LAYERS } from '../support/layers';
import { ManualClock } from '../support/manual-clock';
import { turns } from '../support/until';

type Hook = (
  connection: Connection,
  read: () => Promise<string>,
  name: (options?: object) => Promise<unknown>,
) => unknown;

/** A path that streams text and bytes; `hook` gets each message, numbered, with what reads it and what asks the client. */
async function opened(hook: Hook, limits: Limits = {}, more: Partial<Endpoint> = {}) {
  const clock = new ManualClock();
  const engine = new Engine({ clock, limits, heartbeat: false });
  const noted: unknown[] = [];
  const take = async (connection: Connection, message: MessageStream): Promise<void> => {
    const read = async (): Promise<string> => {
      let content = '';
      for await (const chunk of message) content += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return content;
    };
    const name = (options?: object): Promise<unknown> =>
      connection.request('name?', undefined, options).catch(({ code }: { code: string }) => code);
    noted.push(await hook(connection, read, name));
  };
  engine.add({ path: '/', textStream: take, binaryStream: take, ...more });
  const [ours, theirs] = MemorySocket.pair();
  engine.serve(theirs);
  const { socket, head } = await upgrade(ours, '/', {});
  const frames = new ServerFrames(() => {});
  frames.push(head);
  socket.on('data', (chunk: Buffer) => frames.push(chunk));
  await turns(10);
  const write = async (...all: Buffer[]): Promise<void> => {
    socket.write(Buffer.concat(all));
    await turns(10);
  };
  return { engine, clock, noted, write, socket };
}

const answerOf = (codec: Codec, id = 's:1'): Buffer => {
  const message = codec.encode({ event: 'name?', data: 'joe', id });
  return typeof message === 'string' ? text(message) : binary(message);
};

const CODECS: [string, Codec, (payload: string) => Buffer][] = [
  ['JSON, beside streams of text', new JsonCodec(), text],
  ['MessagePack, beside streams of bytes', new MessagePackCodec(), (payload) => binary(Buffer.from(payload))],
];

describe.each(CODECS)('an answer in %s', (_codec, codec, message) => {
  test.each<[string, Hook]>([
    ['before it reads', async (_connection, read, name) => [await name(), await read()]],
    ['after it has read', async (_connection, read, name) => [await read(), await name()].reverse()],
    [
      'a while later',
      async (_connection, read, name) => {
        await turns(10);
        return [await name(), await read()];
      },
    ],
  ])('comes to a handler that asks %s', async (_when, hook) => {
    const { noted, write, clock } = await opened(hook, {}, { codec });
    await write(message('upload'));
    await write(answerOf(codec));
    await turns(10);
    expect(noted).toEqual([['joe', 'upload']]);
    expect(clock.pending).toBe(0);
  });

  test('passes uploads that came before it, which keep their order', async () => {
    let asked = false;
    const { noted, write } = await opened(
      async (_connection, read, name) => {
        if (asked) return read();
        asked = true;
        return [await name(), await read()];
      },
      {},
      { codec },
    );
    await write(message('1'));
    await write(message('2'), message('{"no":"answer"}'), message('4'), answerOf(codec));
    await turns(10);
    expect(noted).toEqual([['joe', '1'], '2', '{"no":"answer"}', '4']);
  });

  test('may come in many fragments', async () => {
    const { noted, write } = await opened(
      async (_connection, read, name) => [await name(), await read()],
      {},
      { codec },
    );
    await write(message('upload'));
    const whole = codec.encode({ event: 'name?', data: 'joe', id: 's:1' });
    const bytes = Buffer.from(whole);
    const first = codec.binary ? binary : text;
    await write(first(bytes.subarray(0, 1), { fin: false }));
    for (const byte of bytes.subarray(1)) await write(continuation(Buffer.from([byte]), { fin: false }));
    await write(continuation(''));
    expect(noted).toEqual([['joe', 'upload']]);
  });

  test('that comes too late is handed to no handler', async () => {
    const { noted, write, clock } = await opened(
      async (_connection, read, name) => [await name(), await read()],
      {},
      { codec },
    );
    await write(message('upload'));
    clock.advance(10_000);
    await turns(10);
    await write(answerOf(codec));
    expect(noted).toEqual([['timeout', 'upload']]);
  });
});

test('the other kind of message is streamed from its first byte on, whatever is awaited', async () => {
  const { noted, write } = await opened(async (_connection, read, name) => {
    void name();
    return read();
  });
  await write(binary(Buffer.from('first')));
  expect(noted).toEqual(['first']);
});

test.each<[string, Codec, typeof text, string, string]>([
  ['text that is no object', new JsonCodec(), text, '[1,', '2]'],
  ['text that is no JSON', new JsonCodec(), text, ' hello ', 'world'],
  ['bytes that are no map', new MessagePackCodec(), (bytes, more) => binary(Buffer.from(bytes), more), '\x93', '\x01'],
])(
  '%s: it is handed over while it arrives, though an answer is awaited',
  async (_what, codec, message, first, rest) => {
    const begun: string[] = [];
    const { write } = await opened(
      async (_connection, read, name) => {
        begun.push('begun');
        void name();
        return read();
      },
      {},
      { codec },
    );
    await write(message('one'));
    await write(message(first, { fin: false }));
    expect(begun).toEqual(['begun', 'begun']);
    await write(continuation(rest));
  },
);

test('a message too large for an answer is handed over while it arrives', async () => {
  const begun: string[] = [];
  const { noted, write } = await opened(
    async (_connection, read, name) => {
      begun.push('begun');
      void name();
      return (await read()).length;
    },
    { maxMessageBytes: 1000 },
  );
  await write(text('one'));
  await write(text('{'.repeat(600), { fin: false }));
  expect(begun).toHaveLength(1);
  await write(continuation('{'.repeat(600), { fin: false }));
  expect(begun).toHaveLength(2);
  await write(continuation('{'));
  expect(noted).toEqual([3, 1201]);
});

test('an upload that was begun is handed over when nobody awaits an answer any more', async () => {
  const { noted, write, engine } = await opened((_connection, read) => read());
  await write(text('zero'));
  const [connection] = engine.connections;
  const controller = new AbortController();
  void connection!.request('name?', undefined, { signal: controller.signal }).catch(() => {});
  await write(text('{"half', { fin: false }));
  controller.abort();
  await write(continuation(' and half"'));
  expect(noted).toEqual(['zero', '{"half and half"']);
});

test('while an answer is awaited a message’s worth of what is not read is taken in, and no more', async () => {
  for (const [size, outcome] of [
    [700, 'joe'],
    [2000, 'timeout'],
  ] as const) {
    const { noted, write, clock } = await opened(
      async (_connection, read, name) => [await name(), (await read()).length],
      { maxMessageBytes: 1000 },
    );
    await write(text('x'.repeat(size / 2), { fin: false }));
    await write(continuation('x'.repeat(size / 2)));
    await write(answerOf(new JsonCodec()));
    clock.advance(10_000);
    await turns(10);
    expect(noted).toEqual([[outcome, size]]);
  }
});

test('many tiny fragments count for what they cost', async () => {
  const { noted, write, clock } = await opened(
    async (_connection, read, name) => [await name(), (await read()).length],
    { maxMessageBytes: 5000 },
  );
  await write(text('x', { fin: false }));
  for (let i = 0; i < 200; i++) await write(continuation('x', { fin: false }));
  await write(continuation('x'), answerOf(new JsonCodec()));
  clock.advance(10_000);
  await turns(10);
  expect(noted).toEqual([['timeout', 202]]);
});

test('thousands of uploads that wait take time in proportion, and what is held is let go', async () => {
  const { noted, write, engine } = await opened(async (_connection, read, name) => {
    const first = noted.length === 0 ? await name() : undefined;
    return first ?? read();
  });
  const uploads = Array.from({ length: 5_000 }, (_, i) => text(String(i)));
  await write(text('ask'), ...uploads, answerOf(new JsonCodec()));
  while (noted.length < 5_001) await turns(10);
  expect(noted[0]).toBe('joe');
  expect(noted.slice(1)).toEqual(Array.from({ length: 5_000 }, (_, i) => String(i)));
  const [connection] = engine.connections;
  expect(heldBytesOf(connection!)).toBe(0);
});

test('answers pass the limit of messages and bytes a second', async () => {
  let asked = false;
  const { noted, write } = await opened(
    async (_connection, read, name) => {
      if (asked) return read();
      asked = true;
      return [await name(), await name(), await read()];
    },
    { messagesPerSecond: 2, bytesPerSecond: 60 },
  );
  await write(text('1'), answerOf(new JsonCodec()), answerOf(new JsonCodec(), 's:2'), text('2'));
  expect(noted).toEqual([['joe', 'joe', '1'], '2']);
});

/** Asks for a name before it reads each message, and answers with both. */
const asking: Endpoint = {
  path: '/',
  textStream: async (connection, message) => {
    const name = await connection.request('name?');
    let content = '';
    for await (const chunk of message) content += String(chunk);
    connection.send(JSON.stringify({ name, content }));
  },
};

test.each(Object.entries(LAYERS))('over %s', async (_name, { options, open }) => {
  const engine = await startEngine([asking], options);
  const client = await open(await dial(engine));
  client.write(text('an upload'));
  const { id } = JSON.parse((await client.frame()).payload.toString()) as { id: string };
  client.write(text(JSON.stringify({ event: 'name?', data: 'joe', id })));
  expect((await client.frame()).payload.toString()).toBe('{"name":"joe","content":"an upload"}');
});

test.each<[string, Endpoint['compression']]>([
  ['with what was compressed before', { clientContextTakeover: true }],
  ['each by itself', { clientContextTakeover: false }],
])('compressed, %s', async (_how, compression) => {
  const engine = await startEngine([{ ...asking, compression: compression! }]);
  const client = new WebSocket(engine.url, { perMessageDeflate: { threshold: 0 } });
  const replies: unknown[] = [];
  client.on('message', (bytes: Buffer) => {
    const message = JSON.parse(bytes.toString()) as { id?: string };
    if (message.id === undefined) replies.push(message);
    else client.send(JSON.stringify({ event: 'name?', data: 'joe', id: message.id }));
  });
  await once(client, 'open');
  const uploads = ['one', '{"looks":"like one"}', 'x'.repeat(100_000), '{"looks":"like one"}', 'one'];
  for (const upload of uploads) client.send(upload);
  while (replies.length < uploads.length) await once(client, 'message');
  expect(replies).toEqual(uploads.map((content) => ({ name: 'joe', content })));
  client.terminate();
});

test('asked in the `open` hook, before anything else', async () => {
  const noted: unknown[] = [];
  const endpoint: Partial<Endpoint> = {
    open: async (connection) => void noted.push(await connection.request('name?')),
  };
  const { noted: read, write } = await opened((_connection, content) => content(), {}, endpoint);
  await write(text('early'), answerOf(new JsonCodec()), text('late'));
  expect([noted, read]).toEqual([['joe'], ['early', 'late']]);
});

test('when we close while a message may be an answer, it is handed over as what it is', async () => {
  const { noted, write, engine } = await opened((_connection, read) => read());
  await write(text('zero'));
  const [connection] = engine.connections;
  const asked = connection!.request('name?').catch((error: Error) => error.name);
  await write(text('{"half', { fin: false }));
  void connection!.close();
  expect(await asked).toBe('ConnectionClosedError');
  await write(continuation(' and half"'));
  expect(noted).toEqual(['zero', '{"half and half"']);
});

test('a client that leaves in the middle of what may be an answer has sent nothing', async () => {
  const { noted, write, engine, socket } = await opened((_connection, read) => read());
  const [connection] = engine.connections;
  const asked = connection!.request('name?').catch((error: Error) => error.name);
  await write(text('{"half', { fin: false }));
  socket.destroy();
  expect(await asked).toBe('ConnectionClosedError');
  await turns(10);
  expect(noted).toEqual([]);
});

test('a compressed message too large to be held stops the reading, and the next message is whole', async () => {
  const engine = await startEngine([{ ...asking, compression: true, limits: { maxMessageBytes: 10_000 } }]);
  const client = new WebSocket(engine.url, { perMessageDeflate: { threshold: 0 } });
  const replies: { content: string }[] = [];
  client.on('message', (bytes: Buffer) => {
    const message = JSON.parse(bytes.toString()) as { id?: string; content: string };
    if (message.id === undefined) replies.push(message);
    else client.send(JSON.stringify({ event: 'name?', data: 'joe', id: message.id }));
  });
  await once(client, 'open');
  const uploads = ['12345678'.repeat(1_000), 'abcdefgh'.repeat(1_000), 'short'];
  for (const upload of uploads) {
    client.send(upload);
    await once(client, 'message');
    await once(client, 'message');
  }
  expect(replies.map(({ content }) => content)).toEqual(uploads);
  client.terminate();
});

test('a client that must ask before it can answer needs a second place, which `concurrency` gives', async () => {
  for (const [concurrency, outcome] of [
    [1, ['timeout', 'which?']],
    [2, ['which?', 'joe']],
  ] as const) {
    const noted: unknown[] = [];
    const take = async (connection: Connection, message: string): Promise<void> => {
      const name = (): Promise<unknown> => connection.request('name?').catch(({ code }: { code: string }) => code);
      noted.push(message === 'start' ? await name() : message);
    };
    const { write, clock } = await opened(() => undefined, {}, { text: take, textStream: undefined, concurrency });
    await write(text('start'), text('which?'));
    // it answers what it was told
    if (noted.length > 0) await write(answerOf(new JsonCodec()));
    clock.advance(10_000);
    await turns(10);
    expect(noted).toEqual(outcome);
  }
});

test('an answer comes while the server stops, which waits for the handler', async () => {
  const { noted, write, engine } = await opened(async (_connection, read, name) => [await name(), await read()]);
  await write(text('upload'));
  const closed = engine.close();
  await turns(10);
  await write(answerOf(new JsonCodec()), text('too late'));
  expect(noted).toEqual([['joe', 'upload']]);
  const [connection] = engine.connections;
  connection?.terminate();
  await closed;
});
