import type { Connection } from '../../src/engine';
import { close } from '../support/frames';
import { deferred, echo, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

async function opened() {
  const connection = deferred<Connection>();
  const engine = await startEngine([{ ...echo, open: (each) => connection.resolve(each) }]);
  const client = await RawClient.open(engine.url, '/');
  return { client, connection: await connection.promise };
}

test('pongs, answers and the end are waited for until the connection closes', async () => {
  const { client, connection } = await opened();
  const pong = expect(connection.ping('p')).rejects.toThrow('the connection closed before the pong came');
  const answer = expect(connection.request('name')).rejects.toMatchObject({ name: 'ConnectionClosedError' });
  const closed = connection.close(1000);
  client.write(close(1000, 'bye'));
  client.socket.end();
  expect(await Promise.all([closed, connection.close()])).toMatchObject(Array(2).fill({ code: 1000, reason: 'bye' }));
  await Promise.all([pong, answer]);
});

test('a closed connection is not waited for', async () => {
  const { client, connection } = await opened();
  client.socket.destroy();
  const { code } = await connection.close();
  expect(code).toBe(1006);
  expect((await connection.close()).code).toBe(1006);
  await expect(connection.ping()).rejects.toThrow('the connection closed before the pong came');
  await expect(connection.request('name')).rejects.toThrow('the connection is not open');
});
