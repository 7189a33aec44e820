import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkMachine, cpuNanoseconds } from './lib/proc.mjs';
import { median } from './lib/stats.mjs';

// The CPU time of a published message between processes: where it is published, in the broker, and in each process that receives
// it. A channel of 64 bytes, with a process that publishes and some that have one subscriber each, which costs nothing.

const NODE = fileURLToPath(new URL('./servers/portal-node.mjs', import.meta.url));
const MESSAGES = 3000;
const ROUNDS = 5;
const REST_MS = 100;
const RECEIVERS = [1, 3];
const TOGETHER = [1, 16];

const brokers = {
  redis: (port, folder) => ['redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', folder]],
  nats: (port) => ['nats-server', ['-a', '127.0.0.1', '-p', port]],
};

checkMachine();
const PATH = `${process.env.PATH}:/usr/sbin`;
console.log('| broker | messages together | receivers | µs CPU to publish | in the broker | in each receiver |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const kind of Object.keys(brokers)) await measureBroker(kind);

async function measureBroker(kind) {
  const folder = mkdtempSync(join(tmpdir(), 'portal-hops-'));
  const port = await freePort();
  const [command, args] = brokers[kind](String(port), folder);
  const broker = spawn(command, args, { stdio: 'ignore', env: { ...process.env, PATH } });
  const nodes = [];
  try {
    await reachable(port);
    const url = `${kind}://127.0.0.1:${port}`;
    for (let index = 0; index <= Math.max(...RECEIVERS); index++) nodes.push(await startNode(kind, url));
    const [publisher, ...others] = nodes;
    for (const receivers of RECEIVERS) {
      const channel = `room:${receivers}`;
      const receiving = others.slice(0, receivers);
      for (const node of receiving) await ask(node, { do: 'subscribe', channel });
      for (const together of TOGETHER) {
        const rounds = [];
        for (let round = 0; round <= ROUNDS; round++) {
          rounds.push(await measure({ publisher, receiving, broker, channel, together }));
        }
        // the first run warms up
        const of = (field) => median(rounds.slice(1).map((round) => round[field])).toFixed(1);
        console.log(`| ${kind} | ${together} | ${receivers} | ${of('publish')} | ${of('broker')} | ${of('receive')} |`);
      }
    }
  } finally {
    for (const node of nodes) node.kill('SIGKILL');
    broker.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure({ publisher, receiving, broker, channel, together }) {
  const messages = MESSAGES * (together > 1 ? 4 : 1);
  for (const node of receiving) await ask(node, { do: 'expect', messages });
  const pids = [publisher.pid, broker.pid, ...receiving.map(({ pid }) => pid)];
  await sleep(REST_MS);
  const before = pids.map(cpuNanoseconds);
  const received = Promise.all(receiving.map((node) => once(node, 'message')));
  await ask(publisher, { do: 'publish', channel, messages, together });
  await received;
  await sleep(REST_MS);
  const [publish, inBroker, ...receive] = pids.map(
    (pid, index) => (cpuNanoseconds(pid) - before[index]) / messages / 1000,
  );
  return { publish, broker: inBroker, receive: median(receive) };
}

async function startNode(kind, url) {
  const node = fork(NODE, [kind, url]);
  await once(node, 'message');
  return node;
}

async function ask(node, order) {
  node.send(order);
  const [answer] = await once(node, 'message');
  return answer;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function reachable(port) {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isThere) return;
    await sleep(20);
  }
}
