import { Engine } from '../../src/engine';
import { MemorySocket } from '../../src/testing/memory-socket';
import { echo } from '../support/engine';
import { RawClient } from '../support/raw-client';

function client(engine: Engine): RawClient<MemorySocket> {
  const [ours, theirs] = MemorySocket.pair();
  engine.serve(theirs);
  return RawClient.over(ours);
}

test('a stream is served as a connection to a port is, until the engine closes', async () => {
  const engine = new Engine();
  engine.add(echo);
  const webSocket = client(engine);
  webSocket.upgrade('/');
  expect((await webSocket.answer()).status).toBe(101);
  expect(engine.listening).toBe(false);
  const closed = engine.close();
  expect((await webSocket.closeFrame()).code).toBe(1001);
  webSocket.destroy();
  await closed;
});
