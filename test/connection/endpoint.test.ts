import type { Endpoint } from '../../src/engine';
import { binary, close, ping, pong, text } from '../support/frames';
import { deferred, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

test('each hook is called for what it is named after, with the connection first', async () => {
  const calls: unknown[] = [];
  const closed = deferred();
  const endpoint: Endpoint = {
    path: '/',
    open: () => void calls.push('open'),
    text: (_connection, message) => void calls.push(['text', message]),
    binary: (_connection, message) => void calls.push(['binary', [...message]]),
    ping: (_connection, payload) => void calls.push(['ping', payload.toString()]),
    pong: (_connection, payload) => void calls.push(['pong', payload.toString()]),
    close: (connection, info) => {
      calls.push(['close', info.code, connection.state]);
      closed.resolve();
    },
  };
  const engine = await startEngine([endpoint]);
  const client = await RawClient.open(engine.url, '/');
  client.write(Buffer.concat([text('a'), binary(Buffer.from([1])), ping('b'), pong('c'), close(3000)]));
  client.socket.end();
  await closed.promise;
  expect(calls).toEqual([
    'open',
    ['text', 'a'],
    ['binary', [1]],
    ['ping', 'b'],
    ['pong', 'c'],
    ['close', 3000, 'closed'],
  ]);
});
