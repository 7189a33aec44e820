import { Contestant } from './contestant.mjs';
import { residentBytes } from './proc.mjs';
import { median } from './stats.mjs';
import { serverNamed } from '../servers/index.mjs';

const MEBIBYTE = 1024 * 1024;
const LOOK_MS = 200;

/**
 * Measures a row of large messages, all its contestants in turn in each round. Resolves with a result for each:
 * the CPU time of all rounds, full collections a second, the most external memory at the end of a round, and the most
 * resident memory at any time.
 */
export async function measureLarge(row, plan) {
  const specs = [row.portal, row.peer, ...row.also];
  const contestants = specs.map((spec) => new Contestant(row, spec)).filter(({ row }) => serverNamed(row.server));
  const watched = [];
  try {
    for (const contestant of contestants) watched.push(await prepare(contestant, plan));
    for (let round = 0; round < plan.rounds; round++) {
      for (const each of watched) await each.sample(plan.roundMsOf(each.contestant.row));
    }
  } finally {
    for (const contestant of contestants) await contestant.stop();
  }
  return watched.map((each) => each.result);
}

async function prepare(contestant, { warmUpMs }) {
  await contestant.start();
  await contestant.connect();
  await contestant.server.collectGarbage();
  const watched = new Watched(contestant, residentBytes(contestant.server.pid));
  await contestant.prepare();
  await contestant.cpuPerUnit('echo', work(contestant.row, warmUpMs));
  return watched;
}

const work = ({ inFlight, connections }, durationMs) => ({ durationMs, inFlight, window: connections, spread: false });

/** A contestant whose memory and collections are watched while it works. */
class Watched {
  /** `atRest`: resident bytes before the first message. */
  constructor(contestant, atRest) {
    this.contestant = contestant;
    this.atRest = atRest;
    this.cpu = [];
    this.collections = [];
    this.external = 0;
    this.resident = 0;
  }

  async sample(durationMs) {
    const { server, row } = this.contestant;
    const before = await server.ask('collections');
    const begin = performance.now();
    const looking = setInterval(() => this.look(), LOOK_MS);
    try {
      this.cpu.push(await this.contestant.cpuPerUnit('echo', work(row, durationMs)));
    } finally {
      clearInterval(looking);
    }
    const seconds = (performance.now() - begin) / 1000;
    const after = await server.ask('collections');
    if (after !== undefined) this.collections.push((after - before) / seconds);
    const { external } = await server.ask('memory');
    this.external = Math.max(this.external, external);
  }

  look() {
    this.resident = Math.max(this.resident, residentBytes(this.contestant.server.pid));
  }

  get result() {
    const { connections, bytes } = this.contestant.row;
    return {
      server: this.contestant.label,
      median: median(this.cpu),
      worst: Math.max(...this.cpu),
      cpu: this.cpu,
      collections: this.collections.length === 0 ? undefined : median(this.collections),
      externalMiB: this.external / MEBIBYTE,
      /** Above what was there before the first message, and one message for each connection. */
      residentMiB: (this.resident - this.atRest - connections * bytes) / MEBIBYTE,
    };
  }
}
