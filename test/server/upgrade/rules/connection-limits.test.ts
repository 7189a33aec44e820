import { echo, startEngine } from '../../../support/engine';
import { RawClient } from '../../../support/raw-client';

test('the limits of the path count beside those of the application', async () => {
  const small = { ...echo, path: '/small', limits: { maxConnections: 1 } };
  const engine = await startEngine([echo, small], { limits: { maxConnections: 2 } });
  const ask = async (path: string): Promise<number> => {
    const client = await RawClient.connect(engine.url);
    client.upgrade(path);
    return (await client.answer()).status;
  };
  expect([await ask('/small'), await ask('/small'), await ask('/'), await ask('/')]).toEqual([101, 503, 101, 503]);
});
