import { PONG, ping, text } from '../support/frames';
import { deferred, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

test('no message is handed over before the open hook settles', async () => {
  const events: string[] = [];
  const opening = deferred();
  const arrived = deferred();
  const engine = await startEngine([
    {
      path: '/',
      open: async (connection) => {
        arrived.resolve();
        await opening.promise;
        events.push('open');
        connection.send('welcome');
      },
      text: (connection, message) => {
        events.push(message);
        connection.send(message);
      },
    },
  ]);
  const client = await RawClient.connect(engine.url);
  client.upgrade('/', {}, Buffer.concat([text('in the first packet'), ping()]));
  await client.answer();
  await arrived.promise;
  expect((await client.frame()).opcode).toBe(PONG);
  opening.resolve();
  expect((await client.frame()).payload.toString()).toBe('welcome');
  expect((await client.frame()).payload.toString()).toBe('in the first packet');
  expect(events).toEqual(['open', 'in the first packet']);
});

test('an asynchronous handler holds the next messages back, in order', async () => {
  const events: string[] = [];
  const engine = await startEngine([
    {
      path: '/',
      text: async (connection, message) => {
        events.push(`begin ${message}`);
        await new Promise(setImmediate);
        events.push(`end ${message}`);
        connection.send(message);
      },
    },
  ]);
  const client = await RawClient.open(engine.url, '/');
  client.write(Buffer.concat(['a', 'b', 'c'].map((message) => text(message))));
  for (const message of ['a', 'b', 'c']) expect((await client.frame()).payload.toString()).toBe(message);
  expect(events).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
});

test('100,000 messages at a slow handler: few are pending, none is lost', async () => {
  const total = 100_000;
  let begun = 0;
  let parsed = 0;
  const gate = deferred();
  const all = deferred();
  const engine = await startEngine([
    {
      path: '/',
      text: () => {
        if (++begun === 1) return gate.promise;
        if (begun === total) all.resolve();
        return begun % 100 === 0 ? new Promise<void>((resolve) => setImmediate(resolve)) : undefined;
      },
      ping: () => void parsed++,
    },
  ]);
  const client = await RawClient.open(engine.url, '/');
  const burst = Buffer.concat([...Array.from({ length: 100 }, () => text('x')), ping()]);
  for (let i = 0; i < total / 100; i++) client.write(burst);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(begun).toBe(1);
  expect(parsed).toBe(0);
  gate.resolve();
  await all.promise;
  expect(begun).toBe(total);
});

test('concurrency lets several be handled at once', async () => {
  const works = [deferred(), deferred(), deferred()];
  let begun = 0;
  const engine = await startEngine([
    {
      path: '/',
      concurrency: 2,
      text: async (connection, message) => {
        await works[begun++]!.promise;
        connection.send(message);
      },
    },
  ]);
  const client = await RawClient.open(engine.url, '/');
  client.write(Buffer.concat(['a', 'b', 'c'].map((message) => text(message))));
  works[1]!.resolve();
  expect((await client.frame()).payload.toString()).toBe('b');
  works[2]!.resolve();
  expect((await client.frame()).payload.toString()).toBe('c');
  works[0]!.resolve();
  expect((await client.frame()).payload.toString()).toBe('a');
});
