import { setTimeout as sleep } from 'node:timers/promises';
import { LoadProcess, ServerProcess } from './child.mjs';
import { cpuNanoseconds } from './proc.mjs';
import { serverNamed } from '../servers/index.mjs';

/** Milliseconds for the server to come to rest, so that its counters are exact. */
const REST_MS = 30;

const profileOptions = (folder, name) => ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}`];

export const profileName = (row, label) => `${row}.${label.replace(/[^\w+-]+/g, '-')}.cpuprofile`;

/** One server of a row, with a load generator of its own. */
export class Contestant {
  /**
   * `spec`: a server's name, or `{ label, server, … }` with what of the row it changes; `folder`: of another checkout of Portal. `profiles`: a folder for the
   * server's CPU profile, if one is wanted.
   */
  constructor(row, spec, profiles) {
    const own = typeof spec === 'string' ? { server: spec } : spec;
    this.row = { ...row, ...own };
    this.label = own.label ?? own.server;
    this.profiles = profiles;
  }

  async start() {
    const { name, server, folder, scenario, compressed, inApplication } = this.row;
    const title = `${this.label} (${name})`;
    const options = this.profiles === undefined ? [] : profileOptions(this.profiles, profileName(name, this.label));
    const words = [scenario, compressed && 'compressed', inApplication && 'application'].filter(Boolean);
    this.server = new ServerProcess(title, serverNamed(server, folder), words, options);
    this.load = new LoadProcess(`load of ${title}`);
    this.facts = await this.server.next();
  }

  async stop() {
    await this.load?.stop();
    await this.server?.stop();
  }

  connect(connections = this.row.connections) {
    return this.load.call('connect', { port: this.facts.port, connections, speaks: this.row.speaks });
  }

  /** Prepares the row's message, once connected. */
  prepare() {
    const { kind, bytes, compressed } = this.row;
    return this.load.call('prepare', { kind, bytes, compressed });
  }

  /** Puts the server to work. Returns its CPU time for each piece of work, in microseconds. */
  async cpuPerUnit(method, options) {
    await sleep(REST_MS);
    const before = cpuNanoseconds(this.server.pid);
    const count = await this.load.call(method, options);
    await sleep(REST_MS);
    return (cpuNanoseconds(this.server.pid) - before) / count / 1000;
  }
}
