import { INVALID_UTF8, VALID_UTF8 } from '../protocol/utf8-samples';
import { startEngine } from '../support/engine';
import { binary, clientFrame, CLOSE, continuation, ping, PONG, text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { expectFailed, expectMessage, hex, opened } from './peer';

const NONCHARACTERS = Array.from({ length: 17 }, (_, plane) => [0xfffe, 0xffff].map((low) => plane * 0x1_0000 + low));

/** More valid texts: a description and their bytes. */
const MORE_VALID: [string, string][] = [
  ['ASCII around two, three and four bytes', Buffer.from('hello$¢€𤭢world').toString('hex')],
  ['the noncharacters of all planes', Buffer.from(String.fromCodePoint(...NONCHARACTERS.flat())).toString('hex')],
  ['U+FFF9 to U+FFFD', Buffer.from('\ufff9\ufffa\ufffb\ufffc\ufffd').toString('hex')],
  ['100 characters of four bytes', 'f09f9880'.repeat(100)],
];

const bytes = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const SURROGATES = ['a080', 'adbf', 'ae80', 'afbf', 'b080', 'be80', 'bfbf'].map((rest) => `ed${rest}`);

/** More invalid texts: a description, their bytes, and the index of the byte that proves it. */
const MORE_INVALID: [string, string, number][] = [
  ...[1, 2, 3, 4, 5, 6].map((n): [string, string, number] => [
    `${n} continuations of nothing`,
    '80bf'.repeat(n).slice(0, n * 2),
    0,
  ]),
  ['all continuation bytes', Buffer.from(bytes(0x80, 0xbf)).toString('hex'), 0],
  ...bytes(0xc2, 0xf4).map((lead): [string, string, number] => [
    `the lead byte ${lead.toString(16)} and a space`,
    `${lead.toString(16)}20`,
    1,
  ]),
  ...[0xc0, 0xc1, ...bytes(0xf5, 0xff)].map((byte): [string, string, number] => [
    `the byte ${byte.toString(16)}`,
    `${byte.toString(16)}20`,
    0,
  ]),
  ...[
    'f7bfbfbf',
    'f888808080',
    'fbbfbfbfbf',
    'fc8480808080',
    'fdbfbfbfbfbf',
    'f8808080af',
    'fc80808080af',
    'f887bfbfbf',
  ].map((code): [string, string, number] => [`beyond what four bytes can say, ${code}`, code, 0]),
  ...['e08080', 'e080', 'f0808080', 'f08080'].map((code): [string, string, number] => [`overlong, ${code}`, code, 1]),
  ...SURROGATES.map((code): [string, string, number] => [`the surrogate ${code}`, code, 1]),
  ...['eda080edb080', 'edadbfedbfbf', 'edae80edbfbf', 'edafbfedb080'].map((code): [string, string, number] => [
    `the surrogates ${code}`,
    code,
    1,
  ]),
  ['one incomplete character after another', 'dfefbff0', 1],
];

describe.each([...VALID_UTF8, ...MORE_VALID])('%s', (_what, code) => {
  const message = hex(code);

  test('8.1 text in order is taken: whole, in a fragment for each byte, and in chops', async () => {
    const { client } = await opened();
    client.write(text(message));
    await expectMessage(client, message.toString());
    for (const [index, byte] of message.entries()) {
      const last = index === message.length - 1;
      client.write(clientFrame({ opcode: index === 0 ? 1 : 0, payload: Buffer.of(byte), fin: last }));
    }
    if (message.length > 0) await expectMessage(client, message.toString());
    for (const byte of text(message)) client.write(Buffer.of(byte));
    await expectMessage(client, message.toString());
  });
});

describe.each([...INVALID_UTF8, ...MORE_INVALID])('%s', (_what, code, at) => {
  const message = hex(code);
  const proof = message.subarray(at, at + 1);
  const long = Buffer.alloc(60, 'x');

  test('8.1 what is no UTF-8 fails the connection, first and last in a message, in one frame', async () => {
    for (const payload of [message, Buffer.concat([long, message])]) {
      const peer = await opened();
      peer.client.write(Buffer.concat([text(payload), text('late'), ping()]));
      await expectFailed(peer, 1007);
      expect(peer.messages).toEqual([]);
    }
  });

  test('8.1 the fragment fails that proves it, and not the one before', async () => {
    const peer = await opened();
    peer.client.write(Buffer.concat([text(message.subarray(0, at), { fin: false }), ping('alive')]));
    expect(await peer.client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from('alive') });
    peer.client.write(continuation(proof, { fin: proof.length === 0 }));
    await expectFailed(peer, 1007);
  });

  test('8.1 the byte fails that proves it, in the middle of a frame', async () => {
    const peer = await opened();
    const frame = text(Buffer.concat([long, message, long]));
    const header = frame.length - long.length * 2 - message.length;
    peer.client.write(frame.subarray(0, header + long.length + at));
    peer.client.write(frame.subarray(header + long.length + at, header + long.length + at + 1));
    await expectFailed(peer, 1007);
  });

  test('8.1 binary data may be no UTF-8', async () => {
    const { client } = await opened();
    client.write(binary(message));
    await expectMessage(client, message);
  });

  test('8.1 a reason of a Close that is no UTF-8 fails the connection', async () => {
    const peer = await opened();
    peer.client.write(clientFrame({ opcode: CLOSE, payload: Buffer.concat([hex('03e8'), message]) }));
    await expectFailed(peer, 1007);
  });
});

test('8.1 text that breaks off inside a character at the end of its last fragment fails the connection', async () => {
  const peer = await opened();
  peer.client.write(Buffer.concat([text('a', { fin: false }), continuation(hex('e282'))]));
  await expectFailed(peer, 1007);
});

test('8.1 what one message lacks, the next does not supply', async () => {
  const peer = await opened();
  peer.client.write(Buffer.concat([text(hex('e282')), text(hex('ac'))]));
  await expectFailed(peer, 1007);
  expect(peer.messages).toEqual([]);
});

test('8.1 text is judged while it arrives also where a handler reads it as a stream', async () => {
  const peer = await opened({ endpoint: { textStream: () => {} } });
  peer.client.write(text(Buffer.concat([Buffer.from('valid'), hex('ff'), Buffer.alloc(100)])).subarray(0, 12));
  await expectFailed(peer, 1007);
});

test.each(['%ff', '%e2%82', '%ed%a0%80', '%c0%af'])('8.1 a path that is no UTF-8 is refused: %s', async (segment) => {
  const engine = await startEngine([{ path: '/rooms/:room' }]);
  const client = await RawClient.connect(engine.url);
  client.upgrade(`/rooms/${segment}`);
  expect((await client.answer()).status).toBe(400);
  await client.end();
});
