import { randomBytes } from 'node:crypto';
import { binary, BINARY, close, continuation, ping, PING, PONG, pong, text, TEXT } from '../support/frames';
import { deferred } from '../support/engine';
import { expectClosed, expectFailed, expectMessage, expectSilence, opened, summary, writeChopped } from './peer';

/** A message in fragments of `size` bytes. */
function fragments(message: string | Buffer, size: number): Buffer[] {
  const bytes = Buffer.from(message);
  const count = Math.max(1, Math.ceil(bytes.length / size));
  return Array.from({ length: count }, (_, index) => {
    const opcode = index > 0 ? 0 : typeof message === 'string' ? TEXT : BINARY;
    return text(bytes.subarray(index * size, (index + 1) * size), { opcode, fin: index === count - 1 });
  });
}

describe('messages in fragments', () => {
  test.each([
    [1, 1],
    [13, 1],
    [13, 12],
    [65_536, 1_300],
    [262_144, 64],
    [262_144, 65_536],
    [1_048_576, 262_144],
  ])(
    '5.4 a message in fragments is received like one in a single frame: %i bytes in fragments of %i',
    async (length, size) => {
      const { client } = await opened();
      const bytes = randomBytes(length);
      const message = bytes.toString('hex').slice(0, length);
      for (const each of [message, bytes]) {
        client.write(Buffer.concat(fragments(each, size)));
        await expectMessage(client, each);
      }
    },
  );

  test.each<[string, Buffer[], string]>([
    ['all', [text('', { fin: false }), continuation('', { fin: false }), continuation('')], ''],
    ['the first', [text('', { fin: false }), continuation('a')], 'a'],
    ['the last', [text('a', { fin: false }), continuation('')], 'a'],
    ['one between', [text('a', { fin: false }), continuation('', { fin: false }), continuation('b')], 'ab'],
  ])('5.4 fragments may be empty: %s', async (_which, frames, expected) => {
    const { client } = await opened();
    client.write(Buffer.concat(frames));
    await expectMessage(client, expected);
    for (const frame of frames) client.write(frame);
    await expectMessage(client, expected);
  });

  test('5.4 fragments are put together in their order, whatever their sizes and packets', async () => {
    const { client } = await opened();
    const parts = [1, 0, 125, 126, 2_000, 3, 65_536, 1].map((size) => randomBytes(size));
    const frames = parts.map((part, i) =>
      binary(part, { opcode: i === 0 ? BINARY : 0, fin: i === parts.length - 1, mask: randomBytes(4) }),
    );
    await writeChopped(client, Buffer.concat(frames), 777);
    await expectMessage(client, Buffer.concat(parts));
  });

  test('5.4 the first fragment says of which type the message is', async () => {
    const { client, messages } = await opened();
    client.write(Buffer.concat(fragments(Buffer.from([0xc3, 0xff]), 1)));
    await expectMessage(client, Buffer.from([0xc3, 0xff]));
    client.write(Buffer.concat(fragments('é', 1)));
    await expectMessage(client, 'é');
    expect(messages.map((message) => typeof message)).toEqual(['object', 'string']);
  });

  test.each<[string, ...Buffer[]]>([
    ['a text', text('b')],
    ['a binary', binary(Buffer.from('b'))],
    ['the first fragment of a text', text('b', { fin: false })],
    ['the first fragment of a binary', binary(Buffer.from('b'), { fin: false })],
    ['a text after two fragments', continuation('b', { fin: false }), text('c')],
    ['a text after a pong', pong(), text('b')],
  ])('5.4 a message inside a fragmented one fails the connection: %s', async (_what, ...frames) => {
    const peer = await opened();
    peer.client.write(Buffer.concat([text('a', { fin: false }), ...frames, continuation('late'), text('late')]));
    await expectFailed(peer, 1002);
    expect(peer.messages).toEqual([]);
  });

  test.each<[string, Buffer[], string[]]>([
    ['at the beginning, last', [continuation('a')], []],
    ['at the beginning, not last', [continuation('a', { fin: false })], []],
    ['after a message', [text('a'), continuation('b')], ['a']],
    ['after a fragmented message', [...fragments('ab', 1), continuation('c', { fin: false })], ['ab']],
    ['after a pong', [pong('a'), continuation('b')], []],
    ['empty', [continuation('')], []],
  ])('5.4 a continuation of nothing fails the connection: %s', async (_where, frames, before) => {
    const late = [...fragments('late', 2), text('late')];
    for (const size of [Infinity, 1]) {
      const peer = await opened();
      const bytes = Buffer.concat([...frames, ...late]);
      await writeChopped(peer.client, bytes, Math.min(size, bytes.length));
      for (const message of before) await expectMessage(peer.client, message);
      await expectFailed(peer, 1002);
      expect(peer.messages).toEqual(before);
    }
  });
});

describe('control frames between fragments', () => {
  test('5.4 a ping between fragments is answered at once, before the message has ended', async () => {
    const { client, messages } = await opened();
    const [first, second, third, fourth, fifth] = fragments('12345', 1);
    client.write(Buffer.concat([first!, second!, ping('one')]));
    expect(await client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from('one') });
    client.write(Buffer.concat([third!, fourth!, ping('two')]));
    expect(await client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from('two') });
    expect(messages).toEqual([]);
    client.write(fifth!);
    await expectMessage(client, '12345');
  });

  test('5.4 a ping and a pong after each fragment, in one packet and byte by byte', async () => {
    const { client } = await opened();
    const bytes = Buffer.concat(fragments('abc', 1).flatMap((each, i) => [each, ping(`${i}`), pong('unasked')]));
    for (const size of [bytes.length, 1]) {
      await writeChopped(client, bytes, size);
      for (const answer of ['0', '1']) expect((await client.frame()).payload.toString()).toBe(answer);
      await expectMessage(client, 'abc');
      expect((await client.frame()).payload.toString()).toBe('2');
    }
  });

  test('5.4 a Close between fragments is answered; the message is never complete', async () => {
    const peer = await opened();
    peer.client.write(Buffer.concat([text('a', { fin: false }), close(1000), continuation('b')]));
    await expectClosed(peer, 1000);
    expect(peer.messages).toEqual([]);
  });
});

describe('fragments of the server', () => {
  test('5.4 fragments of the server are one message, with nothing but control frames between them', async () => {
    const { client, connection } = await opened();
    const gate = deferred();
    const chunks = async function* () {
      yield 'a';
      connection.send('after it');
      void connection.ping('between');
      await gate.promise;
      yield 'b';
    };
    const sent = connection.sendStream(chunks());
    expect(summary(await client.frame())).toEqual({ opcode: TEXT, fin: false, rsv: 0 });
    expect(summary(await client.frame())).toEqual({ opcode: PING, fin: true, rsv: 0 });
    gate.resolve();
    await sent;
    const rest = [await client.frame(), await client.frame(), await client.frame()];
    expect(rest.map(summary)).toEqual([
      { opcode: 0, fin: false, rsv: 0 },
      { opcode: 0, fin: true, rsv: 0 },
      { opcode: TEXT, fin: true, rsv: 0 },
    ]);
    expect(rest.map(({ payload }) => payload.toString())).toEqual(['b', '', 'after it']);
  });

  test('5.4 two messages in fragments of the server do not mix', async () => {
    const peer = await opened();
    await Promise.all([
      peer.connection.sendStream(['a', 'b']),
      peer.connection.sendStream([Buffer.from('c'), Buffer.from('d')]),
    ]);
    const opcodes = [];
    for (let count = 0; count < 6; count++) opcodes.push(summary(await peer.client.frame()));
    expect(opcodes.map(({ opcode, fin }) => [opcode, fin])).toEqual([
      [TEXT, false],
      [0, false],
      [0, true],
      [BINARY, false],
      [0, false],
      [0, true],
    ]);
    await expectSilence(peer);
  });
});
