import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import type { CloseInfo } from '../../src';
import type { Connection } from '../../src/engine';
import { figure } from '../support/figures';
import { echo, startEngine } from '../support/engine';
import { until } from '../support/until';

/** The first network for documentation (RFC 5737) in which this machine has no address. */
const NETWORK = freeOf(['198.51.100', '203.0.113', '192.0.2']);
const HOST = `${NETWORK}.1`;
const PEER = `${NETWORK}.2`;
const PEERS = 20;
const HEARTBEAT = { intervalMs: 500, timeoutMs: 2_000 };
/** Pings to a healthy peer until the others are cut. The server's own count of time, so that a busy machine does not matter. */
const MOST_PINGS = (HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs + 1_000) / HEARTBEAT.intervalMs;

function freeOf(networks: string[]): string {
  const taken = Object.values(networkInterfaces()).flatMap((addresses) => addresses!.map(({ address }) => address));
  return networks.find((network) => !taken.some((address) => address.startsWith(`${network}.`)))!;
}

const ip = (...args: string[]): Buffer => execFileSync('ip', args, { stdio: 'pipe' });

/** A network namespace, connected with ours: a machine of its own, whose cable can be pulled. */
class Network {
  private readonly name = `portal-${process.pid}`;
  private readonly ours = `ptl${process.pid}`;
  private readonly theirs = `ptr${process.pid}`;

  private linked = false;

  constructor() {
    ip('netns', 'add', this.name);
    try {
      ip('link', 'add', this.ours, 'type', 'veth', 'peer', 'name', this.theirs, 'netns', this.name);
      this.linked = true;
      ip('address', 'add', `${HOST}/30`, 'dev', this.ours);
      ip('link', 'set', this.ours, 'up');
      this.inside('address', 'add', `${PEER}/30`, 'dev', this.theirs);
      this.inside('link', 'set', this.theirs, 'up');
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  spawn(script: string, ...args: string[]): ChildProcess {
    const command = ['netns', 'exec', this.name, process.execPath, '-e', script, ...args];
    return spawn('ip', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  /** Drops all packets from now on, without telling anybody. */
  drop(): void {
    this.inside('link', 'set', this.theirs, 'down');
  }

  remove(): void {
    // waiting sockets keep the namespace for a while, and its end of the link with it
    if (this.linked) ip('link', 'delete', this.ours);
    ip('netns', 'delete', this.name);
  }

  private inside(...args: string[]): void {
    ip('-n', this.name, ...args);
  }
}

/** In place of a namespace, where none may be made: stopped processes, whose kernel still takes bytes. */
class StoppedProcesses {
  private readonly processes: ChildProcess[] = [];

  spawn(script: string, ...args: string[]): ChildProcess {
    const child = spawn(process.execPath, ['-e', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.processes.push(child);
    return child;
  }

  drop(): void {
    for (const child of this.processes) child.kill('SIGSTOP');
  }

  remove(): void {}
}

function plug(): { readonly what: string; readonly host: string; readonly line: Network | StoppedProcesses } {
  try {
    return { what: 'whose packets are dropped', host: HOST, line: new Network() };
  } catch {
    return { what: 'that are stopped', host: '127.0.0.1', line: new StoppedProcesses() };
  }
}

const { what, host, line } = plug();

/** The program of clients that answer pings; each prints `open` and `close`. */
const CLIENTS = `
  const { WebSocket } = require('ws');
  for (let i = 0; i < ${PEERS}; i++) {
    const socket = new WebSocket(process.argv[1]);
    socket.on('open', () => console.log('open'));
    socket.on('error', () => {});
    socket.on('close', () => console.log('close'));
  }
`;

let peers: ChildProcess | undefined;

afterEach(() => peers?.kill('SIGKILL'));

afterAll(() => line.remove());

// takes long: pings and their time-out run on the real clock, 4 s in all
test(`peers ${what} are cut in time, and one that answers stays`, async () => {
  const limited: [Connection, string][] = [];
  const closed = new Map<Connection, { info: CloseInfo; at: number }>();
  const engine = await startEngine([echo], {
    host: '0.0.0.0',
    heartbeat: HEARTBEAT,
    observer: {
      limited: (connection, limit) => void limited.push([connection, limit]),
      closed: (connection, info) => void closed.set(connection, { info, at: performance.now() }),
    },
  });
  const healthy = new WebSocket(engine.url);
  await once(healthy, 'open');
  const [survivor] = [...engine.connections];

  peers = line.spawn(CLIENTS, `ws://${host}:${engine.port}`);
  let open = 0;
  for await (const said of createInterface({ input: peers.stdout! })) {
    expect(said).toBe('open');
    if (++open === PEERS) break;
  }
  expect(engine.connections.size).toBe(PEERS + 1);
  // the peers stay as long as their answers to pings arrive
  for (let pings = 0; pings < 3; pings++) await once(healthy, 'ping');
  expect(closed.size).toBe(0);

  let pings = 0;
  healthy.on('ping', () => pings++);
  const before = performance.now();
  line.drop();
  await until(() => closed.size === PEERS, 10);

  expect(pings).toBeLessThanOrEqual(MOST_PINGS);
  for (const { info } of closed.values()) expect(info).toMatchObject({ code: 1006, clean: false });
  expect(limited).toHaveLength(PEERS);
  expect(limited.every(([connection, limit]) => closed.has(connection) && limit === 'heartbeat')).toBe(true);
  for (let pings = 0; pings < 3; pings++) await once(healthy, 'ping');
  expect([...engine.connections]).toEqual([survivor]);
  expect(survivor!.state).toBe('open');
  healthy.terminate();
  const last = Math.max(...[...closed.values()].map(({ at }) => at)) - before;
  const { intervalMs, timeoutMs } = HEARTBEAT;
  figure(
    'half-open peers',
    `${PEERS} ${what}: gone within ${last.toFixed(0)} ms, where interval + timeout are ${intervalMs + timeoutMs} ms`,
  );
});
