import type * as PromClient from 'prom-client';
import { ERROR_CODES, PortalError } from '../../messages';
import type { HandledCall, Observer } from '../../connection';
import { optional } from '../shared';
import { Tallies, type Tally } from './tallies';

const {
  Counter,
  Gauge,
  Histogram,
  register: defaultRegister,
} = optional(
  'portal-ws/metrics',
  'prom-client',
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import could not be caught
  () => require('prom-client') as typeof PromClient,
);

type Register = PromClient.Registry | PromClient.Registry<PromClient.OpenMetricsContentType>;

export interface PrometheusOptions {
  /** The registry for the metrics. Default: that of prom-client. */
  register?: Register | undefined;
  /** The beginning of all names. Default `portal_`. */
  prefix?: string | undefined;
  /** Upper bounds of the histogram of handler times, in seconds. Default: from half a millisecond to ten seconds. */
  buckets?: number[] | undefined;
}

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Makes an observer that counts metrics of an application, for the option `observers`. One observer may serve several applications, which
 * are then counted together.
 *
 * No label holds text that a peer chose: the path is the pattern (`''` where no path was found), the event is one that has a handler, and a
 * close code from 3000 on is only its thousand.
 * @throws Error when the registry has metrics with this prefix already
 */
export function prometheus({
  register = defaultRegister,
  prefix = 'portal_',
  buckets = BUCKETS,
}: PrometheusOptions = {}): Observer {
  if (register.getSingleMetric(`${prefix}connections`) !== undefined) {
    throw new Error(
      `the register has metrics that begin with ${prefix}: give both applications the same observer, which counts them together, ` +
        'or each a register or a prefix of its own',
    );
  }
  const registers = [register];
  const tallies = new Tallies();

  /** A counter that is added up in `tallies`, which costs nearly nothing, and handed over when it is collected. */
  const summed = (name: string, help: string, field: 'received' | 'sent' | 'bytesRead' | 'bytesWritten') =>
    new Counter({
      name: prefix + name,
      help,
      labelNames: ['path'],
      registers,
      collect() {
        for (const [path, tally] of tallies) {
          this.inc({ path }, tally[field]);
          tally[field] = 0;
        }
      },
    });
  const current = (name: string, help: string, valueOf: (tally: Tally) => number) =>
    new Gauge({
      name: prefix + name,
      help,
      labelNames: ['path'],
      registers,
      collect() {
        for (const [path, tally] of tallies) this.set({ path }, valueOf(tally));
      },
    });
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: prefix + name, help, labelNames, registers });

  current('connections', 'Open connections.', ({ connections }) => connections.size);
  current('queued_bytes', 'Bytes sent that peers have not taken yet.', queuedBytes);
  summed('received_messages_total', 'Messages received.', 'received');
  summed('sent_messages_total', 'Messages sent.', 'sent');
  summed('received_bytes_total', 'Bytes received, as frames, after decryption.', 'bytesRead');
  summed('sent_bytes_total', 'Bytes sent, as frames, before encryption.', 'bytesWritten');
  const handshakes = counter('handshakes_total', 'Upgrade requests by outcome.', 'path', 'outcome', 'status');
  const closes = counter('closes_total', 'Connections closed, by close code.', 'path', 'code');
  const limits = counter('limit_hits_total', 'How often a limit was reached.', 'path', 'limit');
  const violations = counter('violations_total', 'Rules broken by peers.', 'path', 'violation');
  const failures = counter('handler_errors_total', 'Calls that threw.', 'path', 'kind', 'event', 'code');
  const dropped = counter('dropped_messages_total', 'Messages dropped since the peer does not read.', 'path');
  const published = counter('published_messages_total', 'Messages published, by what became of them.', 'others');
  const down = new Set<string | undefined>();
  new Gauge({
    name: `${prefix}backplane_down`,
    help: 'Applications whose backplane cannot be reached: 0 or 1, unless several are counted together.',
    registers,
    collect() {
      this.set(down.size);
    },
  });
  const gaps = counter('backplane_gaps_total', 'Outages of the backplane that have ended.');
  const gapSeconds = counter('backplane_gap_seconds_total', 'How long they were.');
  const lost = counter(
    'backplane_lost_messages_total',
    'Messages that did not reach the other processes, or may not have.',
  );
  const durations = new Histogram({
    name: `${prefix}handler_duration_seconds`,
    help: 'How long calls of handlers took, guards and interceptors included.',
    labelNames: ['path', 'kind', 'event'],
    buckets,
    registers,
  });
  const observers = new Map<HandledCall, { observe(seconds: number): void }>();

  return {
    handshakeRefused({ status, limit }, _handshake, path = '') {
      handshakes.inc({ path, outcome: 'refused', status });
      if (limit !== undefined) limits.inc({ path, limit });
    },
    abandoned(_handshake, path) {
      handshakes.inc({ path, outcome: 'abandoned', status: '' });
    },
    opened(connection) {
      const { path, handshake } = connection;
      handshakes.inc({ path, outcome: 'accepted', status: handshake.httpVersion === '2.0' ? 200 : 101 });
      tallies.of(path).connections.add(connection);
    },
    closed(connection, { code }) {
      const { path } = connection;
      tallies.of(path).connections.delete(connection);
      closes.inc({ path, code: codeLabel(code) });
    },
    received({ path }) {
      tallies.of(path).received++;
    },
    sent({ path }) {
      tallies.of(path).sent++;
    },
    bytesRead({ path }, bytes) {
      tallies.of(path).bytesRead += bytes;
    },
    bytesWritten({ path }, bytes) {
      tallies.of(path).bytesWritten += bytes;
    },
    limited({ path }, limit) {
      limits.inc({ path, limit });
    },
    violated({ path }, { name, limit }) {
      violations.inc({ path, violation: name });
      if (limit !== undefined) limits.inc({ path, limit });
    },
    dropped({ path }) {
      dropped.inc({ path });
    },
    published(others) {
      published.inc({ others });
    },
    backplaneDown(_error, node) {
      down.add(node);
    },
    backplaneStopped(node) {
      down.delete(node);
    },
    backplaneLost(messages) {
      lost.inc(messages);
    },
    backplaneGap(gap, node) {
      down.delete(node);
      gaps.inc();
      gapSeconds.inc(gap.ms / 1000);
      lost.inc(gap.lost);
    },
    handled(call, ms, error) {
      const { path, kind, event = '' } = call;
      let observer = observers.get(call);
      if (observer === undefined) observers.set(call, (observer = durations.labels({ path, kind, event })));
      observer.observe(ms / 1000);
      if (error !== undefined) failures.inc({ path, kind, event, code: errorLabel(error) });
    },
  };
}

function queuedBytes({ connections }: Tally): number {
  let bytes = 0;
  for (const { bufferedBytes } of connections) bytes += bufferedBytes;
  return bytes;
}

/** A peer may choose among two thousand codes, from 3000 on. */
function codeLabel(code: number): string {
  return code < 3000 ? String(code) : `${Math.floor(code / 1000)}xxx`;
}

/** An application may use any text as a code. */
function errorLabel(error: unknown): string {
  if (!(error instanceof PortalError)) return 'internal_error';
  return Object.hasOwn(ERROR_CODES, error.code) ? error.code : 'application';
}
