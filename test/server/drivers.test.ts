import { deferred, echo, startEngine } from '../support/engine';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';
import { settled } from '../support/serve';

test('an engine that closes waits for the hooks of connections that have gone', async () => {
  const [begun, done] = [deferred(), deferred()];
  const close = (): Promise<void> => {
    begun.resolve();
    return done.promise;
  };
  const engine = await startEngine([{ ...echo, close }]);
  (await RawClient.open(engine.url, '/')).destroy();
  await begun.promise;
  expect(engine.connections.size).toBe(0);
  let closed = false;
  const closing = engine.close().then(() => (closed = true));
  await settled();
  expect(closed).toBe(false);
  done.resolve();
  await closing;
});

test('hooks that a deadline gave up are not awaited when the engine closes again', async () => {
  const clock = new ManualClock();
  const gaveUp = deferred();
  const hooks = [gaveUp.promise, Promise.resolve()];
  const engine = await startEngine([{ ...echo, close: () => hooks.shift() }], {
    clock,
    heartbeat: false,
    shutdown: { deadlineMs: 1_000 },
  });
  (await RawClient.open(engine.url, '/')).destroy();
  while (hooks.length > 1) await settled();
  const closing = engine.close();
  await settled();
  clock.advance(1_000);
  await closing;
  await engine.listen();
  const client = await RawClient.open(engine.url, '/');
  gaveUp.resolve();
  await settled();
  expect(engine.connections.size).toBe(1);
  client.destroy();
  await engine.close();
  expect(hooks).toEqual([]);
});
