import { MessageStream, OnError, OnMessage, WebSocketPath } from '../../src';
import { start } from '../support/app';
import { binary, continuation, text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { KIB, MIB, sendInFragments, sendInOneFrame } from './traffic';

class Unwanted extends Error {}

@WebSocketPath('/take')
class TakingController {
  @OnMessage()
  async take(message: MessageStream): Promise<string> {
    let total = 0;
    for await (const piece of message) total += piece.length;
    return `all ${total}`;
  }
}

@WebSocketPath('/ignore')
class IgnoringController {
  @OnMessage()
  ignore(_message: MessageStream): string {
    return 'ignored';
  }
}

@WebSocketPath('/ignore-later')
class LaterController {
  @OnMessage()
  async ignore(_message: MessageStream): Promise<string> {
    await new Promise(setImmediate);
    return 'ignored';
  }
}

@WebSocketPath('/bodiless')
class BodilessController {
  @OnMessage()
  ignore(): string {
    return 'ignored';
  }
}

@WebSocketPath('/stop')
class StoppingController {
  @OnMessage()
  async stop(message: MessageStream): Promise<string> {
    for await (const piece of message) return piece.length > 0 ? 'stopped' : 'empty';
    return 'nothing';
  }
}

@WebSocketPath('/throw')
class ThrowingController {
  @OnMessage()
  async stop(message: MessageStream): Promise<void> {
    for await (const piece of message) if (piece.length > 0) throw new Unwanted();
  }

  @OnError(Unwanted)
  unwanted(): string {
    return 'unwanted';
  }
}

const controllers = [IgnoringController, LaterController, StoppingController, ThrowingController];
const ways = [
  ['is not read', '/ignore', 'ignored'],
  ['is not read by a handler that takes its time', '/ignore-later', 'ignored'],
  ['is read in part', '/stop', 'stopped'],
  ['makes its handler throw', '/throw', 'unwanted'],
] as const;

const sizes = [
  ['one frame', sendInOneFrame],
  ['fragments', sendInFragments],
] as const;

test.each(ways.flatMap(([what, path, answer]) => sizes.map(([how, send]) => [how, what, path, answer, send] as const)))(
  'a message of %s that %s: the rest is thrown away, and the next is served',
  async (_how, _what, path, answer, send) => {
    const app = await start(controllers);
    const client = await RawClient.open(app.url, path);
    for (let count = 0; count < 3; count++) {
      await send(client, 4 * MIB);
      expect((await client.frame()).payload.toString()).toBe(answer);
    }
    client.destroy();
  },
);

test('a handler answers before the rest of a message that it does not read has arrived', async () => {
  const app = await start(controllers);
  const client = await RawClient.open(app.url, '/stop');
  client.write(binary(Buffer.alloc(KIB), { fin: false }));
  expect((await client.frame()).payload.toString()).toBe('stopped');
  client.write(Buffer.concat([continuation(Buffer.alloc(100 * KIB)), text('next')]));
  expect((await client.frame()).payload.toString()).toBe('stopped');
  client.destroy();
});

test('without a parameter for it, a message is not streamed, and its length is limited', async () => {
  const app = await start([BodilessController], { limits: { maxMessageBytes: 10, maxStreamBytes: 100 } });
  const client = await RawClient.open(app.url, '/bodiless');
  client.write(text('x'.repeat(11)));
  expect((await client.closeFrame()).code).toBe(1009);
  client.destroy();
});

test('many small messages in one packet are served one by one, in order', async () => {
  const app = await start([TakingController]);
  const client = await RawClient.open(app.url, '/take');
  const count = 500;
  client.write(Buffer.concat(Array.from({ length: count }, (_, index) => binary(Buffer.alloc(index)))));
  for (let index = 0; index < count; index++) {
    expect((await client.frame()).payload.toString()).toBe(`all ${index}`);
  }
  client.destroy();
});
