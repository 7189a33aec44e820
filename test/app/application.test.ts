import { createServer } from 'node:net';
import { WebSocket as UndiciWebSocket } from 'undici';
import { bootstrap, createApp, Connections, injectable, ListenError, OnMessage, WebSocketPath } from '../../src';
import { connect, moduleOf, start } from '../support/app';
import type { DependencyContainer } from 'tsyringe';

@WebSocketPath('/echo')
class Echo {
  @OnMessage()
  text(message: string): string {
    return `${message} from client`;
  }

  @OnMessage()
  binary(message: Uint8Array): Uint8Array {
    return message;
  }
}

test('bootstrap listens and says where', async () => {
  const app = await start([Echo], { host: 'localhost', name: 'echo-server' });
  expect(app.name).toBe('echo-server');
  expect(app.url).toBe(`ws://localhost:${app.port}`);
  const client = await connect(app, '/echo');
  expect(await client.ask('hé')).toBe('hé from client');
  expect(app.connections.size).toBe(1);
});

test('a client of undici talks to it, text and binary', async () => {
  const app = await start([Echo], { host: 'localhost' });
  const socket = new UndiciWebSocket(`${app.url}/echo`);
  socket.binaryType = 'arraybuffer';
  const received: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('error', () => reject(new Error('undici failed')));
    socket.addEventListener('open', () => {
      socket.send('hé');
      socket.send(new Uint8Array([1, 2, 3]));
    });
    socket.addEventListener('message', ({ data }) => {
      received.push(data);
      if (received.length === 2) socket.close(1000, 'done');
    });
    socket.addEventListener('close', ({ code, wasClean }) => {
      received.push([code, wasClean]);
      resolve();
    });
  });
  expect(received).toEqual(['hé from client', new Uint8Array([1, 2, 3]).buffer, [1000, true]]);
});

test('createApp builds without listening; it starts, stops and starts again', async () => {
  const app = await createApp(moduleOf([Echo]), { port: 0 });
  expect(() => app.url).toThrow('the server is not listening');
  for (let round = 0; round < 2; round++) {
    await app.listen();
    const client = await connect(app, '/echo');
    expect(await client.ask(`round ${round}`)).toBe(`round ${round} from client`);
    await app.close();
    expect((await client.closed).code).toBe(1001);
    expect(app.connections.size).toBe(0);
  }
});

test('two applications in one process share nothing', async () => {
  class Counter {
    count = 0;
  }
  @WebSocketPath('/')
  class Counting {
    constructor(
      private readonly counter: Counter,
      private readonly connections: Connections,
    ) {}
    @OnMessage()
    any(): unknown {
      return [++this.counter.count, this.connections.size];
    }
  }
  const module = moduleOf([Counting], [Counter]);
  const [one, two] = [
    await bootstrap(module, { port: 0, host: '127.0.0.1' }),
    await bootstrap(module, { port: 0, host: '127.0.0.1' }),
  ];
  const first = await connect(one, '/');
  expect(await first.ask('')).toBe('[1,1]');
  expect(await first.ask('')).toBe('[2,1]');
  expect(await (await connect(two, '/')).ask('')).toBe('[1,1]');
  await Promise.all([one.close(), two.close()]);
});

test('a port in use is one clear error', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const error: unknown = await bootstrap(moduleOf([Echo]), { port }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ListenError);
  expect((error as Error).message).toMatch(`port ${port} on 127.0.0.1 is already in use`);
  other.close();
});

test('the container is the application’s own', async () => {
  @injectable()
  class Service {
    constructor(readonly echo: Echo) {}
  }
  const app = await start([Echo], { providers: [Service] });
  const { container }: { container: DependencyContainer } = app;
  expect(container.resolve(Service)).toBe(container.resolve(Service));
  expect(container.resolve(Service).echo).toBe(container.resolve(Echo));
});

test('a refused origin is logged with how to allow it', async () => {
  const app = await start([Echo]);
  await expect(connect(app, '/echo', { origin: 'https://app.example.com' })).rejects.toThrow('403');
  expect(app.log.lines).toEqual([
    'warn This origin may not connect. To allow it, list it: origins: ["https://app.example.com"]',
  ]);
  const open = await start([Echo], { origins: ['https://app.example.com'] });
  await connect(open, '/echo', { origin: 'https://app.example.com' });
});
