import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { CAN_REUSE_PORT } from '../support/reuse-port';
import { compileSamples, type CompiledSamples } from './compiled';
import { ProcessClient, RunningProcesses } from './running-processes';

const CLUSTER = { REUSE_PORT: '' };
const SHARED_PORT = { REUSE_PORT: '1' };
const WAYS = [{ way: 'a cluster', settings: CLUSTER }];
if (CAN_REUSE_PORT) WAYS.push({ way: 'a shared port', settings: SHARED_PORT });

let compiled: CompiledSamples;
let running: RunningProcesses | undefined;

beforeAll(() => {
  compiled = compileSamples();
});

afterEach(async () => {
  await running?.kill();
  running = undefined;
});

afterAll(() => compiled.remove());

function run(settings: Record<string, string>): RunningProcesses {
  running = new RunningProcesses(compiled, settings);
  return running;
}

describe.each(WAYS)('two processes with $way', ({ settings }) => {
  /** Starts two processes, and connects a client to each. */
  async function start() {
    const program = run(settings);
    const served = await Promise.all([program.served(1), program.served(2)]);
    const [first, second] = await ProcessClient.reach(...served);
    return { program, served, clients: [first!, second!] as const };
  }

  test('have clients on one port, and count together', async () => {
    const { served, clients } = await start();
    expect(served[0].url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/process$/);
    expect(served[1].url).toBe(served[0].url);
    expect(served[1].pid).not.toBe(served[0].pid);
    for (const [index, client] of clients.entries()) {
      expect(await client.ask('process.who')).toEqual({ pid: served[index]!.pid, worker: index + 1 });
    }
    expect(await clients[0].ask('counter.add', { by: 2 })).toEqual({ own: 2, total: 2 });
    expect(await clients[1].ask('counter.add', { by: 3 })).toEqual({ own: 3, total: 5 });
    expect(await clients[0].ask('counter.read')).toEqual({ own: 2, total: 5 });
  });

  test('lose the clients of one that is killed and no others, and it is started again', async () => {
    const { program, served, clients } = await start();
    await clients[0].ask('counter.add', { by: 2 });
    process.kill(served[0].pid, 'SIGKILL');
    expect(await clients[0].closed).toBe(1006);
    await program.line(/^worker 1 ended \(SIGKILL\); again in 100 ms$/);
    const again = await program.served(1);
    expect(again.url).toBe(served[0].url);
    expect(again.pid).not.toBe(served[0].pid);

    const [client] = await ProcessClient.reach(again);
    // the killed process has lost its own count, and not what it had sent to others
    expect(await client!.ask('counter.add', { by: 1 })).toEqual({ own: 1, total: 3 });
    expect(await clients[1].ask('counter.read')).toEqual({ own: 0, total: 3 });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'tell their clients 1001 at %s, and the program ends with exit code 0',
    async (signal) => {
      const { program, clients } = await start();
      program.child.kill(signal);
      for (const client of clients) expect(await client.closed).toBe(1001);
      expect(await program.ended).toBe(0);
      expect(program.errors).toBe('');
    },
  );

  test('are replaced one by one at SIGUSR2', async () => {
    const { program, served, clients } = await start();
    program.child.kill('SIGUSR2');
    const replaced = [await program.served(1), await program.served(2)];
    for (const client of clients) expect(await client.closed).toBe(1001);
    expect(replaced.map(({ url }) => url)).toEqual(served.map(({ url }) => url));
    const [first, second] = await ProcessClient.reach(...replaced);
    expect(await first!.ask('process.who')).toEqual({ pid: replaced[0]!.pid, worker: 1 });
    expect(await second!.ask('process.who')).toEqual({ pid: replaced[1]!.pid, worker: 2 });
    // an end on request is not a failure
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    await expect(program.line(/ended/)).rejects.toThrow('it ended without');
  });

  test('end when the primary is killed', async () => {
    const { program, clients } = await start();
    program.child.kill('SIGKILL');
    // Node ends the workers of a cluster itself, at once
    const code = settings === CLUSTER ? 1006 : 1001;
    for (const client of clients) expect(await client.closed).toBe(code);
    expect(await program.ended).toBe(null);
  });

  test('are given up when one of them ends time and again', async () => {
    const { program, served, clients } = await start();
    let { pid } = served[0];
    for (const delay of [100, 200, 400]) {
      process.kill(pid, 'SIGKILL');
      await program.line(new RegExp(`^worker 1 ended \\(SIGKILL\\); again in ${delay} ms$`));
      ({ pid } = await program.served(1));
    }
    process.kill(pid, 'SIGKILL');
    expect(await clients[1].closed).toBe(1001);
    expect(await program.ended).toBe(1);
    expect(program.errors).toBe('worker 1 ends time and again (SIGKILL)\n');
  });
});

test('a port that is taken ends the program, which says so', async () => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const { port } = occupant.address() as AddressInfo;
  const program = run({ PORT: String(port) });
  expect(await program.ended).toBe(1);
  occupant.close();
  // a program that cannot start is not started again
  await expect(program.line(/again/)).rejects.toThrow('it ended without');
  expect(program.errors).toMatch(
    new RegExp(
      `^port ${port} on 127\\.0\\.0\\.1 is already in use: .*\\nworker 1 ended before it served \\(exit code 1\\)\\n$`,
    ),
  );
});

test.each(['0', '1.5', 'many'])('%s is not a number of workers', async (WORKERS) => {
  const program = run({ WORKERS });
  expect(await program.ended).toBe(1);
  expect(program.errors).toBe(`WORKERS must be a number from 1, not ${WORKERS}\n`);
});

if (!CAN_REUSE_PORT) {
  test('a Node that cannot share a port says so, and ends', async () => {
    const program = run(SHARED_PORT);
    expect(await program.ended).toBe(1);
    expect(program.errors).toMatch(/^`reusePort` needs Node 22\.12 .*\nworker 1 ended before it served .*\n$/);
  });
}
