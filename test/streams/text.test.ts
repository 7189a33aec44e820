import { IncompleteMessageError, MessageStream, OnMessage, WebSocketPath } from '../../src';
import { start } from '../support/app';
import { deflateMessage } from '../support/deflate';
import { deferred } from '../support/engine';
import { continuation, text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { COMPRESSED, OFFER_DEFLATE } from './traffic';

const TEXT = 'aé€😀\u{10ffff}\ufeff\0 z'.repeat(20);

/** A message in fragments of one byte each. */
function bytewise(payload: Uint8Array, rsv = 0): Buffer {
  const [first, ...rest] = Array.from(payload, (byte) => Buffer.from([byte]));
  return Buffer.concat([
    text(first!, { fin: false, rsv }),
    ...rest.map((byte, index) => continuation(byte, { fin: index === rest.length - 1 })),
  ]);
}

async function serve(path: string, headers?: Record<string, string>) {
  const pieces: string[] = [];
  const failure = deferred<unknown>();

  class TextController {
    @OnMessage()
    async gather(message: MessageStream): Promise<string> {
      try {
        for await (const piece of message) pieces.push(piece as string);
      } catch (error) {
        failure.resolve(error);
      }
      return pieces.join('');
    }
  }
  WebSocketPath('/plain')(TextController);
  class CompressedController extends TextController {}
  WebSocketPath('/compressed', { compression: true })(CompressedController);

  const app = await start([TextController, CompressedController]);
  return { client: await RawClient.open(app.url, path, headers), pieces, failure };
}

test.each([
  ['/plain', bytewise(Buffer.from(TEXT)), undefined],
  ['/compressed', bytewise(deflateMessage(TEXT), COMPRESSED), OFFER_DEFLATE],
])('text is cut between code points only: %s', async (path, message, headers) => {
  const { client, pieces } = await serve(path, headers);
  client.write(message);
  expect((await client.frame()).payload.toString()).toBe(TEXT);
  for (const piece of pieces) {
    expect(piece.length).toBeGreaterThan(0);
    expect(Buffer.from(piece).toString()).toBe(piece);
    expect(piece).not.toContain('\ufffd');
  }
  client.destroy();
});

test.each([
  ['a byte that is never valid', Buffer.from([0x61, 0xff, 0x61])],
  ['half of a surrogate pair', Buffer.from([0xed, 0xa0, 0xbd])],
  ['a character that another one cuts off', Buffer.from([0xf0, 0x9f, 0x61])],
])('%s closes with 1007 in mid-stream, and the reader throws', async (_, bytes) => {
  for (const [path, payload, rsv, headers] of [
    ['/plain', bytes, 0, undefined],
    ['/compressed', deflateMessage(bytes), COMPRESSED, OFFER_DEFLATE],
  ] as const) {
    const { client, pieces, failure } = await serve(path, headers);
    client.write(text(payload, { fin: false, rsv }));
    expect((await client.closeFrame()).code).toBe(1007);
    expect(await failure.promise).toBeInstanceOf(IncompleteMessageError);
    expect(pieces.join('')).not.toContain('\ufffd');
    client.destroy();
  }
});

test('a message that ends inside a character closes with 1007', async () => {
  for (const [path, payload, rsv, headers] of [
    ['/plain', Buffer.from('a€').subarray(0, 3), 0, undefined],
    ['/compressed', deflateMessage(Buffer.from('a€').subarray(0, 3)), COMPRESSED, OFFER_DEFLATE],
  ] as const) {
    const { client, failure } = await serve(path, headers);
    client.write(bytewise(payload, rsv));
    expect((await client.closeFrame()).code).toBe(1007);
    expect(await failure.promise).toBeInstanceOf(IncompleteMessageError);
    client.destroy();
  }
});
