import { Connection, MessageStream, OnMessage, WebSocketPath } from '../../src';
import { start } from '../support/app';
import { deferred } from '../support/engine';
import { text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { Meter } from './meter';
import { KIB, MIB, roundTrips, sendInFragments, sendInOneFrame } from './traffic';

/** Far more than the operating system keeps for one connection. */
const SIZE = 64 * MIB;
const MOST_IN_KERNEL = 32 * MIB;

@WebSocketPath('/echo')
class EchoController {
  @OnMessage()
  echo(message: string): string {
    return message;
  }
}

test.each([
  ['one frame', sendInOneFrame],
  ['fragments', sendInFragments],
])('while a handler does not read, the server reads nothing from the socket: a message in %s', async (_, send) => {
  const begun = deferred();
  const gate = deferred();

  @WebSocketPath('/slow')
  class SlowController {
    @OnMessage()
    async receive(message: MessageStream): Promise<string> {
      let total = 0;
      for await (const piece of message) {
        total += piece.length;
        begun.resolve();
        await gate.promise;
      }
      return String(total);
    }
  }

  const app = await start([SlowController, EchoController]);
  const client = await RawClient.open(app.url, '/slow');
  const sent = send(client, SIZE);
  await begun.promise;
  await roundTrips(await RawClient.open(app.url, '/echo'));
  expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(MOST_IN_KERNEL);
  gate.resolve();
  await sent;
  expect((await client.frame()).payload.toString()).toBe(String(SIZE));
});

test('while a peer does not read, the server pulls nothing more from the source of a stream', async () => {
  let asked = 0;

  @WebSocketPath('/source')
  class SourceController {
    @OnMessage()
    async send(_start: string, connection: Connection): Promise<void> {
      await connection.sendStream(this.chunks());
    }

    private *chunks(): Generator<Uint8Array> {
      for (; asked < SIZE; asked += 64 * KIB) yield Buffer.alloc(64 * KIB);
    }
  }

  const app = await start([SourceController, EchoController]);
  const client = await RawClient.open(app.url, '/source');
  const meter = new Meter(client);
  client.socket.pause();
  client.write(text('start'));
  await roundTrips(await RawClient.open(app.url, '/echo'));
  expect(asked).toBeLessThan(MOST_IN_KERNEL);
  client.socket.resume();
  await meter.messageEnd;
  expect(meter.payloadBytes).toBe(SIZE);
});
