import { IncompleteMessageError, MessageStream, OnMessage, WebSocketPath, type Compression } from '../../src';
import { start } from '../support/app';
import { deflateMessage } from '../support/deflate';
import { deferred } from '../support/engine';
import { binary, continuation, text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { COMPRESSED, KIB, MIB, OFFER_DEFLATE, zeroMebibyte } from './traffic';

const LIMIT = 3 * MIB;
/** The bytes that RFC 7692 7.2.1 removes from the end of a message. */
const END_OF_FLUSH = Buffer.from([0, 0, 0xff, 0xff]);

/** Starts a handler that reads a whole message, or only the first piece of one that begins with "skip". */
async function serve(compression: boolean | Compression = true) {
  let most = 0;
  const failure = deferred<unknown>();

  class ReadingController {
    @OnMessage()
    async read(message: MessageStream): Promise<string> {
      let all = '';
      try {
        for await (const piece of message) {
          all += Buffer.from(piece as string).toString('latin1');
          most = Math.max(most, all.length);
          if (all.startsWith('skip')) return 'skipped';
        }
      } catch (error) {
        failure.resolve(error);
      }
      return all.length > 100 ? String(all.length) : all;
    }
  }
  WebSocketPath('/', { compression, limits: { maxStreamBytes: LIMIT } })(ReadingController);
  const app = await start([ReadingController]);
  const client = await RawClient.open(app.url, '/', OFFER_DEFLATE);
  const ask = async (frames: Buffer): Promise<string> => {
    client.write(frames);
    return (await client.frame()).payload.toString();
  };
  return { client, ask, failure, most: () => most };
}

const deflated = (content: string | Uint8Array, dictionary?: string): Buffer =>
  deflateMessage(content, dictionary === undefined ? {} : { dictionary: Buffer.from(dictionary) });

test('messages with and without compression, in one frame or several', async () => {
  const { client, ask } = await serve();
  const payload = deflated('hello '.repeat(3));
  expect(await ask(binary(payload, { rsv: COMPRESSED }))).toBe('hello hello hello ');
  expect(await ask(text('as it is'))).toBe('as it is');
  const fragments = [text(payload.subarray(0, 3), { fin: false, rsv: COMPRESSED }), continuation(payload.subarray(3))];
  expect(await ask(Buffer.concat(fragments))).toBe('hello hello hello ');
  expect(await ask(text('', { rsv: COMPRESSED }))).toBe('');
  expect(await ask(binary(deflated(Buffer.alloc(LIMIT)), { rsv: COMPRESSED }))).toBe(String(LIMIT));
  client.destroy();
});

test('a bomb is stopped at maxStreamBytes', async () => {
  const { client, failure, most } = await serve();
  const bomb = Buffer.concat(Array.from({ length: 60 }, zeroMebibyte));
  expect(bomb.length).toBeLessThan(64 * KIB);
  client.write(binary(bomb, { rsv: COMPRESSED }));
  expect((await client.closeFrame()).code).toBe(1009);
  expect(await failure.promise).toBeInstanceOf(IncompleteMessageError);
  expect(most()).toBeLessThanOrEqual(LIMIT);
  client.destroy();
});

test('a bomb that no handler reads is stopped too, where it must be inflated for later messages', async () => {
  const { client } = await serve({ clientContextTakeover: true });
  const start = Buffer.concat([deflated('skip'), END_OF_FLUSH]);
  client.write(binary(start, { rsv: COMPRESSED, fin: false }));
  expect((await client.frame()).payload.toString()).toBe('skipped');
  client.write(continuation(Buffer.concat(Array.from({ length: 60 }, zeroMebibyte))));
  expect((await client.closeFrame()).code).toBe(1009);
  client.destroy();
});

test('a message may refer to a discarded one', async () => {
  const { client, ask } = await serve({ clientContextTakeover: true });
  const secret = 'skip: the quick brown fox jumps over the lazy dog';
  expect(await ask(binary(deflated(secret), { rsv: COMPRESSED }))).toBe('skipped');
  const answer = secret.slice(6);
  const referring = deflated(answer, secret);
  expect(referring.length).toBeLessThan(answer.length / 2);
  expect(await ask(binary(referring, { rsv: COMPRESSED }))).toBe(answer);
  client.destroy();
});

test('a message that ends with a final block, and one whose blocks follow a final one (RFC 7692 7.2.3.4)', async () => {
  const { client, ask } = await serve();
  const final = Buffer.from([0x03, 0x00]);
  for (let count = 0; count < 3; count++) {
    expect(await ask(binary(Buffer.concat([final, Buffer.from([0])]), { rsv: COMPRESSED }))).toBe('');
    const following = Buffer.concat([final, final, deflated('after')]);
    expect(await ask(binary(following, { rsv: COMPRESSED }))).toBe('after');
  }
  client.destroy();
});

test('too many final blocks are refused like in a message that is not streamed', async () => {
  class WholeController {
    @OnMessage()
    whole(message: Uint8Array): string {
      return String(message.length);
    }
  }
  WebSocketPath('/', { compression: true })(WholeController);
  const app = await start([WholeController]);
  const whole = await RawClient.open(app.url, '/', OFFER_DEFLATE);
  const { client: streaming } = await serve();
  // zlib begins anew at each: 64 KiB of them take a second
  const message = binary(Buffer.alloc(2000, Buffer.from([0x03, 0x00])), { rsv: COMPRESSED });
  whole.write(message);
  streaming.write(message);
  expect(await streaming.closeFrame()).toEqual(await whole.closeFrame());
  for (const client of [whole, streaming]) client.destroy();
});
