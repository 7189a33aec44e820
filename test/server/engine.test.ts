import { createServer } from 'node:net';
import { Engine } from '../../src/engine';
import { text } from '../support/frames';
import { echo, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';

test('it listens on a free port of both loopback addresses, and says where', async () => {
  const engine = await startEngine([echo], { host: 'localhost' });
  expect(engine.url).toBe(`ws://localhost:${engine.port}`);
  for (const host of ['127.0.0.1', '[::1]']) {
    const client = await RawClient.open(`ws://${host}:${engine.port}`, '/');
    client.write(text(host));
    expect((await client.frame()).payload.toString()).toBe(host);
  }
});

test('while it does not listen it has neither port nor address', () => {
  const engine = new Engine();
  expect(() => engine.port).toThrow('the server is not listening: call listen() first');
  expect(() => engine.url).toThrow('not listening');
});

test('it closes and listens again', async () => {
  const engine = await startEngine([echo]);
  await engine.close();
  await engine.close();
  await engine.listen();
  const client = await RawClient.open(engine.url, '/');
  client.write(text('again'));
  expect((await client.frame()).payload.toString()).toBe('again');
  await expect(engine.listen()).rejects.toThrow('listens already');
});

test('a port in use is one clear error', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const engine = new Engine({ port, host: '127.0.0.1' });
  await expect(engine.listen()).rejects.toThrow(
    `port ${port} on 127.0.0.1 is already in use: stop the program that uses it, or set another \`port\` (0 takes a free one)`,
  );
  await new Promise((resolve) => other.close(resolve));
  await engine.listen();
  await engine.close();
});

test('an endpoint that is wrong is refused when it is added', () => {
  const engine = new Engine();
  expect(() => engine.add({ path: '/', limits: { maxMessageBytes: 0 } })).toThrow(RangeError);
  expect(() => engine.add({ path: '/', origins: ['example.com'] })).toThrow(TypeError);
});
