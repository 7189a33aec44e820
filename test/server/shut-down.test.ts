import { deferred, echo, startEngine } from '../support/engine';
import { close, text } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';

test('an engine that closes says 1001 to all, waits for their answers, and refuses new ones', async () => {
  const closes: number[] = [];
  const engine = await startEngine([{ ...echo, close: (_connection, { code }) => void closes.push(code) }]);
  const { port } = engine;
  const clients = await Promise.all([1, 2].map(() => RawClient.open(engine.url, '/')));
  const closing = engine.close();
  for (const client of clients) {
    expect(await client.closeFrame()).toEqual({ code: 1001, reason: 'going away' });
    client.write(close(1001));
    client.socket.end();
  }
  await closing;
  expect(closes).toEqual([1001, 1001]);
  await expect(RawClient.connect(`ws://127.0.0.1:${port}`)).rejects.toThrow();
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
