import type { Connection, Endpoint } from '../../src/engine';
import { deferred, startEngine, heldBytesOf } from '../support/engine';
import { close as closeFrame, continuation, text } from '../support/frames';
import { dial, LAYERS } from '../support/layers';
import { settled } from '../support/serve';

interface Opening {
  readonly handled: string[];
  readonly connection: Promise<Connection>;
  readonly endpoint: Endpoint;
  readonly go: (error?: Error) => void;
}

function opening(streamed: boolean): Opening {
  const handled: string[] = [];
  const connection = deferred<Connection>();
  const gate = deferred();
  const endpoint: Endpoint = {
    path: '/',
    open: (opened) => {
      connection.resolve(opened);
      return gate.promise;
    },
    close: () => void handled.push('closed'),
    ...(streamed
      ? {
          textStream: async (_connection, message) => {
            for await (const piece of message) handled.push(String(piece));
          },
        }
      : { text: (_connection, message) => void handled.push(message) }),
  };
  const go = (error?: Error): void => (error === undefined ? gate.resolve() : gate.reject(error));
  return { handled, connection: connection.promise, endpoint, go };
}

describe.each([
  ['messages', false],
  ['streams', true],
])('%s that wait for `open`', (_kind, streamed) => {
  const waiting = [text('first'), text('second'), text('half', { fin: false })];

  test.each(Object.entries(LAYERS))('are not handled where it closes, over %s', async (_name, { options, open }) => {
    const { handled, connection, endpoint, go } = opening(streamed);
    const engine = await startEngine([endpoint], options);
    const client = await open(await dial(engine));
    client.write(Buffer.concat(waiting));
    const served = await connection;
    // what was sent has arrived
    while (heldBytesOf(served) === 0) await settled();
    void served.close(4401, 'no token');
    go();
    expect(await client.closeFrame()).toEqual({ code: 4401, reason: 'no token' });
    client.socket.end(Buffer.concat([continuation('the other half'), text('later'), closeFrame(4401)]));
    while (handled.length === 0) await settled();
    await settled();
    expect(handled).toEqual(['closed']);
  });

  test('are not handled where it fails', async () => {
    const { handled, connection, endpoint, go } = opening(streamed);
    const engine = await startEngine([endpoint]);
    const client = await LAYERS['HTTP/1.1']!.open(await dial(engine));
    client.write(Buffer.concat(waiting));
    const served = await connection;
    while (heldBytesOf(served) === 0) await settled();
    go(new Error('no database'));
    expect(await client.closeFrame()).toMatchObject({ code: 1011 });
    client.socket.end(closeFrame(1011));
    while (handled.length === 0) await settled();
    expect(handled).toEqual(['closed']);
  });

  test('are handled where it lets the client in, also when we close later', async () => {
    const { handled, connection, endpoint, go } = opening(streamed);
    const engine = await startEngine([{ ...endpoint, concurrency: 1 }]);
    const client = await LAYERS['HTTP/1.1']!.open(await dial(engine));
    client.write(Buffer.concat(waiting.slice(0, 2)));
    const served = await connection;
    while (heldBytesOf(served) === 0) await settled();
    go();
    while (handled.length < 2) await settled();
    void served.close();
    await client.closeFrame();
    client.socket.end(closeFrame());
    while (handled.length < 3) await settled();
    expect(handled).toEqual(['first', 'second', 'closed']);
  });
});
