import { createServer } from 'node:net';
import { Engine } from '../../src/engine';
import { close, text } from '../support/frames';
import { deferred, echo, startEngine } from '../support/engine';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';

test('it listens on a free port of both loopback addresses, and says where', async () => {
  const engine = await startEngine([echo], { host: 'localhost' });
  expect(engine.url).toBe(`ws://localhost:${engine.port}`);
  for (const host of ['127.0.0.1', '[::1]']) {
    const client = await RawClient.open(`ws://${host}:${engine.port}`, '/');
    client.write(text(host));
    expect((await client.frame()).payload.toString()).toBe(host);
  }
});

test('while it does not listen it has neither port nor address', () => {
  const engine = new Engine();
  expect(() => engine.port).toThrow('the server is not listening: call listen() first');
  expect(() => engine.url).toThrow('not listening');
});

test('it closes and listens again', async () => {
  const engine = await startEngine([echo]);
  await engine.close();
  await engine.close();
  await engine.listen();
  const client = await RawClient.open(engine.url, '/');
  client.write(text('again'));
  expect((await client.frame()).payload.toString()).toBe('again');
  await expect(engine.listen()).rejects.toThrow('listens already');
});

test('a port in use is one clear error', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const engine = new Engine({ port, host: '127.0.0.1' });
  await expect(engine.listen()).rejects.toThrow(
    `port ${port} on 127.0.0.1 is already in use: stop the program that uses it, or set another \`port\` (0 takes a free one)`,
  );
  await new Promise((resolve) => other.close(resolve));
  await engine.listen();
  await engine.close();
});

describe('close', () => {
  test('says 1001 to all, waits for their answers, and refuses new ones', async () => {
    const closes: number[] = [];
    const engine = await startEngine([{ ...echo, close: (_connection, { code }) => void closes.push(code) }]);
    const clients = await Promise.all([1, 2].map(() => RawClient.open(engine.url, '/')));
    const closing = engine.close();
    for (const client of clients) {
      expect(await client.closeFrame()).toEqual({ code: 1001, reason: 'going away' });
      client.write(close(1001));
      client.socket.end();
    }
    await closing;
    expect(closes).toEqual([1001, 1001]);
    await expect(RawClient.connect(`ws://127.0.0.1:1`)).rejects.toThrow();
  });

  test('what was received is handled and answered before the close frame', async () => {
    const gate = deferred();
    const begun = deferred();
    const engine = await startEngine([
      {
        path: '/',
        text: async (connection, message) => {
          begun.resolve();
          await gate.promise;
          connection.send(`done ${message}`);
        },
      },
    ]);
    const client = await RawClient.open(engine.url, '/');
    client.write(Buffer.concat([text('a'), text('b')]));
    await begun.promise;
    const closing = engine.close();
    gate.resolve();
    expect((await client.frame()).payload.toString()).toBe('done a');
    expect((await client.frame()).payload.toString()).toBe('done b');
    expect((await client.closeFrame()).code).toBe(1001);
    client.write(close(1001));
    client.socket.end();
    await closing;
  });

  test('at the deadline it terminates what is left, also handlers that never settle', async () => {
    const clock = new ManualClock();
    const begun = deferred();
    const engine = await startEngine(
      [
        {
          path: '/',
          text: () => {
            begun.resolve();
            return new Promise(() => {});
          },
        },
      ],
      { clock, shutdown: { deadlineMs: 100 } },
    );
    const client = await RawClient.open(engine.url, '/');
    client.write(text('x'));
    await begun.promise;
    const closing = engine.close();
    clock.advance(100);
    await closing;
    await client.end();
    expect(engine.connections.size).toBe(0);
  });
});

test('an endpoint that is wrong is refused when it is added', () => {
  const engine = new Engine();
  expect(() => engine.add({ path: '/', limits: { maxMessageBytes: 0 } })).toThrow(RangeError);
  expect(() => engine.add({ path: '/', origins: ['example.com'] })).toThrow(TypeError);
});
