import { Engine, type EngineOptions } from '../../src/engine';
import { RawClient } from '../support/raw-client';
import { echo, startEngine } from '../support/engine';

test.each<[string, EngineOptions, typeof RangeError]>([
  ['limits', { limits: { maxMessageBytes: 0 } }, RangeError],
  ['origins', { origins: ['example.com'] }, TypeError],
  ['heartbeat', { heartbeat: { intervalMs: 0 } }, RangeError],
  ['trustedProxies', { trustedProxies: ['localhost'] }, TypeError],
  ['tls', { tls: {} }, TypeError],
])('wrong %s are an error of the constructor', (_what, options, error) => {
  expect(() => new Engine(options)).toThrow(error);
});

test('two engines share no counts', async () => {
  const options = { limits: { maxConnections: 1 } };
  const engines = await Promise.all([startEngine([echo], options), startEngine([echo], options)]);
  for (const { url } of engines) await RawClient.open(url, '/');
  expect(engines.map(({ connections }) => connections.size)).toEqual([1, 1]);
});
