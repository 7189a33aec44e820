import type { Engine } from '../../src/engine';
import { BINARY, TEXT } from '../support/frames';
import { echo, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

let engine: Engine;
let clients: RawClient[];

beforeEach(async () => {
  engine = await startEngine([echo]);
  clients = await Promise.all([1, 2, 3].map(() => RawClient.open(engine.url, '/')));
});

test('it counts, finds and lists the open connections', async () => {
  const { connections } = engine;
  expect(connections.size).toBe(3);
  const all = [...connections];
  expect(all).toHaveLength(3);
  expect(connections.get(all[1]!.id)).toBe(all[1]);
  expect(connections.get('nobody')).toBeUndefined();
  clients[0]!.destroy();
  while (connections.size > 2) await new Promise(setImmediate);
  expect([...connections]).toHaveLength(2);
});

test('a broadcast reaches all', async () => {
  engine.connections.broadcast('hé');
  engine.connections.broadcast(new Uint8Array([1]));
  for (const client of clients) {
    expect(await client.frame()).toMatchObject({ opcode: TEXT, payload: Buffer.from('hé') });
    expect(await client.frame()).toMatchObject({ opcode: BINARY, payload: Buffer.from([1]) });
  }
});

test('a broadcast reaches those that are picked, in order with their other messages', async () => {
  const named = await RawClient.open(engine.url, '/?named');
  const [one] = [...engine.connections].filter(({ query }) => query.has('named'));
  one!.send('before');
  engine.connections.broadcast('picked', (connection) => connection === one);
  one!.send('after');
  const received = [await named.frame(), await named.frame(), await named.frame()];
  expect(received.map(({ payload }) => payload.toString())).toEqual(['before', 'picked', 'after']);
  engine.connections.broadcast('all');
  for (const client of clients) expect((await client.frame()).payload.toString()).toBe('all');
});

test('a broadcast of something else is refused with a TypeError', () => {
  expect(() => engine.connections.broadcast(5 as unknown as string)).toThrow(TypeError);
  expect(() => engine.connections.broadcast([1] as unknown as string)).toThrow(TypeError);
});
