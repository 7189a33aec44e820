import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { accepts, freePort } from './ports';
import { until } from './until';

export type BrokerKind = 'redis' | 'nats';

/** Debian puts some servers where not every PATH looks. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`;

const running = new Set<Broker>();

/** A real redis-server or nats-server (with JetStream) on a free port of its own, which can be killed and started again with its data. */
export class Broker {
  private readonly folder = mkdtempSync(join(tmpdir(), 'portal-broker-'));
  private child: ChildProcess | undefined;

  private constructor(
    readonly kind: BrokerKind,
    readonly port: number,
    private readonly extra: readonly string[],
  ) {}

  /** Starts a server; `extra` are more arguments of its command. */
  static async start(kind: BrokerKind, ...extra: string[]): Promise<Broker> {
    const broker = new Broker(kind, await freePort(), extra);
    running.add(broker);
    await broker.start();
    return broker;
  }

  get url(): string {
    return `${this.kind}://127.0.0.1:${this.port}`;
  }

  /** Starts the server, each time at the same port, and waits until it takes connections. */
  async start(): Promise<void> {
    const [command, args] = this.kind === 'redis' ? this.redis() : this.nats();
    const child = spawn(command, [...args, ...this.extra], { stdio: 'ignore', env: { ...process.env, PATH } });
    // a program that is not there has the exit code -2
    child.once('error', () => undefined);
    this.child = child;
    const end = (): unknown => child.exitCode ?? child.signalCode;
    await until(async () => end() !== null || (await accepts(this.port)), 20);
    if (end() !== null) throw new Error(`${command} ended with ${String(end())}`);
  }

  /** SIGKILL. Resolves when the process is gone. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** SIGTERM. Resolves when the process is gone. */
  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  /** Stops the process where it is, with its connections open (SIGSTOP), until `resume`. Resolves when all of its threads stand still. */
  async freeze(): Promise<void> {
    this.child?.kill('SIGSTOP');
    await until(() => this.isFrozen());
  }

  /** True when all threads of the process stand still. */
  private isFrozen(): boolean {
    const tasks = `/proc/${this.child?.pid}/task`;
    return readdirSync(tasks).every((thread) => /\) T /.test(readFileSync(join(tasks, thread, 'stat'), 'utf8')));
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  async dispose(): Promise<void> {
    running.delete(this);
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  private redis(): [string, string[]] {
    const settings = {
      bind: '127.0.0.1',
      port: this.port,
      dir: this.folder,
      save: '""',
      appendonly: 'yes',
      // what it has answered is in its file: else it is not written while an earlier fsync lasts, for up to two seconds
      appendfsync: 'no',
    };
    return ['redis-server', Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])];
  }

  private nats(): [string, string[]] {
    const config = join(this.folder, 'nats.conf');
    writeFileSync(config, `listen: 127.0.0.1:${this.port}\njetstream { store_dir: "${this.folder}/jetstream" }\n`);
    return ['nats-server', ['-c', config]];
  }
}

/** Three servers of a Redis Cluster, which share the slots. Resolves when it can serve. */
export async function startRedisCluster(...extra: string[]): Promise<Broker[]> {
  const brokers: Broker[] = [];
  for (let i = 0; i < 3; i++) {
    // by default the port between servers is 10,000 higher, which may be too high
    const port = String(await freePort());
    brokers.push(await Broker.start('redis', '--cluster-enabled', 'yes', '--cluster-port', port, ...extra));
  }
  const addresses = brokers.map(({ port }) => `127.0.0.1:${port}`);
  await redisCli('--cluster', 'create', ...addresses, '--cluster-yes');
  for (const { port } of brokers) {
    await until(async () => (await redisCli('-p', String(port), 'cluster', 'info')).includes('cluster_state:ok'), 50);
  }
  return brokers;
}

/** Runs redis-cli. Resolves with its output. Rejects when the server replies with an error. */
export async function redisCli(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('redis-cli', ['-e', ...args]);
  return stdout;
}

/** Ends all brokers that were started. */
export async function disposeBrokers(): Promise<void> {
  await Promise.all([...running].map((broker) => broker.dispose()));
}
