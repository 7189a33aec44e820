import { close, text } from '../support/frames';
import { deferred, startEngine } from '../support/engine';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';

test('messages before the Close frame are handled before the close hook', async () => {
  const events: string[] = [];
  const closed = deferred();
  const engine = await startEngine([
    {
      path: '/',
      text: async (connection, message) => {
        await new Promise(setImmediate);
        events.push(`${message} ${connection.send(message)}`);
      },
      close: () => {
        events.push('close');
        closed.resolve();
      },
    },
  ]);
  const client = await RawClient.open(engine.url, '/');
  client.write(Buffer.concat([text('a'), text('b'), text('c'), close(1000)]));
  await client.closeFrame();
  client.destroy();
  await closed.promise;
  expect(events.map((event) => event.split(' ')[0])).toEqual(['a', 'b', 'c', 'close']);
});

test('a handler that never settles does not keep the close hook from running', async () => {
  const clock = new ManualClock();
  const closed = deferred();
  const engine = await startEngine([{ path: '/', text: () => new Promise(() => {}), close: () => closed.resolve() }], {
    clock,
  });
  const client = await RawClient.open(engine.url, '/');
  client.write(Buffer.concat([text('a'), close(1000)]));
  await client.closeFrame();
  client.destroy();
  while (engine.connections.size > 0) await new Promise(setImmediate);
  clock.advance(5_000);
  await closed.promise;
});

test('close comes first, then sources end, then release; the observer and the engine hear of it in between', async () => {
  const events: string[] = [];
  const ended = deferred();
  let stop!: () => void;
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: () => new Promise<never>((resolve) => (stop = resolve as () => void)),
    }),
  };
  const engine = await startEngine(
    [
      {
        path: '/',
        open: (connection) => void connection.sendStream(source as AsyncIterable<string>),
        close: async () => {
          events.push('close');
          await new Promise(setImmediate);
          events.push('close has settled');
        },
        release: () => {
          events.push('release');
          ended.resolve();
        },
      },
    ],
    { observer: { closed: () => void events.push('observer') } },
  );
  const client = await RawClient.open(engine.url, '/');
  client.destroy();
  while (events.at(-1) !== 'close has settled') await new Promise(setImmediate);
  events.push('source ends');
  stop();
  await ended.promise;
  expect(events).toEqual(['close', 'observer', 'close has settled', 'source ends', 'release']);
});

test('sources that never end have closeTimeoutMs, then release is called all the same', async () => {
  const clock = new ManualClock();
  const released = jest.fn();
  const endless = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: () => new Promise<never>(() => {}),
    }),
  };
  const closed = deferred();
  const engine = await startEngine(
    [
      {
        path: '/',
        open: (connection) => void connection.sendStream(endless as AsyncIterable<string>),
        close: () => closed.resolve(),
        release: released,
      },
    ],
    { clock },
  );
  const client = await RawClient.open(engine.url, '/');
  client.destroy();
  await closed.promise;
  clock.advance(4_999);
  await new Promise(setImmediate);
  expect(released).not.toHaveBeenCalled();
  clock.advance(1);
  await new Promise(setImmediate);
  expect(released).toHaveBeenCalledTimes(1);
});
