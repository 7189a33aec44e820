import { once } from 'node:events';
import { connect } from 'node:net';
import type { Endpoint } from '../../src/engine';
import { deferred, startEngine } from '../support/engine';
import { text } from '../support/frames';
import { RawClient } from '../support/raw-client';

// a Node that cannot share ports ignores the option, and has the port alone
jest.mock('../../src/server/reuse-port', () => ({ canReusePort: () => Promise.resolve(true) }));

/** Whether a client that comes while the engine stops is answered, or finds nobody. */
async function answeredWhileItStops(reusePort: boolean): Promise<boolean> {
  const [handled, begun] = [deferred(), deferred()];
  const held: Endpoint = { path: '/', text: () => (begun.resolve(), handled.promise) };
  const engine = await startEngine([held], { reusePort });
  const { url, port } = engine;
  const client = await RawClient.open(url, '/');
  client.write(text('last words'));
  await begun.promise;
  const closed = engine.close();
  const late = connect(port, '127.0.0.1');
  const connected = await once(late, 'connect').then(
    () => true,
    () => false,
  );
  late.destroy();
  handled.resolve();
  await client.closeFrame();
  client.destroy();
  await closed;
  return connected;
}

test('an engine that stops still listens, to say so; but leaves a port that other processes share to them', async () => {
  expect(await answeredWhileItStops(false)).toBe(true);
  expect(await answeredWhileItStops(true)).toBe(false);
});
