import { Server } from 'node:net';
import { Engine, ListenError } from '../../src/engine';
import { canReusePort } from '../../src/server/reuse-port';
import { echo, startEngine } from '../support/engine';
import { text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { CAN_REUSE_PORT } from '../support/reuse-port';

type Listen = (this: Server, place: Record<string, unknown>, done: () => void) => Server;
const listen = Server.prototype.listen as unknown as Listen;

/** Node as it was before it knew the option: it reads the others. */
const ignoring: Listen = function (place, done) {
  return listen.call(this, { ...place, reusePort: undefined }, done);
};

/** What Node does where the system has no such thing. */
function refusing(code: string): Listen {
  return function (place, done) {
    if (place.reusePort !== true) return listen.call(this, place, done);
    process.nextTick(() => this.emit('error', Object.assign(new Error(`listen ${code}`), { code })));
    return this;
  };
}

function behave(like: Listen): void {
  jest.spyOn(Server.prototype, 'listen').mockImplementation(like as unknown as Server['listen']);
}

afterEach(() => jest.restoreAllMocks());

const CLEAR = `\`reusePort\` needs Node 22.12 or 23.1, and a system such as Linux: Node ${process.version} on ${process.platform} cannot do it`;

test('it is found out whether this Node has it', async () => {
  expect(await canReusePort('127.0.0.1')).toBe(CAN_REUSE_PORT);
});

test.each([
  ['a Node that does not know it', ignoring],
  ['a system that does not', refusing('ENOTSUP')],
  ['a kernel that does not', refusing('ENOPROTOOPT')],
])('%s is an error that says so, and nothing listens', async (_, like) => {
  behave(like);
  for (const host of ['localhost', '127.0.0.1', '::']) {
    const engine = new Engine({ port: 0, host, reusePort: true });
    await expect(engine.listen()).rejects.toThrow(new ListenError(CLEAR));
    expect(engine.listening).toBe(false);
  }
});

test('without the option such a Node is asked nothing', async () => {
  behave(refusing('ENOTSUP'));
  const engine = await startEngine([echo]);
  await RawClient.open(engine.url, '/').then((client) => client.destroy());
});

test('an address that the machine does not have is told as such, and not as a Node without it', async () => {
  expect(await canReusePort('192.0.2.1')).toBe(true);
});

test('a Unix socket cannot be shared', async () => {
  const engine = new Engine({ socketPath: '/nowhere/app.sock', reusePort: true });
  await expect(engine.listen()).rejects.toThrow('`reusePort` needs a port: a Unix socket belongs to one process');
});

// what this Node has is served, what it has not is refused
if (CAN_REUSE_PORT) {
  /** Connects until each of them was reached, which the kernel decides. */
  async function reachAll(engines: Engine[], url: string): Promise<void> {
    while (!engines.every(({ connections }) => connections.size > 0)) {
      const client = await RawClient.open(url, '/');
      client.write(text('hi'));
      expect((await client.frame()).payload.toString()).toBe('hi');
    }
  }

  test('two engines listen on one port of both loopback addresses, and both are served', async () => {
    const first = await startEngine([echo], { host: 'localhost', reusePort: true });
    const { port } = first;
    const second = await startEngine([echo], { host: 'localhost', port, reusePort: true });
    expect(second.port).toBe(port);
    await reachAll([first, second], `ws://127.0.0.1:${port}`);
    for (const { connections } of [first, second]) for (const connection of connections) connection.terminate();
    await reachAll([first, second], `ws://[::1]:${port}`);
  });

  test('when one of them closes the other goes on', async () => {
    const first = await startEngine([echo], { reusePort: true });
    const second = await startEngine([echo], { port: first.port, reusePort: true });
    await first.close();
    await reachAll([second], second.url);
  });

  test('a further place may be shared as well', async () => {
    const first = await startEngine([echo], { reusePort: true });
    const second = await startEngine([echo]);
    await second.listen({ port: first.port, host: '127.0.0.1', reusePort: true });
    await reachAll([first, second], first.url);
  });

  test('whoever does not ask for it cannot join, and nobody can join whoever does not', async () => {
    const shared = await startEngine([echo], { reusePort: true });
    const alone = await startEngine([echo]);
    const joining = new Engine({ host: '127.0.0.1', port: shared.port });
    await expect(joining.listen()).rejects.toThrow('is already in use: stop the program that uses it');
    const sharing = new Engine({ host: '127.0.0.1', port: alone.port, reusePort: true });
    await expect(sharing.listen()).rejects.toThrow(
      `port ${alone.port} on 127.0.0.1 is already in use by a program without \`reusePort\`, or of another user`,
    );
  });
} else {
  test('this Node has no such thing, and says so', async () => {
    await expect(new Engine({ port: 0, reusePort: true }).listen()).rejects.toThrow(new ListenError(CLEAR));
  });

  test('a further place is refused just the same, and the first goes on', async () => {
    const engine = await startEngine([echo]);
    await expect(engine.listen({ port: 0, reusePort: true })).rejects.toThrow(new ListenError(CLEAR));
    const client = await RawClient.open(engine.url, '/');
    client.write(text('hi'));
    expect((await client.frame()).payload.toString()).toBe('hi');
  });
}
