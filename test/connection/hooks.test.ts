import { binary, text } from '../support/frames';
import { echo, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

test.each([
  ['text', text('x')],
  ['binary', binary(Buffer.from('x'))],
])('a %s message without a handler is answered with 1003', async (_kind, bytes) => {
  const engine = await startEngine([{ path: '/' }]);
  const client = await RawClient.open(engine.url, '/');
  client.write(bytes);
  expect((await client.closeFrame()).code).toBe(1003);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('boom');
    },
  ],
  ['rejects', () => Promise.reject(new Error('boom'))],
])('a hook that %s is reported and closes with 1011; the neighbours are served', async (_how, fail) => {
  const failures: string[] = [];
  const engine = await startEngine(
    [
      { ...echo, name: 'Echo', text: fail },
      { ...echo, path: '/other' },
    ],
    {
      observer: { failed: (error, where) => void failures.push(`${where}: ${(error as Error).message}`) },
    },
  );
  const neighbour = await RawClient.open(engine.url, '/other');
  const client = await RawClient.open(engine.url, '/');
  client.write(text('x'));
  expect(await client.closeFrame()).toEqual({ code: 1011, reason: 'internal error' });
  expect(failures).toEqual(['Echo (text): boom']);
  neighbour.write(text('still here'));
  expect((await neighbour.frame()).payload.toString()).toBe('still here');
});
