import { startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';
import type { Connection } from '../../src/engine';

test('an engine without channels says so', async () => {
  const opened: Connection[] = [];
  const engine = await startEngine([{ path: '/', open: (connection) => void opened.push(connection) }]);
  const client = await RawClient.open(engine.url, '/');
  const [connection] = opened;
  await expect(connection!.subscribe('room:7')).rejects.toThrow('this engine has no channels');
  await expect(connection!.unsubscribe('room:7')).rejects.toThrow('this engine has no channels');
  expect(() => connection!.publish('room:7', 'x')).toThrow('this engine has no channels');
  connection!.user = { id: 'ann' };
  client.destroy();
});
