import { Connection, IncompleteMessageError, MessageStream, OnClose, OnMessage, WebSocketPath } from '../../src';
import { start } from '../support/app';
import { deferred } from '../support/engine';
import { binary, close, continuation, ping, text } from '../support/frames';
import { RawClient } from '../support/raw-client';

async function serve(deadlineMs = 200) {
  const begun = deferred<Connection>();
  const read = deferred<Buffer>();
  const failed = deferred<unknown>();
  const closed = deferred<Connection>();

  class UploadController {
    @OnMessage()
    async upload(message: MessageStream, connection: Connection): Promise<string> {
      const pieces: Uint8Array[] = [];
      try {
        for await (const piece of message) {
          pieces.push(piece as Uint8Array);
          begun.resolve(connection);
        }
        read.resolve(Buffer.concat(pieces));
      } catch (error) {
        failed.resolve(error);
      }
      return 'done';
    }

    @OnClose()
    closed(connection: Connection): void {
      closed.resolve(connection);
    }
  }
  WebSocketPath('/upload')(UploadController);
  const app = await start([UploadController], { shutdown: { deadlineMs } });
  const client = await RawClient.open(app.url, '/upload');
  client.write(binary(Buffer.from('first '), { fin: false }));
  const connection = await begun.promise;
  return { app, client, connection, read: read.promise, failed: failed.promise, closed: closed.promise };
}

test.each<[string, (client: RawClient, connection: Connection) => void]>([
  ['is reset by the peer', (client) => client.socket.resetAndDestroy()],
  ['is ended by the peer', (client) => client.socket.end()],
  ['is terminated here', (_, connection) => connection.terminate()],
  ['is closed by the peer in mid-message', (client) => client.write(close(1000))],
  ['breaks a rule in mid-message', (client) => client.write(binary(Buffer.alloc(1)))],
])('a connection that %s makes the reader throw, and @OnClose comes after it', async (_, breakOff) => {
  const { client, connection, failed, closed } = await serve();
  breakOff(client, connection);
  expect(await failed).toBeInstanceOf(IncompleteMessageError);
  expect(connection.signal.aborted).toBe(true);
  client.destroy();
  expect(await closed).toBe(connection);
});

test('a ping in mid-message is answered at once', async () => {
  const { client, read } = await serve();
  client.write(ping('are you there?'));
  expect((await client.frame()).payload.toString()).toBe('are you there?');
  client.write(continuation('last'));
  expect((await read).toString()).toBe('first last');
  client.destroy();
});

test('after close() by the server, the rest of a message that has begun is still read', async () => {
  const { client, connection, read } = await serve();
  const closing = connection.close(1000);
  expect((await client.closeFrame()).code).toBe(1000);
  client.write(Buffer.concat([continuation('last'), close(1000)]));
  expect((await read).toString()).toBe('first last');
  await client.end();
  client.socket.end();
  expect((await closing).clean).toBe(true);
});

test('an application that stops closes with 1001 in mid-message, and does not wait for its deadline', async () => {
  const { app, client } = await serve(10_000);
  const stopped = app.close();
  client.write(continuation('last'));
  for (let frame = await client.frame(); ; frame = await client.frame()) {
    if (frame.opcode !== 8) continue;
    expect(frame.payload.readUInt16BE(0)).toBe(1001);
    break;
  }
  client.write(close(1001));
  client.destroy();
  await stopped;
});

test('after a streamed message, one that has begun before close() is still delivered', async () => {
  const connected = deferred<Connection>();
  const whole = deferred<string>();

  class MixedController {
    @OnMessage()
    stream(_message: MessageStream, connection: Connection): string {
      connected.resolve(connection);
      return 'streamed';
    }

    @OnMessage()
    text(message: string): void {
      whole.resolve(message);
    }
  }
  WebSocketPath('/mixed')(MixedController);
  const app = await start([MixedController]);
  const client = await RawClient.open(app.url, '/mixed');
  client.write(binary(Buffer.from('stream')));
  await client.frame();
  const connection = await connected.promise;
  client.write(Buffer.concat([text('under ', { fin: false }), ping()]));
  await client.frame();
  const closing = connection.close(1000);
  await client.closeFrame();
  client.write(Buffer.concat([continuation('way'), close(1000)]));
  await client.end();
  client.socket.end();
  await closing;
  expect(await Promise.race([whole.promise, Promise.resolve('nothing')])).toBe('under way');
});
