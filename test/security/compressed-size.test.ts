import { randomBytes } from 'node:crypto';
import { startEngine } from '../support/engine';
import { clientFrame } from '../../src/testing/client-frames';
import { deflateMessage } from '../support/deflate';
import { RawClient } from '../support/raw-client';

const LIMIT = 256 * 1024;
const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };

/** Sends a compressed binary message. Resolves with the size that the handler saw, or the close code. */
async function sent(payload: Buffer): Promise<number> {
  const engine = await startEngine(
    [{ path: '/', binary: (connection, message) => void connection.send(String(message.length)) }],
    { compression: true, limits: { maxMessageBytes: LIMIT } },
  );
  const client = await RawClient.open(engine.url, '/', OFFER);
  const frame = clientFrame(2, payload, Buffer.alloc(4));
  frame[0]! |= 0x40;
  client.write(frame);
  const { opcode, payload: answer } = await client.frame();
  client.destroy();
  return opcode === 8 ? answer.readUInt16BE(0) : Number(answer.toString());
}

test('messages of just the limit pass, compressed and inflated', async () => {
  expect(await sent(deflateMessage(Buffer.alloc(LIMIT)))).toBe(LIMIT);
  const noise = randomBytes(LIMIT - 1024);
  expect(await sent(deflateMessage(noise))).toBe(noise.length);
});

test.each([
  ['random bytes up to the limit, which compression makes longer', () => deflateMessage(randomBytes(LIMIT))],
  ['one byte more than the limit, well compressed', () => deflateMessage(Buffer.alloc(LIMIT + 1))],
  ['empty blocks', () => Buffer.alloc(LIMIT * 2, Buffer.from([0, 0, 0, 0xff, 0xff]))],
])('too much: %s', async (_what, payload) => {
  expect(await sent(payload())).toBe(1009);
});

test.each([
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; server_no_context_takeover',
])(
  'the answer has no client parameter that the client did not offer, since Netty would refuse it: %s',
  async (offer) => {
    const engine = await startEngine([{ path: '/' }], { compression: true });
    const client = await RawClient.connect(engine.url);
    client.upgrade('/', { 'Sec-WebSocket-Extensions': offer });
    const { headers } = await client.answer();
    expect(headers['sec-websocket-extensions']).toBe('permessage-deflate; server_no_context_takeover');
    client.destroy();
  },
);
